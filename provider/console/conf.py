# SPDX-License-Identifier: Apache-2.0
"""The options of serial consoles and of the proxy that passes them on."""

from oslo_config import cfg

GROUP = cfg.OptGroup('console', 'Serial consoles, and the proxy that passes them on')
OPTS = [
    cfg.HostAddressOpt(
        'host',
        default='127.0.0.1',
        help='The address that flocx-provider-console listens on. It speaks plain '
        'WebSocket; the default is for a proxy with TLS on the same host.',
    ),
    cfg.PortOpt(
        'port',
        default=6083,
        help='The port that flocx-provider-console listens on. The default is that of '
        "esi-leap's serial console proxy.",
    ),
    cfg.StrOpt(
        'public_url',
        default='ws://127.0.0.1:6083/',
        mutable=True,
        regex=r'^wss?://',
        help='Where users reach flocx-provider-console, ws:// or wss://; the URLs that '
        'open consoles begin with it.',
    ),
    cfg.IntOpt(
        'token_ttl',
        default=600,
        mutable=True,
        min=1,
        max=604800,
        help='Seconds for which a token opens sessions, where nobody asks for another '
        'time. Sessions last until the server is given back. The default is the ten '
        'minutes of esi-leap.',
    ),
    cfg.IntOpt(
        'max_token_ttl',
        default=86400,
        mutable=True,
        min=1,
        max=604800,
        help='Most seconds for which somebody can let a token open sessions. A day is '
        'enough for a script that connects again; a token that leaks is of use for as '
        'long, though never beyond the end of its contract.',
    ),
    cfg.FloatOpt(
        'check_interval',
        default=2,
        mutable=True,
        min=0.1,
        max=4,
        help='Seconds between two questions to the marketplace which sessions may go '
        'on, in flocx-provider-console. There is one question for all sessions, and '
        'none without any. With the default a session ends less than 5 seconds after '
        'its server was given back.',
    ),
    cfg.IntOpt(
        'check_grace',
        default=30,
        mutable=True,
        min=5,
        help='Seconds for which sessions go on while the marketplace does not answer. '
        'Nothing is given back through a marketplace that is away, and what ends by '
        'its time ends without it; the default outlasts a restart.',
    ),
    cfg.IntOpt(
        'max_sessions',
        default=500,
        mutable=True,
        min=1,
        help='Most sessions of one flocx-provider-console at a time. Each takes two '
        'file descriptors and some 100 KB.',
    ),
    cfg.IntOpt(
        'max_sessions_per_line',
        default=10,
        mutable=True,
        min=1,
        help='Most sessions at a time for the server of one contract line, so that '
        'nobody keeps the proxy from others.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, GROUP)

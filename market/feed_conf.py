# SPDX-License-Identifier: Apache-2.0
"""The options of the process in which many follow the feed of events."""

from oslo_config import cfg

GROUP = cfg.OptGroup('feed', 'flocx-market-feed, where many follow the feed of events')
OPTS = [
    cfg.HostAddressOpt(
        'host',
        default='127.0.0.1',
        help='The address that flocx-market-feed listens on. It speaks plain HTTP; the '
        'default is for a proxy with TLS on the same host.',
    ),
    cfg.PortOpt(
        'port',
        default=7784,
        help='The port that flocx-market-feed listens on. The default is the one after '
        'those of the APIs.',
    ),
    cfg.IntOpt(
        'followers',
        default=5000,
        min=1,
        help='Most requests that wait for events in one flocx-market-feed at a time; '
        'further ones are answered with 503. Each takes a file descriptor and some 60 '
        'KB, and no thread.',
    ),
    cfg.IntOpt(
        'followers_per_project',
        default=200,
        min=1,
        help='Most of these that wait for one project, or for one provider, so that '
        'nobody takes all places. The default is as many as people with a dashboard '
        'open in a large project.',
    ),
    cfg.IntOpt(
        'threads',
        default=4,
        min=1,
        help='Threads that ask the database for those who wait, when they come and '
        'when there is something for them. More help where the database is far away; '
        'the processor of one process is busy with four.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, GROUP)

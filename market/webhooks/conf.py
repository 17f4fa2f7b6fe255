# SPDX-License-Identifier: Apache-2.0
"""The options of webhooks."""

from oslo_config import cfg
from oslo_config import types

GROUP = cfg.OptGroup('webhooks', 'Events that are sent to projects')
OPTS = [
    cfg.IntOpt(
        'per_project',
        default=10,
        mutable=True,
        min=0,
        help='Most webhooks of one project; with 0 there are none. Each is a request '
        'for each of its events, so the number bounds what one project makes '
        'flocx-market-worker do.',
    ),
    cfg.FloatOpt(
        'interval',
        default=2,
        mutable=True,
        min=0.1,
        help='Seconds between two looks for new events. Two are soon enough for '
        'people, and one indexed read of the database each.',
    ),
    cfg.IntOpt(
        'workers',
        default=8,
        min=2,
        help='How many receivers one flocx-market-worker sends to at a time. At most '
        'half of them are receivers that failed or were slow, so that these keep '
        'nobody waiting.',
    ),
    cfg.FloatOpt(
        'timeout',
        default=10,
        mutable=True,
        min=0.1,
        max=30,
        help='Seconds until a receiver has to have answered all of a request; what '
        'takes longer has failed. A receiver should answer first and work then.',
    ),
    cfg.FloatOpt(
        'retry_interval',
        default=5,
        mutable=True,
        min=0.1,
        help='Seconds until what failed is sent again. Each further wait is twice as '
        'long, up to retry_max_interval, less a random part.',
    ),
    cfg.FloatOpt(
        'retry_max_interval',
        default=3600,
        mutable=True,
        min=0.1,
        help='Most seconds between two tries. An hour finds a receiver again soon '
        'enough that was away for a day.',
    ),
    cfg.FloatOpt(
        'give_up_days',
        default=7,
        mutable=True,
        min=0.001,
        help='Days for which a webhook may fail without a break, before it is '
        'disabled. Its project gets the event webhook.disabled, and enables it again. '
        'A week outlasts a holiday.',
    ),
    cfg.BoolOpt(
        'allow_http',
        default=False,
        mutable=True,
        help='Whether webhooks may have URLs that begin with http://. By default they '
        'are https://, as events say what projects rent.',
    ),
    cfg.ListOpt(
        'allowed_networks',
        item_type=types.String(),
        default=[],
        sample_default=['10.20.0.0/16'],
        help='Networks in CIDR notation that webhooks may lead to although they are '
        'private, such as one with the receivers of the site. By default none: what '
        'loopback, link-local and private addresses answer is not for those who have '
        'webhooks to find out.',
    ),
    cfg.ListOpt(
        'forbidden_networks',
        item_type=types.String(),
        default=[],
        sample_default=['203.0.113.0/24'],
        help='Networks in CIDR notation that webhooks may not lead to although they '
        'are public, such as those of the control plane. They come before '
        'allowed_networks.',
    ),
    cfg.StrOpt(
        'cafile',
        help='File with the certificates of authorities that receivers are verified '
        'by, in PEM. By default those of the system.',
    ),
    cfg.StrOpt(
        'smtp_host',
        mutable=True,
        help='The mail server that e-mail goes by. Without it nobody has webhooks with '
        'an e-mail address.',
    ),
    cfg.PortOpt(
        'smtp_port', default=25, mutable=True, help='The port of the mail server.'
    ),
    cfg.StrOpt(
        'smtp_security',
        default='starttls',
        mutable=True,
        choices=[
            ('starttls', 'TLS, after a greeting in the clear'),
            ('tls', 'TLS from the first byte'),
            ('none', 'no TLS, for a mail server on the same host'),
        ],
        help='How the connection to the mail server is encrypted. The certificate has '
        'to be good for smtp_host.',
    ),
    cfg.StrOpt(
        'smtp_username',
        mutable=True,
        help='The account at the mail server, if it wants one.',
    ),
    cfg.StrOpt(
        'smtp_password',
        mutable=True,
        secret=True,
        help='The password of that account.',
    ),
    cfg.StrOpt(
        'mail_from',
        default='flocx@localhost',
        mutable=True,
        help='The address that e-mail comes from.',
    ),
    cfg.ListOpt(
        'mail_domains',
        default=[],
        mutable=True,
        sample_default=['example.org'],
        help='Domains that e-mail is sent to, without their subdomains. By default all '
        'that the mail server sends to: anybody in a project can then let a stranger '
        'have its events.',
    ),
]


def register(conf):
    conf.register_group(GROUP)
    conf.register_opts(OPTS, GROUP)

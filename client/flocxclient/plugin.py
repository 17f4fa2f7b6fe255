# SPDX-License-Identifier: Apache-2.0
"""The plugin of the ``openstack`` command.

Every run of ``openstack`` imports this module, whatever the command: it must
import next to nothing.
"""

from osc_lib import utils

from flocxclient.i18n import _

API_NAME = 'market'
API_VERSION_OPTION = 'os_market_api_version'
# A dictionary: an openstackclient of 7.0 asks for its keys.
API_VERSIONS = dict.fromkeys(('1', '1.0', '1.1'))
DEFAULT_API_VERSION = '1'


def make_client(instance):
    """The marketplace API of ``instance``, an osc-lib client manager."""
    from flocxclient.sdk import services

    return services.market(instance.sdk_connection, instance._api_version[API_NAME])


def build_option_parser(parser):
    """Add the global options of the plugin to ``parser``."""
    parser.add_argument(
        '--os-market-api-version',
        metavar='<market-api-version>',
        default=utils.env('OS_MARKET_API_VERSION'),
        help=_(
            'Marketplace API version, such as 1.0; default: the newest '
            'that the service and this command know (Env: '
            'OS_MARKET_API_VERSION)'
        ),
    )
    parser.add_argument(
        '--os-market-timezone',
        metavar='<zone>',
        default=utils.env('OS_MARKET_TIMEZONE'),
        help=_(
            'The time zone in which "openstack market" reads times '
            'without an offset and shows times in tables: UTC, local, or '
            'a name such as Europe/Berlin; default UTC (Env: '
            'OS_MARKET_TIMEZONE)'
        ),
    )
    _help_with_words(parser)
    return parser


def _help_with_words(parser):
    """Let "openstack market", and "openstack market offer", list what can follow.

    Otherwise they are unknown commands, and all that are spelled alike are listed. A
    command of its own called "market" would break what "openstack complete" makes.
    """
    parse = parser.parse_known_args

    def parse_known_args(args=None, namespace=None):
        options, words = parse(args, namespace)
        # In one word: help looks for what begins with its first.
        found = _begins_commands(words)
        return options, ['help', ' '.join(words)] if found else words

    parser.parse_known_args = parse_known_args


def _begins_commands(words):
    """Whether commands of the marketplace begin with these words and go on."""
    if words[:1] != [API_NAME]:
        return False
    import importlib.metadata

    start = ' '.join(words) + ' '
    # Those of everything that is installed would take as long as a request.
    ours = importlib.metadata.distribution('python-flocxclient').entry_points
    return any(
        entry_point.name.replace('_', ' ').startswith(start)
        for entry_point in ours.select(group='openstack.market.v1')
    )

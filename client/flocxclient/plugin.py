# SPDX-License-Identifier: Apache-2.0
"""The plugin of the ``openstack`` command.

Every run of ``openstack`` imports this module, whatever the command: it must
import next to nothing.
"""

from osc_lib import utils

API_NAME = 'market'
API_VERSION_OPTION = 'os_market_api_version'
API_VERSIONS = ('1', '1.0', '1.1')
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
        help='Marketplace API version, such as 1.0; default: the newest that the '
        'service and this command know (Env: OS_MARKET_API_VERSION)',
    )
    parser.add_argument(
        '--os-market-timezone',
        metavar='<zone>',
        default=utils.env('OS_MARKET_TIMEZONE'),
        help='The time zone in which "openstack market" reads times without an offset '
        'and shows times in tables: UTC, local, or a name such as Europe/Berlin; '
        'default UTC (Env: OS_MARKET_TIMEZONE)',
    )
    return parser

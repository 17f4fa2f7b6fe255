# SPDX-License-Identifier: Apache-2.0
"""The plugin of the ``openstack`` command.

Every run of ``openstack`` imports this module, whatever the command: it must
import next to nothing.
"""

from osc_lib import utils

API_NAME = 'market'
API_VERSION_OPTION = 'os_market_api_version'
API_VERSIONS = ('1', '1.0')
DEFAULT_API_VERSION = '1'


def make_client(instance):
    """The marketplace API of ``instance``, an osc-lib client manager."""
    from flocxclient.sdk import services

    return services.market(instance.sdk_connection)


def build_option_parser(parser):
    """Add the global options of the plugin to ``parser``."""
    parser.add_argument(
        '--os-market-api-version',
        metavar='<market-api-version>',
        default=utils.env('OS_MARKET_API_VERSION'),
        help=f'Marketplace API version, default={DEFAULT_API_VERSION} '
        '(Env: OS_MARKET_API_VERSION)',
    )
    return parser

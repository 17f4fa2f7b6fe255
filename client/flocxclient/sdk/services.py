# SPDX-License-Identifier: Apache-2.0
"""The three services, and how a connection gets them."""

from keystoneauth1 import exceptions as auth_exceptions
from openstack import exceptions as sdk_exceptions
from openstack import service_description

from flocxclient.sdk import market as market_proxy
from flocxclient.sdk import matcher as matcher_proxy
from flocxclient.sdk import microversions
from flocxclient.sdk import provider as provider_proxy

MARKET = 'marketplace'
PROVIDER = 'marketplace-provider'
MATCHER = 'marketplace-matcher'

SERVICES = {
    MARKET: market_proxy.Proxy,
    PROVIDER: provider_proxy.Proxy,
    MATCHER: matcher_proxy.Proxy,
}


def register(connection):
    """Add the services to ``connection``; doing it again changes nothing.

    They are then its attributes ``marketplace``, ``marketplace_provider`` and
    ``marketplace_matcher``. Fit for ``vendor_hook`` in a clouds.yaml profile.
    """
    for service_type in SERVICES:
        _add(connection, service_type)


def market(connection, version=None):
    """The marketplace API: offers, bids, contracts, events.

    :param version: of the API, such as ``1.0``; by default the newest that the
        service and this client know, or what ``clouds.yaml`` says as
        ``marketplace_default_microversion``.
    """
    return _service(connection, MARKET, version)


def provider(connection, version=None):
    """The provider API: the caller's own nodes, and offering them."""
    return _service(connection, PROVIDER, version)


def matcher(connection, version=None):
    """The auction engine's API: rounds and mechanisms."""
    return _service(connection, MATCHER, version)


def _add(connection, service_type):
    connection.add_service(
        service_description.ServiceDescription(
            service_type, supported_versions={'1': SERVICES[service_type]}
        )
    )


def _service(connection, service_type, version=None):
    """The proxy of a service, on a connection registered or not.

    :raises EndpointNotFound: if the catalogue has no such service. The SDK
        itself tells only when the proxy is used, and then of a disabled
        service.
    """
    # Every time: the attribute belongs to the class of all connections, but
    # it works only with the configuration of the one it was added to.
    _add(connection, service_type)
    try:
        found = getattr(connection, service_type.replace('-', '_'))
    except auth_exceptions.EndpointNotFound:
        found = None
    if isinstance(found, SERVICES[service_type]):
        if version:
            found.microversion = microversions.Negotiation(version)
        return found
    region = connection.config.get_region_name(service_type)
    raise sdk_exceptions.EndpointNotFound(
        f'the catalogue has no {service_type} service'
        + (f' in region {region}' if region else '')
        + ': compare "openstack catalog list", --os-region-name and '
        '--os-interface'
    )

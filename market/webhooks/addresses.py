# SPDX-License-Identifier: Apache-2.0
"""Which addresses requests to receivers may go to. Pure.

Whoever has a webhook makes the marketplace send requests from where it is. They must
not reach what only the site reaches (server-side request forgery).
"""

import ipaddress

from flocx import exceptions

#: Addresses that a gateway turns into the IPv4 address in their last 32 bits
#: (RFC 6052 and 8215).
_NAT64 = tuple(map(ipaddress.ip_network, ('64:ff9b::/96', '64:ff9b:1::/48')))


class Addresses:
    """The addresses that are allowed by the options of ``[webhooks]``."""

    def __init__(self, conf):
        """:raises Invalid: an option names no network."""
        self._allowed = _networks(conf, 'allowed_networks')
        self._forbidden = _networks(conf, 'forbidden_networks')

    def require_allowed(self, text):
        """Nothing, if a request may go to the address ``text``.

        :raises Forbidden: it may not.
        """
        if not all(map(self._is_allowed, _meanings(text))):
            raise exceptions.Forbidden(
                f'{text} is not a public address, or one of the site'
            )

    def _is_allowed(self, address):
        if _in(address, self._forbidden):
            return False
        if _in(address, self._allowed):
            return True
        return address.is_global and not address.is_multicast


def _networks(conf, name):
    try:
        return [ipaddress.ip_network(each) for each in conf[name]]
    except ValueError as error:
        raise exceptions.Invalid(f'[webhooks] {name}: {error}') from None


def _in(address, networks):
    return any(address in each for each in networks)


def _meanings(text):
    """The address, and the IPv4 addresses that are in it."""
    # A zone, as in fe80::1%eth0, is of this host alone.
    address = ipaddress.ip_address(text.partition('%')[0])
    if address.version == 4:
        return [address]
    inner = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if _in(address, _NAT64):
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    found = [each for each in inner if each is not None]
    # What is mapped is no address of IPv6 on any network.
    return found if address.ipv4_mapped else [address, *found]

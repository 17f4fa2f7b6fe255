# SPDX-License-Identifier: Apache-2.0
"""Which addresses requests to receivers may go to. Pure.

Whoever has a webhook makes the marketplace send requests from where it is. They must
not reach what only the site reaches (server-side request forgery).
"""

import ipaddress

from flocx import exceptions

#: Addresses that a gateway turns into the IPv4 address in their last 32 bits
#: (RFC 6052 and 8215). What the second means each site decides for itself.
_NAT64 = tuple(map(ipaddress.ip_network, ('64:ff9b::/96', '64:ff9b:1::/48')))

#: Where public addresses of IPv6 are: outside there are none yet (RFC 4291, 2.4), but
#: what once was site-local, or led to IPv4.
_PUBLIC = (ipaddress.ip_network('2000::/3'), _NAT64[0])

#: Special by the registries of IANA, and taken for public by the library: protocol
#: assignments, relays of 6to4 and documentation (RFC 6890, 7526 and 9637).
_SPECIAL = tuple(
    map(ipaddress.ip_network, ('192.0.0.0/24', '192.88.99.0/24', '3fff::/20'))
)

#: What is before the IPv4 address in the last 64 bits of an address of ISATAP, but for
#: one bit that says whether that is public (RFC 5214, 6.1).
_ISATAP, _ISATAP_MASK = 0x00005EFE, 0xFDFFFFFF


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
        if address.version == 6 and not _in(address, _PUBLIC):
            return False
        special = address.is_multicast or _in(address, _SPECIAL)
        return address.is_global and not special


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
    if _in(address, _NAT64) or int(address) >> 32 & _ISATAP_MASK == _ISATAP:
        inner.append(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
    found = [each for each in inner if each is not None]
    # What is mapped is no address of IPv6 on any network.
    return found if address.ipv4_mapped else [address, *found]

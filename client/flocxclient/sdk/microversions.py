# SPDX-License-Identifier: Apache-2.0
"""The version of the API that the client and a service both know.

A request says the newest that the client knows. Only a service that refuses it is
asked for its range, so that a command takes no request more where both are of one
release.
"""

from openstack import exceptions

HEADER = 'OpenStack-API-Version'

#: The three services have one series of versions, under this name.
SERVICE_TYPE = 'marketplace'

#: The oldest and the newest version that this client knows.
OLDEST, NEWEST = '1.0', '1.1'


class UnsupportedVersion(exceptions.SDKException):
    """There is no version that the client and the service both know."""


class Negotiation:
    """Which version the requests of one proxy are for.

    :param asked: the version that the user wants; None, ``1`` and ``latest`` are for
        the newest that both sides know.
    :raises UnsupportedVersion: this client does not know it.
    """

    def __init__(self, asked=None):
        asked = None if asked in ('1', 'latest') else asked
        self.asked = asked
        self.version = asked or NEWEST
        if asked and not _number(OLDEST) <= _number(asked) <= _number(NEWEST):
            raise UnsupportedVersion(
                f'version {asked} of the API was asked for; this client knows '
                f'{OLDEST} to {NEWEST}'
            )

    @property
    def header(self):
        return f'{SERVICE_TYPE} {self.version}'

    def negotiate(self, document):
        """Take the newest version of the client's that a service has.

        :param document: the version document of the service.
        :raises UnsupportedVersion: there is none, or not the one that was asked for.
        """
        oldest, newest = _range(document)
        served = f'the service has {oldest} to {newest}'
        if self.asked:
            raise UnsupportedVersion(
                f'version {self.asked} of the API was asked for; {served}'
            )
        agreed = min(_number(newest), _number(NEWEST))
        if agreed < max(_number(oldest), _number(OLDEST)):
            raise UnsupportedVersion(
                f'no version of the API is known to both: this client knows {OLDEST} '
                f'to {NEWEST}, {served}; install the release of the client that '
                'belongs to the service'
            )
        self.version = '.'.join(map(str, agreed))


def refused(response):
    """Whether a service refused a request for the version that it is for."""
    if response.status_code != 406:
        return False
    try:
        codes = [each.get('code') for each in response.json()['errors']]
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    return 'flocx.version_not_acceptable' in codes


def _range(document):
    """The oldest and newest version of a version document.

    :raises UnsupportedVersion: it is none.
    """
    try:
        versions = document['versions']
        current = next(each for each in versions if each['status'] == 'CURRENT')
        found = current['min_version'], current['max_version']
        _number(found[0]), _number(found[1])
    except (KeyError, TypeError, ValueError, StopIteration):
        raise UnsupportedVersion(
            'the service does not say which versions of the API it has; '
            'is its endpoint right?'
        ) from None
    return found


def _number(version):
    """A version as numbers that can be compared.

    :raises UnsupportedVersion: it is none.
    """
    try:
        major, minor = version.split('.')
        return int(major), int(minor)
    except ValueError:
        raise UnsupportedVersion(
            f'{version!r} is not a version of the API: write one such as {NEWEST}'
        ) from None

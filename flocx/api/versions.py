# SPDX-License-Identifier: Apache-2.0
"""Which versions of the APIs there are, and what there is since or until one.

An operation, a parameter, a field or a value that was added is *gated*: requests that
ask for an earlier version do not see it. The history is in doc/source/api/versions.rst.
"""

import dataclasses
import functools

import microversion_parse

from flocx.core import query

#: All three services share one series of versions.
SERVICE_TYPE = 'marketplace'
HEADER = 'OpenStack-API-Version'
VERSIONS = ['1.0', '1.1']
OLDEST, LATEST = map(
    microversion_parse.parse_version_string, (VERSIONS[0], VERSIONS[-1])
)


@dataclasses.dataclass(frozen=True)
class Gate:
    """Lets versions by, from ``since`` up to and including ``until``."""

    since: str | None = None
    until: str | None = None

    def lets(self, version):
        """Whether there is what it guards at ``version``, which is parsed."""
        return (self.since is None or version >= _parsed(self.since)) and (
            self.until is None or version <= _parsed(self.until)
        )


class Gated:
    """Parses a parameter that there is since or until a version."""

    def __init__(self, parse_value, since=None, until=None):
        self.gate = Gate(since, until)
        self._parse = parse_value

    def __call__(self, value, field):
        return self._parse(value, field)


class Choices:
    """Parses one of some values, of which there are some since a version only."""

    def __init__(self, choices, **since):
        """:param since: the version since which there is a value, by value."""
        self._since = {each: since.get(each) for each in map(str, choices)}

    def at(self, version):
        """What parses those that there are at ``version``."""
        return query.one_of(
            value for value, since in self._since.items() if Gate(since).lets(version)
        )


def gate(thing):
    """The Gate of a parameter, a field, a value or an operation."""
    return getattr(thing, 'gate', Gate())


def served(things, version):
    """Those of ``things``, parsers by name, that there are at ``version``."""
    return {
        name: thing.at(version) if isinstance(thing, Choices) else thing
        for name, thing in things.items()
        if gate(thing).lets(version)
    }


def asked(request):
    """The version that a request asks for; without one, the oldest."""
    return request.environ.get(f'{SERVICE_TYPE}.microversion', OLDEST)


def headers(request):
    """What an answer says of its version; nothing where a wrong one was asked for."""
    if f'{SERVICE_TYPE}.microversion' not in request.environ:
        return {}
    return {HEADER: f'{SERVICE_TYPE} {asked(request)}', 'Vary': HEADER}


def complaint(request):
    """What is wrong with the version that a request asks for, or None."""
    try:
        microversion_parse.extract_version(request.headers, SERVICE_TYPE, VERSIONS)
    except (TypeError, ValueError):
        value = microversion_parse.get_version(request.headers, SERVICE_TYPE)
        return (
            f'{HEADER}: {SERVICE_TYPE} {value} is not served; the versions '
            f'{VERSIONS[0]} to {VERSIONS[-1]} are, and latest'
        )
    return None


_parsed = functools.cache(microversion_parse.parse_version_string)


def document(request):
    """The version document."""
    host = request.host_url + request.script_name
    return {
        'id': 'v1.0',
        'status': 'CURRENT',
        'min_version': VERSIONS[0],
        'version': VERSIONS[-1],
        'max_version': VERSIONS[-1],
        'links': [{'rel': 'self', 'href': f'{host}/v1/'}],
    }

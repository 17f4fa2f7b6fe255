# SPDX-License-Identifier: Apache-2.0
"""Which versions of the APIs there are, and which one a request asks for.

What was added since the first is gated (``flocx.core.gates``): requests that ask for
an earlier version do not see it. The history is in doc/source/api/versions.rst.
"""

import microversion_parse

from flocx.core import gates

#: All three services share one series of versions.
SERVICE_TYPE = 'marketplace'
HEADER = 'OpenStack-API-Version'
VERSIONS = ['1.0', '1.1']
OLDEST, LATEST = gates.parsed(VERSIONS[0]), gates.parsed(VERSIONS[-1])


def asked(request):
    """The version that a request asks for, a pair; without one, the oldest."""
    return tuple(request.environ.get(f'{SERVICE_TYPE}.microversion', OLDEST))


def headers(request):
    """What an answer says of its version; nothing where a wrong one was asked for."""
    if f'{SERVICE_TYPE}.microversion' not in request.environ:
        return {}
    return {HEADER: '{} {}.{}'.format(SERVICE_TYPE, *asked(request)), 'Vary': HEADER}


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

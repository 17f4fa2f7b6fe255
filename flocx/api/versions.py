# SPDX-License-Identifier: Apache-2.0
"""Which versions of the APIs there are."""

import pecan

#: All three services share one series of versions.
SERVICE_TYPE = 'marketplace'
VERSIONS = ['1.0']


def document():
    """The version document, which needs no token and is only read."""
    if pecan.request.method not in ('GET', 'HEAD'):
        pecan.abort(405)
    host = pecan.request.host_url + pecan.request.script_name
    return {
        'versions': [
            {
                'id': 'v1.0',
                'status': 'CURRENT',
                'min_version': VERSIONS[0],
                'version': VERSIONS[-1],
                'max_version': VERSIONS[-1],
                'links': [{'rel': 'self', 'href': f'{host}/v1/'}],
            }
        ]
    }


class Root:
    """``GET /``; a service adds its ``v1``."""

    @pecan.expose('json')
    def index(self):
        return document()


class V1:
    """``GET /v1``; a service adds its resources."""

    @pecan.expose('json')
    def index(self):
        return {'version': document()['versions'][0]}

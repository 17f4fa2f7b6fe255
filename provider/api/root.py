# SPDX-License-Identifier: Apache-2.0
"""Everything that the provider serves, on one screen."""

import pecan

from flocx.api import openapi
from flocx.api import versions
from provider.api import nodes
from provider.api import offers


class V1(versions.V1):
    nodes = nodes.Nodes()
    offers = offers.Offers()


class Root(versions.Root):
    v1 = V1()


pecan.route(V1, 'openapi.json', openapi.OpenAPI('FLOCX provider', Root))

# SPDX-License-Identifier: Apache-2.0
"""Everything that the auction engine serves, on one screen."""

import pecan

from flocx.api import openapi
from flocx.api import versions
from matcher.api import mechanisms
from matcher.api import rounds


class V1(versions.V1):
    mechanisms = mechanisms.Mechanisms()
    rounds = rounds.Rounds()


class Root(versions.Root):
    v1 = V1()


pecan.route(V1, 'openapi.json', openapi.OpenAPI('FLOCX auction engine', Root))

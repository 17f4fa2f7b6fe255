# SPDX-License-Identifier: Apache-2.0
"""Everything that the auction engine serves, on one screen."""

from flocx.api import root
from matcher.api import mechanisms
from matcher.api import rounds


class V1:
    mechanisms = mechanisms.Mechanisms()
    rounds = rounds.Rounds()


class Root(root.Root):
    TITLE = 'FLOCX auction engine'

    v1 = V1()

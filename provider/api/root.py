# SPDX-License-Identifier: Apache-2.0
"""Everything that the provider serves, on one screen."""

from flocx.api import root
from provider.api import contracts
from provider.api import nodes
from provider.api import offers


class V1:
    contracts = contracts.Contracts()
    nodes = nodes.Nodes()
    offers = offers.Offers()


class Root(root.Root):
    TITLE = 'FLOCX provider'

    v1 = V1()

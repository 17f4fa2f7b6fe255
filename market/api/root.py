# SPDX-License-Identifier: Apache-2.0
"""Everything that the market serves, on one screen."""

from flocx.api import versions
from market.api import bids
from market.api import contracts
from market.api import events
from market.api import offers


class V1(versions.V1):
    offers = offers.Offers()
    bids = bids.Bids()
    contracts = contracts.Contracts()
    events = events.Events()


class Root(versions.Root):
    v1 = V1()

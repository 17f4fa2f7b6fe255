# SPDX-License-Identifier: Apache-2.0
"""Everything that the market serves, on one screen."""

import pecan

from flocx.api import openapi
from flocx.api import versions
from market.api import audit
from market.api import bids
from market.api import book
from market.api import contracts
from market.api import events
from market.api import offers
from market.api import prices
from market.api import publications
from market.api import quotes
from market.api import usage


class V1(versions.V1):
    audit = audit.AuditController()
    offers = offers.Offers()
    bids = bids.Bids()
    contracts = contracts.Contracts()
    events = events.Events()
    # Before book: from there on the name means the resource.
    properties = book.PropertiesController()
    book = book.BookController()
    publications = publications.Publications()
    prices = prices.PricesController()
    quotes = quotes.Quotes()
    usage = usage.UsageController()


class Root(versions.Root):
    v1 = V1()


pecan.route(V1, 'openapi.json', openapi.OpenAPI('FLOCX market', Root))

# SPDX-License-Identifier: Apache-2.0
"""Everything that the market serves, on one screen."""

from flocx.api import root
from market.api import accounts
from market.api import agendas
from market.api import audit
from market.api import bids
from market.api import book
from market.api import console_tokens
from market.api import contracts
from market.api import disputes
from market.api import events
from market.api import grants
from market.api import maintenances
from market.api import offers
from market.api import prices
from market.api import projects
from market.api import providers
from market.api import publications
from market.api import quotes
from market.api import reports
from market.api import standing_demands
from market.api import statements
from market.api import transfers
from market.api import usage
from market.api import webhooks


class V1:
    accounts = accounts.Accounts()
    agendas = agendas.Agendas()
    audit = audit.AuditController()
    offers = offers.Offers()
    bids = bids.Bids()
    console_tokens = console_tokens.ConsoleTokens()
    contracts = contracts.Contracts()
    disputes = disputes.Disputes()
    events = events.Events()
    grants = grants.Grants()
    maintenances = maintenances.Maintenances()
    # Before book: from there on the name means the resource.
    properties = book.PropertiesController()
    book = book.BookController()
    publications = publications.Publications()
    prices = prices.PricesController()
    projects = projects.Projects()
    providers = providers.Providers()
    quotes = quotes.Quotes()
    reports = reports.Reports()
    standing_demands = standing_demands.StandingDemands()
    statements = statements.Statements()
    transfers = transfers.Transfers()
    usage = usage.UsageController()
    webhooks = webhooks.Webhooks()


class Root(root.Root):
    TITLE = 'FLOCX market'

    v1 = V1()

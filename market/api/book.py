# SPDX-License-Identifier: Apache-2.0
"""/v1/book and /v1/properties: what is offered and wanted, by nobody in particular."""

import datetime
import decimal

import pecan

from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from flocx.core import window
from market import market_stats
from market.db import book
from market.db import turnarounds

PARAMETERS = {
    'start_time': window.instant,
    'end_time': window.instant,
    'resource_class': query.text,
}

#: How far the book looks ahead if it is not told, in days.
DAYS = 28


class Book(types.Answer):
    start_time = types.Instant
    end_time = types.Instant
    book = types.Json


class BookController(routing.Resource):
    @expose.expose(Book, rule='market:book:show', parameters=PARAMETERS)
    def get_all(self):
        """Supply and demand by resource class and price level, for whole days in UTC.

        Narrower windows would tell when somebody's bid begins.
        """
        service, now = pecan.request.service, pecan.request.now
        asked = paging.values()
        start = asked.get('start_time', now)
        end = asked.get('end_time', start + datetime.timedelta(days=DAYS))
        period = window.days(window.Window(start, end))
        with service.database.reader() as session:
            levels = market_stats.book(
                book.supply(
                    session, period, now, turnarounds.current(session, service.terms)
                ),
                book.demand(session, period),
                decimal.Decimal(service.conf.market.book_tick_ratio),
                service.conf.market.book_min_parties,
            )
        if 'resource_class' in asked:
            levels = [
                each
                for each in levels
                if each['resource_class'] == asked['resource_class']
            ]
        return Book.of(start_time=period.start, end_time=period.end, book=levels)


class Properties(types.Answer):
    properties = types.Json


class PropertiesController(routing.Resource):
    @expose.expose(Properties, rule='market:properties:list')
    def get_all(self):
        """The keys and values of the hardware on offer, for writing requirements."""
        with pecan.request.service.database.reader() as session:
            found = market_stats.properties(book.documents(session))
        return Properties.of(properties=found)

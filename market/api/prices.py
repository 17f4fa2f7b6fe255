# SPDX-License-Identifier: Apache-2.0
"""/v1/prices: what servers were sold for."""

import datetime
import decimal

import pecan

from flocx import exceptions
from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from flocx.core import window
from market import market_stats
from market.db import prices

_INTERVALS = {'hour': 3600, 'day': 86400, 'week': 7 * 86400}
PARAMETERS = {
    'start_time': window.instant,
    'end_time': window.instant,
    'resource_class': query.text,
    'interval': query.one_of(_INTERVALS),
    'limit': query.integer,
}

#: The longest period that one request can ask for, and the usual one, in days.
MOST_DAYS, DAYS = 366, 30

#: How many fills are answered if nobody says.
FILLS = 100


class Prices(types.Answer):
    start_time = types.Instant
    end_time = types.Instant
    prices = types.Json
    fills = types.Json


class PricesController(routing.Resource):
    @expose.expose(Prices, rule='market:prices:list', parameters=PARAMETERS)
    def get_all(self):
        """Least, median and greatest price and volume, by class and interval.

        What was delivered counts, a while after its hand-over, and by the hours that
        it has served. The median is that of pairs of organisations; what one sells to
        itself is left out. ``fills`` are the sales themselves, the newest ``limit`` of
        them first, each a server of a class, its price and its hours, and the interval
        that it was in: the moment would tell whose it was.
        """
        service, now = pecan.request.service, pecan.request.now
        asked = paging.values()
        end = asked.get('end_time', window.through(now))
        period = window.Window(
            asked.get('start_time', end - datetime.timedelta(days=DAYS)), end
        )
        if period.length > datetime.timedelta(days=MOST_DAYS):
            raise exceptions.Invalid(
                f'start_time: more than {MOST_DAYS} days before end_time'
            )
        limit = asked.get('limit', FILLS)
        if not 0 <= limit <= service.conf.api.max_limit:
            raise exceptions.Invalid(
                f'limit: {limit} is not in 0..{service.conf.api.max_limit}'
            )
        interval = _INTERVALS[asked.get('interval', 'day')]
        until = now - datetime.timedelta(seconds=service.conf.market.prices_delay)
        with service.database.reader() as session:
            sales = prices.sales(session, period, until, asked.get('resource_class'))
        fills = list(market_stats.delivered(sales, until))
        tick_ratio = decimal.Decimal(service.conf.market.book_tick_ratio)
        return Prices.of(
            start_time=period.start,
            end_time=period.end,
            prices=market_stats.history(fills, interval, tick_ratio),
            fills=market_stats.single_fills(fills[::-1][:limit], interval, tick_ratio),
        )

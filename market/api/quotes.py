# SPDX-License-Identifier: Apache-2.0
"""/v1/quotes: what a bid would get and pay now."""

import dataclasses
import decimal

import wsme.types

from flocx.api import expose
from flocx.api import fields
from flocx.api import routing
from flocx.api import types
from market.api import bids
from market.api import transaction


class QuotedLine(types.Declared):
    offer_uuid = wsme.types.text
    resource_class = wsme.types.text
    price = types.Price
    part = types.Field(int, since='1.1')
    group_value = types.Field(wsme.types.text, since='1.1')


def _answered():
    """What is answered to a bid, or to an alternative of it, by name."""
    return {
        'start_time': types.Instant,
        'end_time': types.Instant,
        'lines': [QuotedLine],
        'amount': types.Json,
        'offers': int,
        'requirements': types.Json,
        'lowest_ceiling': types.Field(types.Price, since='1.1'),
        'group_value': types.Field(wsme.types.text, since='1.1'),
        'reason': types.Field(wsme.types.text, since='1.1'),
        'detail': types.Field(wsme.types.text, since='1.1'),
        'calendar': types.Field(types.Json, since='1.1'),
        'displaceable': types.Field(bool, since='1.1'),
    }


QuotedAlternative = type('QuotedAlternative', (types.Declared,), _answered())

#: ``lines`` is empty where nothing can be had now; ``reason`` says why.
#:
#: ``lowest_ceiling`` is the lowest price at which the bid would get what it needs at
#: some time of its window; null where it would at no price. ``calendar`` has an entry
#: for each start, an hour or a day apart: what so many ``servers`` cost on average,
#: ``price``, and in all, and the ask of the dearest.
#:
#: ``offers`` counts the offers that the bid could take at some time and price,
#: ``requirements`` those that meet each requirement alone.
#:
#: ``group_value`` is the group that all the servers are of, if the bid asks for one;
#: of a line it is that of its part, too.
#:
#: ``displaceable`` says that nothing is free, but that servers of interruptible
#: contracts would do, for who offers enough.
#:
#: Of a bundle each line says of which ``part`` it is; ``lowest_ceiling`` and
#: ``calendar`` are null, as each part has a ceiling and a time of its own.
#:
#: Of a bid with alternatives all this is of the one that it would get, ``alternative``,
#: or that misses least; ``alternatives`` has it of each, its own terms first.
Quote = type(
    'Quote',
    (types.Declared,),
    {
        **_answered(),
        'alternative': types.Field(int, since='1.1'),
        'alternatives': types.Field([QuotedAlternative], since='1.1'),
    },
)


#: As a bid, but that the price may be left out: then it is the cheapest there is.
#: With ``calendar`` the answer says what a start each hour or day of the window costs.
QuoteRequest = fields.Table(
    {
        **bids.REQUEST,
        'price': dataclasses.replace(bids.FIELDS['price'], create=fields.OPTIONAL),
        'calendar': fields.Field(
            types.Choice(['hour', 'day']), create=fields.OPTIONAL, since='1.1'
        ),
    }
).request('QuoteRequest')


class Quotes(routing.Resource):
    @expose.expose(Quote, body=QuoteRequest, rule='market:quotes:create')
    def post(self, body):
        """Say what a bid would get and pay now; nothing is placed.

        What it says holds until an offer, a bid or a contract changes. It rests on
        what is on offer and free, and tells nothing of other bids. Without a price it
        is the cheapest that can be had.
        """
        service, context, now = transaction.request_context()
        terms = {'price': decimal.Decimal(0)} | {
            name: value for name, value in body.items() if value is not None
        }
        calendar = terms.pop('calendar', None)
        bid = bids.from_request(terms, context, service.conf, service.terms, now)
        payload = bids.Bid.of(bid) | {
            'lineage': list(bid.lineage),
            'calendar': calendar,
        }
        if body.get('price') is None:
            payload['price'] = None
        return service.matcher.quote(
            context, payload, service.conf.market.quote_seconds
        )

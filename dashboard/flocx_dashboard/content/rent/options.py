# SPDX-License-Identifier: Apache-2.0
"""What can be had for what somebody needs: now, more cheaply later, or almost."""

import dataclasses
import datetime
import decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flocx_dashboard import api
from flocx_dashboard import formats
from flocxclient.osc import costs
from flocxclient.osc import times
from flocxclient.sdk import filters

#: Windows up to so many days are shown hour by hour, longer ones by the day.
HOURLY_DAYS = 14
#: How far back sales say what a bid may hope for, in days.
SALES_DAYS = 30
#: How many days later what is free then is looked for.
LATER_DAYS = 14

#: What to say of a need without one of these.
_TOGETHER = {
    'group_by': gettext_lazy('Not all together in one %s'),
    'spread_by': gettext_lazy('Not apart by %s'),
}


@dataclasses.dataclass(frozen=True)
class Claimable:
    """Offers that can be claimed together for a while, and what they come to."""

    start_time: str
    end_time: str
    offers: list
    amount: decimal.Decimal

    @property
    def uuids(self):
        return ','.join(offer.uuid for offer in self.offers)

    @property
    def prices(self):
        """The lowest and the highest price per server and hour, once if they agree."""
        found = sorted({decimal.Decimal(offer.price) for offer in self.offers})
        return [found[0]] if len(found) == 1 else [found[0], found[-1]]


@dataclasses.dataclass(frozen=True)
class Alternative:
    """What would do instead: what to change of the need, and what it comes to."""

    text: str
    changes: dict
    start_time: str
    amount: str


class Finder:
    """Asks the market for one need.

    :param terms: those of a quote, without a price; the times are texts of the API.
    """

    def __init__(self, market, terms):
        self._market, self._terms = market, terms
        self.step = 'hour' if self._days <= HOURLY_DAYS else 'day'
        self.quote = self._ask(calendar=self.step)

    @property
    def _days(self):
        start, end = (times.parse(self._terms[n]) for n in ('start_time', 'end_time'))
        return (end - start) / datetime.timedelta(days=1)

    def _ask(self, **changes):
        return api.call(self._market.quote, **{**self._terms, **changes})

    def claims(self):
        """Pairs of a title and a Claimable: the soonest, and the cheapest if later."""
        if not self.quote.lines:
            return []
        first = next(
            (each for each in self.quote.calendar if each['price'] is not None), None
        )
        found = [(_('The cheapest'), self.quote)]
        if first and times.parse(first['start_time']) < times.parse(
            self.quote.start_time
        ):
            start = times.parse(first['start_time'])
            soonest = self._ask(
                start_time=times.render(start),
                end_time=times.render(times.add(start, self._terms['duration'])),
            )
            if soonest.lines:
                found.insert(0, (_('As soon as possible'), soonest))
        offers = self._offers(line for _title, q in found for line in q.lines)
        options = [(title, _claimable(quote, offers)) for title, quote in found]
        return [(title, option) for title, option in options if option]

    def _offers(self, lines):
        uuids = sorted({line['offer_uuid'] for line in lines})
        found = api.every(
            self._market.offers,
            uuid=filters.Comparison('in', uuids),
            status='any',
        )
        return {offer.uuid: offer for offer in found}

    def usual_price(self):
        """What such servers were sold for of late, or None."""
        now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        query = {}
        if self._terms.get('resource_class'):
            query['resource_class'] = self._terms['resource_class']
        sold = api.call(
            self._market.prices,
            interval='week',
            start_time=times.render(now - datetime.timedelta(days=SALES_DAYS)),
            end_time=times.render(now),
            **query,
        )
        return sold[-1].median if sold else None

    def alternatives(self):
        """What is the nearest to the need that can be had, an Alternative each."""
        found = []
        for text, changes in self._relaxed():
            quote = self._ask(**changes)
            if quote.lines:
                found.append(Alternative(text, changes, quote.start_time, quote.amount))
        return found

    def _relaxed(self):
        """Pairs of words and changes of the need, the smallest changes first."""
        terms = self._terms
        wanted = terms.get('requirements', [])
        for triple in wanted:
            yield (
                _('Without %s') % formats.requirement(triple),
                {'requirements': [each for each in wanted if each != triple]},
            )
        most = max((each['servers'] for each in self.quote.calendar or ()), default=0)
        if 0 < most < terms['quantity']:
            yield _('%s servers instead') % most, {'quantity': most}
        later = times.add(times.parse(terms['end_time']), LATER_DAYS * 86400)
        yield (
            _('Over by %s') % formats.moment(times.render(later)),
            {'end_time': times.render(later)},
        )
        for part in (2, 4):
            shorter = terms['duration'] // part // 3600 * 3600
            if shorter:
                yield (
                    _('For %s instead') % formats.duration(shorter),
                    {'duration': shorter},
                )
        yield from (
            (words % terms[name], {name: None})
            for name, words in _TOGETHER.items()
            if terms.get(name)
        )
        if terms.get('resource_class'):
            yield _('Of any class'), {'resource_class': None}
        if not terms.get('min_reclaim_notice'):
            yield (
                _('A server that its owner may take back, with an hour of notice'),
                {'min_reclaim_notice': 3600},
            )


def most(price, terms):
    """What a bid at a price comes to at most, in all."""
    seconds = decimal.Decimal(terms['quantity'] * terms['duration'])
    return decimal.Decimal(price) * seconds / 3600


def _claimable(quote, offers):
    """A quote as something to claim; None where one of its offers is gone."""
    uuids = [line['offer_uuid'] for line in quote.lines]
    if not set(uuids) <= set(offers):
        return None
    start, end = (times.parse(each) for each in (quote.start_time, quote.end_time))
    chosen = [offers[uuid] for uuid in uuids]
    amount = sum(costs.amount(offer.price, start, end) for offer in chosen)
    return Claimable(quote.start_time, quote.end_time, chosen, amount)

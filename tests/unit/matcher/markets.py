# SPDX-License-Identifier: Apache-2.0
"""Small markets, drawn by hypothesis, and what must hold of their awards."""

import collections
import dataclasses
import datetime
import decimal
import itertools
import math

import hypothesis
from hypothesis import strategies as st

from flocx.core import asks
from flocx.core import bid
from flocx.core import offer
from flocx.core import window
from matcher import book
from matcher import mechanisms
from matcher import warmup
from matcher.mechanisms import call
from matcher.mechanisms import second_price
from tests import profiles

NOW = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
PROJECTS = ('red', 'green', 'blue')
HARDWARE = ({'cpus': 8}, {'cpus': 16}, {'cpus': 16, 'gpus': 1})
REQUIREMENTS = ((), (('cpus', '>=', 16),), (('gpus', '>=', 1),))

#: The slow suite is that of the night.
MARKETS = profiles.number('FLOCX_TEST_MARKETS', 150, 100_000, quick=80)


def examples(fast=1.0, slow=1.0):
    """How many markets a property is tried on.

    :param fast: the part of MARKETS in the fast suite.
    :param slow: the part of them in the slow one; a solver takes its time.
    """
    share = fast if MARKETS <= 1000 else slow
    return hypothesis.settings(
        max_examples=max(20, int(MARKETS * share)),
        deadline=None,
        derandomize=MARKETS <= 1000,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )


def moment(seconds):
    return NOW + datetime.timedelta(seconds=seconds)


def make_offer(number=0, start=0, end=100, price='1', **values):
    return offer.Offer(
        **{
            'uuid': f'o{number}',
            'project_id': 'red',
            'provider_id': 'provider',
            'resource_type': 'ironic_node',
            'resource_uuid': f'n{number}',
            'properties': HARDWARE[0],
            'start_time': moment(start),
            'end_time': moment(end),
            'price': decimal.Decimal(price),
            'created_at': NOW,
            'updated_at': NOW,
            **values,
        }
    )


def make_bid(number=0, start=0, end=100, price='2', **values):
    return bid.Bid(
        **{
            'uuid': f'b{number}',
            'project_id': 'blue',
            'lineage': (values.get('project_id', 'blue'),),
            'start_time': moment(start),
            'end_time': moment(end),
            'duration': end - start,
            'price': decimal.Decimal(price),
            'created_at': moment(number - 1000),
            'updated_at': NOW,
            **values,
        }
    )


def prices(most):
    return [decimal.Decimal(value) / 1000 for value in range(most * 1000 + 1)]


ASKS, CEILINGS = prices(5), prices(8)
QUANTITIES = [(least, most) for most in range(1, 5) for least in range(1, most + 1)]


def picks(*fields):
    """One of each of ``fields``, drawn as one number: many times as fast as one by one.

    Where there are more than 2 ** 24 ways hypothesis would prefer the first of them.
    """

    def picked(number):
        for field in fields:
            number, at = divmod(number, len(field))
            yield field[at]

    last = math.prod(map(len, fields)) - 1
    return st.integers(0, last).map(lambda number: tuple(picked(number)))


WHEN = picks(range(-5, 31), range(1, 41), ASKS)
WHOSE = picks(PROJECTS, HARDWARE, (None, None, None, 'blue'))
# Racks are offered together: some servers differ in nothing but their names.
RACKS = picks((1, 1, 2, 3), *[(False, False, False, True)] * 3)
WANTED = picks(range(-5, 31), range(1, 21), (0, 0, 3, 17), QUANTITIES)
BY_WHOM = picks(CEILINGS, PROJECTS, REQUIREMENTS)


@st.composite
def offers(draw, number):
    start, length, price = draw(WHEN)
    project_id, properties, lessee_id = draw(WHOSE)
    return make_offer(
        number,
        start,
        start + length,
        price,
        project_id=project_id,
        properties=properties,
        lessee_id=lessee_id,
    )


@st.composite
def bids(draw, number):
    start, duration, slack, (least, most) = draw(WANTED)
    price, project_id, requirements = draw(BY_WHOM)
    return make_bid(
        number,
        start,
        start + duration + slack,
        price,
        duration=duration,
        quantity=most,
        min_quantity=least,
        project_id=project_id,
        requirements=requirements,
    )


def or_else(one, *others):
    """The bid ``one``, with the terms of ``others`` as alternatives."""
    names = [field.name for field in dataclasses.fields(bid.Alternative)]
    terms = [{name: getattr(each, name) for name in names} for each in others]
    return dataclasses.replace(
        one, alternatives=tuple(bid.Alternative(**each) for each in terms)
    )


@st.composite
def rich_bids(draw, number, most=2):
    """A bid with up to ``most`` alternatives."""
    count = draw(st.integers(0, most))
    return or_else(*(draw(bids(number)) for _ in range(count + 1)))


#: At second 3 all parts have begun, and none has ended.
PARTS = picks((1, 1, 2), range(4), range(4, 9), (None, *CEILINGS[1000::100]))
LIKE = st.sampled_from(((), (), REQUIREMENTS[1]))


@st.composite
def bundles(draw, number):
    """A bid that is a bundle of two or three parts, or has none."""
    own = draw(bids(number))
    count = draw(st.integers(1, 3))
    if count == 1:
        return own
    parts = []
    for at in range(count):
        quantity, offset, duration, price = draw(PARTS)
        parts.append(
            bid.Part(
                quantity=quantity,
                offset=offset if at else 0,
                duration=duration,
                price=price,
                requirements=draw(LIKE),
            )
        )
    together = bid.of_parts(parts)
    slack = own.window.seconds - own.duration
    return dataclasses.replace(
        own,
        **together,
        end_time=own.start_time
        + datetime.timedelta(seconds=together['duration'] + slack),
        parts=tuple(parts),
    )


@st.composite
def rich_bundles(draw, number):
    """A bundle or another bid, with one of these as an alternative or without."""
    return or_else(*(draw(bundles(number)) for _ in range(draw(st.integers(1, 2)))))


@st.composite
def books(draw, most_offers=6, most_bids=6, bids=bids, fewest=0):
    """Markets of up to so many offers and bids, and of each at least ``fewest``."""
    supply, taken = [], {}
    for number in range(draw(st.integers(fewest, most_offers))):
        rack, (size, *used) = draw(offers(number)), draw(RACKS)
        for at in range(size):
            name = f'{rack.uuid}-{at}'
            each = dataclasses.replace(rack, uuid=name, resource_uuid=f'n-{name}')
            supply.append(each)
            if used[at]:
                taken[each.slot] = [window.Window(moment(5), moment(9))]
    several = range(draw(st.integers(fewest, most_bids)))
    demand = [draw(bids(number)) for number in several]
    return book.Book(NOW, supply, taken, demand)


#: For how long some offers are let.
_LENGTHS = ({'min_length': 6}, {'max_length': 12}, {'min_length': 3, 'max_length': 8})


def in_racks(market, together, apart=(), lengths=()):
    """``market`` with its servers in two racks, but for some that are in none.

    :param together: the numbers of bids whose servers have to be in one rack.
    :param apart: those of bids that may have only one or two servers of a rack.
    :param lengths: those of offers that are let for some lengths only.
    """
    supply = [
        dataclasses.replace(
            each,
            properties=each.properties
            | ({'rack': number % 2} if number % 5 != 4 else {}),
            **(_LENGTHS[number % 3] if number in lengths else {}),
        )
        for number, each in enumerate(market.offers)
    ]
    demand = [
        dataclasses.replace(
            each,
            group_by='rack',
            alternatives=tuple(
                dataclasses.replace(other, group_by='rack')
                for other in each.alternatives[1:]
            ),
        )
        if number in together
        else each
        for number, each in enumerate(market.bids)
    ]
    demand = [
        dataclasses.replace(each, spread_by='rack', spread_max=1 + number % 2)
        if number in apart
        else each
        for number, each in enumerate(demand)
    ]
    return book.Book(NOW, supply, taken(market), demand)


def bundles_in_racks(market, jointly, together, apart, fewer):
    """``market`` with its servers in two racks, and bundles that ask for racks.

    :param jointly: the numbers of bids all of whose servers have to be in one rack.
    :param together: those of bids each of whose parts has to be in one rack, and the
        first of which is two servers.
    :param apart: those of bids of whose parts one server of a rack is allowed.
    :param fewer: those of bids for whose parts one server would do.
    """
    market = in_racks(market, ())

    def changed(number, terms):
        if number in jointly:
            terms = dataclasses.replace(terms, group_by='rack')
        if not terms.parts:
            return terms
        own = {
            **({'group_by': 'rack'} if number in together - jointly else {}),
            **({'spread_by': 'rack'} if number in apart else {}),
            **({'min_quantity': 1} if number in fewer else {}),
        }
        parts = [dataclasses.replace(each, **own) for each in terms.parts]
        if number in together:
            parts[0] = dataclasses.replace(parts[0], quantity=2)
        return dataclasses.replace(
            terms,
            parts=tuple(parts),
            quantity=sum(each.quantity for each in parts),
            min_quantity=sum(each.least for each in parts),
        )

    demand = [
        dataclasses.replace(
            changed(number, each),
            alternatives=tuple(changed(number, other) for other in each.alternatives),
        )
        for number, each in enumerate(market.bids)
    ]
    return book.Book(NOW, market.offers, taken(market), demand)


def bundle_books(most_offers=4, most_bids=4):
    """Markets in which bundles, or parts of them, want one rack, or different ones."""
    number = st.integers(0, most_bids - 1)
    some, many = st.sets(number), st.sets(number, min_size=most_bids // 2)
    return st.builds(
        bundles_in_racks,
        books(most_offers, most_bids, rich_bundles),
        *(some, many, some, some),
    )


#: What some offers ask for by the hour, in markets that are stretched to hours.
_BY_HOUR = (
    {'ask_schedule': [{'start': '03:00', 'end': '09:00', 'price': '0.25'}]},
    {
        'ask_schedule': [
            {'days': ['fri'], 'start': '06:00', 'end': '18:00', 'price': '4.5'},
            {'start': '20:00', 'end': '02:00', 'price': '0'},
        ]
    },
    {'ask_falls': {'before': 8 * 3600, 'price': '0'}},
    {
        'ask_schedule': [{'start': '01:00', 'end': '05:00', 'price': '0.333333'}],
        'ask_falls': {'before': 20 * 3600, 'price': '0.1'},
    },
)


def by_hour(market, chosen):
    """``market`` with an hour for each second, and some offers that ask by the hour.

    :param chosen: {number of an offer: what it asks for}.
    """
    market = stretched(market, 3600)
    supply = []
    for number, each in enumerate(market.offers):
        if number in chosen:
            terms = _BY_HOUR[chosen[number]]
            each = dataclasses.replace(
                each,
                ask_schedule=asks.schedule(terms.get('ask_schedule')),
                ask_falls=asks.falls(terms.get('ask_falls')),
            )
        supply.append(each)
    return book.Book(NOW, supply, taken(market), market.bids)


def books_by_hour(most_offers=4, most_bids=4, bids=bids):
    """Markets in which some offers do not ask the same for all of their time."""
    return st.builds(
        by_hour,
        books(most_offers, most_bids, bids),
        st.dictionaries(
            st.integers(0, 2 * most_offers), st.integers(0, len(_BY_HOUR) - 1)
        ),
    )


def in_blocks(market, chosen):
    """``market`` with some of the servers that were offered together sold only so.

    :param chosen: {number of a rack: how many more servers it says that it has}.
    """
    racks = collections.defaultdict(list)
    for each in market.offers:
        racks[each.uuid.partition('-')[0]].append(each)
    supply = []
    for number, (name, servers) in enumerate(racks.items()):
        if number in chosen and len(servers) > 1:
            size = len(servers) + chosen[number]
            servers = [
                dataclasses.replace(
                    each,
                    block=name,
                    block_size=size,
                    properties=each.properties | ({'rack': 9} if at == 1 else {})
                    if number % 3 == 2
                    else each.properties,
                )
                for at, each in enumerate(servers)
            ]
        supply.extend(servers)
    return book.Book(NOW, supply, taken(market), market.bids)


def books_of_blocks(most_offers=4, most_bids=4, bids=bids):
    """Markets in which some servers are sold only together."""
    return st.builds(
        in_blocks,
        books(most_offers, most_bids, bids),
        st.dictionaries(
            st.integers(0, most_offers - 1), st.sampled_from((0, 0, 0, 1)), min_size=1
        ),
    )


def whole(offers):
    """Whether of each block there are as many as it says, or none."""
    counts = collections.Counter(each.block for each in offers if each.block)
    return all(counts[each.block] == each.block_size for each in offers if each.block)


def rich_books(most_offers=4, most_bids=4, apart=True):
    """Markets in which bids have alternatives, or want servers in one rack, or both.

    :param apart: whether some want servers of different racks.
    """
    some = st.sets(st.integers(0, most_bids - 1))
    return st.builds(
        in_racks,
        books(most_offers, most_bids, rich_bids),
        some,
        some if apart else st.just(()),
        st.sets(st.integers(0, 2 * most_offers)),
    )


def most_worth(market):
    """The welfare of the best awards, found by trying all; for very small markets.

    Some best ones are made by placing bids one after the other, each at its earliest
    start or at the start of free time.
    """
    return max((_most_worth(market, each) for each in _placings(market)), default=0)


def _most_worth(market, awards):
    uuid = awards[0].bid.uuid
    rest = market.copy([each for each in market.bids if each.uuid != uuid])
    worth = 0
    for award in awards:
        rest.take(award)
        rate = sum(award.bid.price - each.price for each in award.offers)
        worth += rate * award.stay.seconds * 1000
    return worth + most_worth(rest)


def _placings(market):
    """Ways in which one of the bids can be met: awards, one for each part."""
    for option in itertools.chain(*(each.options for each in market.bids)):
        rows = option.rows(market.now) if option.possible(market.now) else ()
        firsts = [max(market.now, row.start_time) for row in rows]
        starts = {
            free.start - first
            for row, first in zip(rows, firsts, strict=True)
            if not row.whole
            for each in market.suitable(row)
            for free in market.free(each)
        }
        if not option.parts:
            yield from ([each] for each in _placings_of(market, option))
        for later in starts | {datetime.timedelta()} if option.parts and rows else ():
            begin = {
                row.key: first + later for row, first in zip(rows, firsts, strict=True)
            }
            ways = (
                [
                    award
                    for award in _placings_of(market, row, begin[row.key])
                    if award.stay.start == begin[row.key]
                ]
                for row in rows
            )
            for awards in itertools.product(*ways):
                servers = [each.uuid for award in awards for each in award.offers]
                if len(set(servers)) == len(servers) and _jointly(awards):
                    yield awards


def _jointly(awards):
    """Whether all parts are in one rack, where they have to be."""
    racks = {each.properties.get('rack') for award in awards for each in award.offers}
    return not awards[0].bid.jointly or len(racks) == 1


def _placings_of(market, option, *also):
    if option.stay(max(market.now, option.start_time)):
        first = max(market.now, option.start_time)
        suitable = market.suitable(option)
        free = {each.uuid: market.free(each) for each in suitable}
        starts = {first, *also}
        if not option.whole:
            starts.update(each.start for each in itertools.chain(*free.values()))
        for stay in filter(None, map(option.stay, sorted(starts))):
            there = [
                each
                for each in suitable
                if first <= stay.start
                and any(gap.contains(stay) for gap in free[each.uuid])
            ]
            for size in range(option.min_quantity, option.quantity + 1):
                for offers in itertools.combinations(there, size):
                    racks = [each.properties.get('rack') for each in offers]
                    if _may_be(option, racks) and whole(offers):
                        yield book.Award(option, stay, offers)


def _may_be(asked, racks):
    """Whether servers of these racks are together, and apart, as a bid asks."""
    if None in racks and (asked.group_by or asked.spread_by):
        return False
    together = not asked.group_by or len(set(racks)) == 1
    most = max(collections.Counter(racks).values())
    return together and (not asked.spread_by or most <= asked.spread_max)


def instead(market, changed):
    """``market`` with this offer or bid instead of the one of the same uuid."""

    def replaced(all_of_a_kind):
        return [
            changed if each.uuid == changed.uuid else each for each in all_of_a_kind
        ]

    return book.Book(NOW, replaced(market.offers), taken(market), replaced(market.bids))


def taken(market):
    """What is not free of the offers' time, by server."""
    return {each.slot: each.window.minus(market.free(each)) for each in market.offers}


def stretched(market, seconds):
    """``market`` with so many seconds for each one that passes in it."""

    def then(instant):
        return NOW + (instant - NOW) * seconds

    def window_of(each):
        return {'start_time': then(each.start_time), 'end_time': then(each.end_time)}

    def longer(terms):
        """Terms of a bid, or of an alternative, with what is longer then."""
        parts = (
            dataclasses.replace(
                each, offset=each.offset * seconds, duration=each.duration * seconds
            )
            for each in terms.parts
        )
        return dataclasses.replace(
            terms,
            duration=terms.duration * seconds,
            parts=tuple(parts),
            **window_of(terms),
        )

    taken = {
        each.slot: [
            window.Window(then(held.start), then(held.end))
            for held in each.window.minus(market.free(each))
        ]
        for each in market.offers
    }
    return book.Book(
        NOW,
        [dataclasses.replace(each, **window_of(each)) for each in market.offers],
        taken,
        [
            dataclasses.replace(
                longer(each), alternatives=tuple(map(longer, each.alternatives))
            )
            for each in market.bids
        ],
    )


def broken(market, awards):
    """What does not hold of ``awards``, as a list of sentences."""
    values = []
    given = collections.defaultdict(list)
    filled = collections.defaultdict(list)
    for award in awards:
        filled[award.bid.uuid].append(award)
    for several in filled.values():
        parts = [award.bid.part for award in several]
        options = {award.bid.alternative for award in several}
        if len(set(parts)) < len(parts) or len(options) > 1:
            values.append('a bid is filled twice')
        elif parts != [None]:
            values.extend(_broken_bundle(market, several))
    for award in awards:
        values.extend(_broken(market, award))
        for each in award.offers:
            if any(other.overlaps(award.stay) for other in given[each.slot]):
                values.append(f'{each.uuid} is given away twice')
            given[each.slot].append(award.stay)
    return values


def _broken_bundle(market, awards):
    asked = awards[0].bid
    (placed,) = [each for each in market.bids if each.uuid == asked.uuid]
    option = placed.options[asked.alternative or 0]
    rows = tuple(dataclasses.replace(each.bid, group_value=None) for each in awards)
    if rows != option.rows(market.now):
        yield f'{asked.uuid} has not all of its parts'
    if not _jointly(awards):
        yield f'parts of {asked.uuid} are in several racks'
    later = {each.stay.start - max(market.now, each.bid.start_time) for each in awards}
    if len(later) > 1:
        yield f'parts of {asked.uuid} do not begin together'


def _broken(market, award):
    asked, stay = award.bid, award.stay
    (placed,) = [each for each in market.bids if each.uuid == asked.uuid]
    rows = [row for each in placed.options for row in each.rows(market.now)]
    if dataclasses.replace(asked, group_value=None) not in rows:
        yield f'{asked.uuid} has never been bid'
    yield from _broken_groups(award)
    yield from _broken_lines(market, award)
    begin = max(asked.start_time, market.now)
    if stay != asked.stay(stay.start) or stay.start < begin:
        yield f'{asked.uuid} has another time than it asks for'
    if asked.whole and stay.start != begin:
        yield f'{asked.uuid} begins late'
    if not asked.min_quantity <= len(award.offers) <= asked.quantity:
        yield f'{asked.uuid} has {len(award.offers)} servers'
    if len({each.slot for each in award.offers}) < len(award.offers):
        yield f'{asked.uuid} has a server twice'


def _broken_groups(award):
    asked = award.bid
    racks = [each.properties.get('rack') for each in award.offers]
    if not _may_be(asked, racks):
        yield f'{asked.uuid} has servers in {racks}'
    if asked.group_by and {*map(str, racks)} != {asked.group_value}:
        yield f'{asked.uuid} is not in {asked.group_value}'
    if not whole(award.offers):
        yield f'{asked.uuid} has a part of a block'


def _broken_lines(market, award):
    asked, stay = award.bid, award.stay
    suitable = {each.uuid for each in market.suitable(asked)}
    for each in award.offers:
        if each.uuid not in suitable:
            yield f'{asked.uuid} has {each.uuid}, which does not suit it'
        if each.price > asked.price or each.project_id == asked.project_id:
            yield f'{asked.uuid} must not trade with {each.uuid}'
        least, most = each.min_length or 0, each.max_length or stay.seconds
        if not least <= stay.seconds <= most:
            yield f'{each.uuid} is not let to {asked.uuid} for so long'
        if not any(free.contains(stay) for free in market.free(each)):
            yield f'{each.uuid} is not free for {asked.uuid}'


def settled_rehearsal():
    """What comes of the market of matcher.warmup: who gets what, and what they pay."""
    market = warmup.book(NOW)
    budget = mechanisms.Budget(seconds=None, moves=60)
    done = call.Call().allocate(market, budget)
    done = second_price.SecondPrice().settle(market, done)
    return [
        (award.bid.uuid, str(award.stay), [offer.uuid for offer in award.offers], pays)
        for award, pays in zip(done.awards, done.pays, strict=True)
    ]

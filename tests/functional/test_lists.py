# SPDX-License-Identifier: Apache-2.0
"""Every filter of every list, against the same comparison of what the list shows."""

import decimal
import json

import sqlalchemy as sa

from flocx.core import query
from market.api import bids
from market.api import contract_fields
from market.api import offers
from tests.functional import base

_COMPARE = {
    'eq': lambda shown, values: shown == values[0],
    'neq': lambda shown, values: shown != values[0],
    'gt': lambda shown, values: shown is not None and shown > values[0],
    'gte': lambda shown, values: shown is not None and shown >= values[0],
    'lt': lambda shown, values: shown is not None and shown < values[0],
    'lte': lambda shown, values: shown is not None and shown <= values[0],
    'in': lambda shown, values: shown in values,
    'nin': lambda shown, values: shown not in values,
}

#: Of contracts, these are fields of their lines.
_OF_LINES = {
    'offer_uuid',
    'owner_id',
    'provider_id',
    'resource_type',
    'resource_uuid',
    'resource_class',
    'sublet_of',
    'price',
    'fulfill_time',
    'expire_time',
    'reclaim_deadline',
    'reason',
}
#: Parameters that are no fields.
_SPECIAL = {
    'available_start_time',
    'available_end_time',
    'requirements',
    'role',
    'due_before',
}


class FilterTest(base.MarketplaceTestCase):
    VERSION = '1.1'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        case = cls('fill')
        case.setUp()
        case.fill()

    def runTest(self):
        """What unittest makes a case of when there is no method to run."""

    def fill(self):
        """Some of everything, in several statuses, with and without what may lack."""
        market = self.market('umbrella-member')
        for number in range(6):
            offer = self.offer(
                price=str(number % 3),
                start_time=self.time(number),
                hours=24 + number % 2,
                **({'name': f'o{number}'} if number % 2 else {}),
                **({'reclaim_notice': 60 * number} if number % 2 else {}),
            )
            bid = self.bid(
                quantity=1 + number % 3,
                min_quantity=1,
                price=f'0.{number}',
                **({'name': f'b{number}', 'purpose': 'p'} if number % 2 else {}),
                **({'resource_class': 'gpu'} if number % 3 else {}),
                **({'min_reclaim_notice': number} if number % 2 else {}),
            )
            self.clock.advance(seconds=2)
            if number < 4:
                contract = self.good(
                    market.post(
                        f'/v1/offers/{offer["uuid"]}/claim',
                        {'end_time': self.time(10), 'min_reclaim_notice': 0}
                        | ({'name': f'c{number}'} if number % 2 else {}),
                    )
                )
            if number == 1:
                path = f'/v1/contracts/{contract["uuid"]}/reclaim'
                self.good(self.market('acme-member').post(path), 200)
            if number == 2:
                market.delete(f'/v1/contracts/{contract["uuid"]}')
            if number == 4:
                market.delete(f'/v1/bids/{bid["uuid"]}')
                self.market('acme-member').delete(f'/v1/offers/{offer["uuid"]}')

    def listed(self, kind, **params):
        found = self.good(
            self.market('operator-admin').get(f'/v1/{kind}', **params), 200
        )
        return found[kind]

    def assertFiltered(self, kind, filters):
        rows = self.listed(kind, status='any')
        for name in filters.keys() - _SPECIAL:
            of_line = kind == 'contracts' and name in _OF_LINES
            known = sorted(
                {_value(_shown(row, name, of_line)) for row in rows} - {None}
            )
            for wanted in known[:3]:
                self._compare(kind, rows, name, of_line, wanted, known)

    def _compare(self, kind, rows, name, of_line, wanted, known):
        for each in query.OPERATORS:
            values = known[:2] if each in ('in', 'nin') else [wanted]
            expected = {
                row['uuid']
                for row in rows
                if _COMPARE[each](_value(_shown(row, name, of_line)), values)
            }
            asked = {name: f'{each}:{",".join(map(str, values))}'}
            if name != 'status':
                asked['status'] = 'any'
            found = {row['uuid'] for row in self.listed(kind, **asked)}
            self.assertEqual(expected, found, asked)

    def test_offers(self):
        self.assertFiltered('offers', offers.FILTERS)

    def test_bids(self):
        self.assertFiltered('bids', bids.FILTERS)

    def test_contracts(self):
        self.assertFiltered('contracts', contract_fields.FILTERS)

    def test_every_scalar_field_is_a_filter(self):
        for kind, filters in (
            ('offers', offers.FILTERS),
            ('bids', bids.FILTERS),
            ('contracts', contract_fields.FILTERS),
        ):
            row = self.listed(kind, status='any')[0]
            scalars = {
                name
                for name, value in row.items()
                if not isinstance(value, dict | list)
            }
            # It follows from the class, and from how long hand-backs took. The others
            # are documents, where there are any.
            others = {'turnaround', 'ask_schedule', 'ask_falls'}
            self.assertEqual(set(), scalars - filters.keys() - others, kind)

    def test_pages_in_every_order_are_the_whole_list(self):
        for kind, keys in (
            ('offers', offers.SORT_KEYS),
            ('bids', bids.SORT_KEYS),
            ('contracts', contract_fields.SORT_KEYS),
        ):
            for key in keys:
                for direction in ('asc', 'desc'):
                    order = {'sort_key': key, 'sort_dir': direction, 'status': 'any'}
                    whole = self.listed(kind, **order)
                    shown = [_value(each[key]) for each in whole]
                    self.assertEqual(
                        sorted(shown, reverse=direction == 'desc'), shown, order
                    )
                    self.assertEqual(whole, self._paged(kind, order), order)

    def _paged(self, kind, order):
        admin, found = self.market('operator-admin'), []
        answer = admin.get(f'/v1/{kind}', limit=2, **order).json()
        while True:
            found += answer[kind]
            if not answer[f'{kind}_links']:
                return found
            href = answer[f'{kind}_links'][0]['href'].removeprefix(admin.url)
            answer = admin.get(href).json()

    def test_a_filter_that_is_no_column_takes_no_operator(self):
        for kind, name, value in (
            ('offers', 'available_start_time', f'gt:{self.time(1)}'),
            ('offers', 'requirements', 'neq:[]'),
            ('contracts', 'role', 'neq:owner'),
        ):
            refused = self.market('acme-reader').get(f'/v1/{kind}', **{name: value})
            self.assertEqual(400, refused.status_code)
            self.assertTrue(base.error(refused)['detail'].startswith(name))


class HardwareTest(base.MarketplaceTestCase):
    def test_requirements_find_what_has_the_hardware(self):
        for cpus in (8, 16, 64):
            node = self.add_node(properties={'cpus': cpus, 'cpu_arch': 'x86_64'})
            self.offer(node=node, name=f'cpus-{cpus}')
        for asked, names in (
            ([], ['cpus-8', 'cpus-16', 'cpus-64']),
            ([['cpus', '>=', 16]], ['cpus-16', 'cpus-64']),
            ([['cpus', '>=', 16], ['cpus', '<', 20]], ['cpus-16']),
            ([['gpus', '>=', 1]], []),
        ):
            found = self.market('umbrella-reader').get(
                '/v1/offers', requirements=json.dumps(asked)
            )
            self.assertEqual(names, [each['name'] for each in found.json()['offers']])

    def test_what_is_on_offer_is_counted_by_offers(self):
        traits = [['CUSTOM_A', 'CUSTOM_B'], ['CUSTOM_A'], []]
        for each in traits:
            node = self.add_node(traits=each, properties={'cpus': 4})
            self.offer(node=node)
        found = {
            each.pop('expression'): each
            for each in self.good(
                self.market('umbrella-reader').get('/v1/properties'), 200
            )['properties']
        }
        self.assertEqual(
            {'offers': 2, 'type': 'string', 'values': ['CUSTOM_A', 'CUSTOM_B']},
            found['traits[]'],
        )

    def test_they_are_paged_too(self):
        for number in range(5):
            node = self.add_node(resource_class='paged', properties={'cpus': number})
            self.offer(node=node, name=f'paged-{number}')
        market, found = self.market('umbrella-reader'), []
        answer = market.get(
            '/v1/offers',
            limit=2,
            resource_class='paged',
            requirements='[["cpus", ">=", 1]]',
        ).json()
        while True:
            found += [each['name'] for each in answer['offers']]
            if not answer['offers_links']:
                break
            href = answer['offers_links'][0]['href'].removeprefix(market.url)
            answer = market.get(href).json()
        self.assertEqual([f'paged-{number}' for number in range(1, 5)], found)

    def test_what_is_not_in_the_language_is_a_400(self):
        for bad in ('[["cpus"', '{}', '[["a[?", "==", 1]]'):
            refused = self.market('umbrella-reader').get('/v1/offers', requirements=bad)
            self.assertEqual(400, refused.status_code)
            self.assertTrue(base.error(refused)['detail'].startswith('requirements'))


class OthersTest(base.MarketplaceTestCase):
    def test_an_owner_cannot_ask_for_the_lines_of_others(self):
        mine, other = self.offer('acme-member'), self.offer('initech-member')
        contract = self.good(
            self.market('umbrella-member').post(
                f'/v1/offers/{mine["uuid"]}/claim',
                {'offers': [other['uuid']], 'end_time': self.time(4)},
            )
        )
        for asked, found in (
            ({'owner_id': 'acme'}, True),
            ({'owner_id': 'initech'}, False),
            ({'resource_uuid': other['resource_uuid']}, False),
            ({'offer_uuid': other['uuid']}, False),
        ):
            rows = self.market('acme-reader').get('/v1/contracts', **asked).json()
            uuids = {each['uuid'] for each in rows['contracts']}
            self.assertEqual(found, contract['uuid'] in uuids, asked)

    def test_contracts_are_found_by_the_hardware_that_one_may_see(self):
        small, large = (
            self.offer(
                who,
                node=self.add_node(
                    owner=owner, resource_class='sought', properties={'cpus': cpus}
                ),
            )
            for who, owner, cpus in (
                ('acme-member', 'acme', 8),
                ('initech-member', 'initech', 64),
            )
        )
        market, made = self.market('umbrella-member'), []
        for name, first, more in (
            ('both', small, [large['uuid']]),
            ('one', small, []),
        ):
            start = len(made) * 4
            claim = {
                'name': name,
                'offers': more,
                'start_time': self.time(start + 1),
                'end_time': self.time(start + 4),
            }
            made.append(
                self.good(market.post(f'/v1/offers/{first["uuid"]}/claim', claim))
            )
        for who, asked, names in (
            ('umbrella-reader', [['cpus', '>=', 8]], ['both', 'one']),
            ('umbrella-reader', [['cpus', '>=', 64]], ['both']),
            ('umbrella-reader', [['cpus', '>=', 65]], []),
            ('initech-reader', [['cpus', '>=', 64]], ['both']),
            # The other server of the contract is none of the owner's business.
            ('acme-reader', [['cpus', '>=', 64]], []),
            ('acme-reader', [['cpus', '==', 8]], ['both', 'one']),
        ):
            found, path = [], '/v1/contracts?limit=1&resource_class=sought'
            path += f'&sort_key=start_time&requirements={json.dumps(asked)}'
            while path:
                answer = self.good(self.market(who).get(path), 200)
                found += [each['name'] for each in answer['contracts']]
                links = answer['contracts_links']
                path = links and links[0]['href'].removeprefix(self.market(who).url)
            self.assertEqual(names, found, (who, asked))
        refused = self.market('umbrella-reader').get('/v1/contracts', requirements='{}')
        self.assertEqual(400, refused.status_code)


class StatementsTest(base.MarketplaceTestCase):
    def test_a_longer_list_takes_no_more_statements(self):
        counts, seen = [], []
        engine = self.marketplace.database.engine

        def keep(connection, cursor, statement, *rest):
            seen.append(statement)

        for more in (1, 5):
            for _ in range(more):
                offer = self.offer()
                self.good(
                    self.market('umbrella-member').post(
                        f'/v1/offers/{offer["uuid"]}/claim', {'end_time': self.time(2)}
                    )
                )
                self.bid(hours=3)
            counts.append({})
            for kind in ('offers', 'bids', 'contracts', 'events', 'usage', 'book'):
                seen.clear()
                sa.event.listen(engine, 'before_cursor_execute', keep)
                self.good(self.market('umbrella-member').get(f'/v1/{kind}'), 200)
                sa.event.remove(engine, 'before_cursor_execute', keep)
                counts[-1][kind] = len(seen)
        self.assertEqual(*counts)


def _shown(row, name, of_line):
    return row['lines'][0][name] if of_line else row[name]


def _value(shown):
    """What is shown, as what it is compared as: an amount is a number."""
    if isinstance(shown, str) and shown.replace('.', '').isdigit() and '.' in shown:
        return decimal.Decimal(shown)
    return shown

# SPDX-License-Identifier: Apache-2.0
"""What ``openstack market`` does is done once, whatever becomes of the connection."""

import contextlib
import json
import pathlib
from unittest import mock

import fixtures
import requests
import tenacity

from flocxclient.sdk import market
from flocxclient.sdk import proxy
from tests.functional import test_client_tail


@contextlib.contextmanager
def losing(method):
    """The answer to the first request of this kind gets lost.

    Gives a list that has its status then.
    """
    send, lost = requests.Session.request, []

    def request(session, verb, url, **kwargs):
        response = send(session, verb, url, **kwargs)
        # A refusal of the version is no answer that matters.
        answered = verb == method and '/v1/' in url and response.status_code != 406
        if answered and not lost:
            lost.append(response.status_code)
            raise requests.ConnectionError('Connection aborted.')
        return response

    with (
        mock.patch.object(requests.Session, 'request', request),
        mock.patch.dict(proxy.RETRY, wait=tenacity.wait_fixed(0.01)),
        mock.patch.dict(market.AWAY, wait=tenacity.wait_fixed(0.01)),
    ):
        yield lost


class OnceTest(test_client_tail.CommandTestCase):
    def test_an_extension_whose_answer_is_lost_is_not_made_twice(self):
        offer, end = self.offer(hours=24)['uuid'], self.time(4)
        uuid = self.openstack(
            'umbrella-member', f'offer claim {offer} --end-time {end}'
        )['uuid']
        with losing('PATCH') as lost:
            found = self.end(f'extend {uuid} --by 2h')
        self.assertEqual([200], lost)
        self.assertEqual(test_client_tail.shifted(end, 2), found)

    def test_a_bid_whose_answer_is_lost_is_placed_once(self):
        with losing('POST') as lost:
            bid = self.openstack(
                'umbrella-member',
                'bid create --name lost-answer --price 1 --end-time +1d',
            )
        self.assertEqual([201], lost)
        found = self.openstack('umbrella-member', 'bid list --name', bid['name'])
        self.assertEqual([bid['uuid']], [each['UUID'] for each in found])

    def test_an_offer_whose_answer_is_lost_is_made_once(self):
        node = self.add_node()
        with losing('POST') as lost:
            offer = self.openstack(
                'acme-member', f'offer create {node} --price 1 --end-time +1d'
            )
        self.assertEqual([201], lost)
        found = self.openstack('acme-member', f'offer list --resource-uuid {node}')
        self.assertEqual([offer['uuid']], [each['UUID'] for each in found])

    def test_a_claim_whose_answer_is_lost_is_made_once(self):
        offer = self.offer()['uuid']
        with losing('POST') as lost:
            contract = self.openstack('umbrella-member', 'offer claim', offer)
        self.assertEqual([201], lost)
        found = self.openstack('umbrella-member', 'contract list --offer', offer)
        self.assertEqual([contract['uuid']], [each['UUID'] for each in found])

    def written(self, name, text):
        folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        (folder / name).write_text(text)
        return str(folder / name)

    def test_each_row_of_a_file_is_offered_once(self):
        nodes, end = (self.add_node(), self.add_node()), self.time(24)
        text = (
            'Server,name,Price,reclaim-notice\n'
            f'{nodes[0]},row-a,1.5,\n'
            f'nobody,,1,2h\n\n'
            f'{nodes[1]},row-b,cheap,2h\n'
        )
        command = 'acme-member', f'offer create --end-time {end} -f json --file'
        dry = self.assertRaises(
            *(test_client_tail.Failed, self.run_command, *command),
            *(self.written('offers.csv', text), '--dry-run'),
        )
        self.assertEqual([], self.openstack('acme-member', 'offer list --name row-a'))
        with losing('POST') as lost:
            failed = self.assertRaises(
                *(test_client_tail.Failed, self.run_command, *command),
                self.written('offers.csv', text),
            )
        self.assertEqual([201], lost)
        for outcome, first in ((dry, 'would offer'), (failed, 'created')):
            shown = json.loads(outcome.out)
            self.assertEqual([1, 2, 3], [each['row'] for each in shown['rows']])
            self.assertEqual((1, 2), tuple(shown.values())[:2])
            self.assertIn(first, shown['rows'][0]['result'])
            self.assertIn('nobody not found', shown['rows'][1]['error'])
            refusal = shown['rows'][2]['error']
            self.assertRegex(refusal, "^price: 'cheap' .* such as 1.25")
            self.assertIn('2 of 3: nobody: failed: ', str(outcome))
        mended = text.replace('cheap', '1.25').replace('nobody,,1,2h\n', '')
        for _ in range(2):
            shown = self.openstack(*command, self.written('offers.csv', mended))
            self.assertEqual((2, 0), (shown['created'], shown['failed']))
        for number, name in enumerate(('row-a', 'row-b')):
            (found,) = self.openstack('acme-member', f'offer list --name {name} --long')
            self.assertEqual(number * 7200 or None, found['Reclaim Notice'])

    def test_each_row_of_a_file_is_bid_once(self):
        path = self.written(
            'bids.yaml',
            '- {name: one, price: 1.10, require: [cpus>=1, cpu_arch=x86_64]}\n'
            '- {name: two, quantity: 2, duration: 2h, '
            f'end_time: "{self.time(48)}"}}\n',
        )
        terms = f'bid create --price 2 --end-time {self.time(24)} --file {path}'
        for _ in range(2):
            shown = self.openstack('umbrella-member', terms)
            self.assertEqual([None, None], [each['error'] for each in shown['rows']])
        found = self.openstack('umbrella-member', 'bid list --long')
        self.assertEqual(
            [('one', '1.100000', 2, 1), ('two', '2.000000', 0, 2)],
            sorted(
                (b['Name'], b['Price'], len(b['Requirements']), b['Quantity'])
                for b in found
                if b['Name'] in ('one', 'two')
            ),
        )
        self.openstack('umbrella-member', terms, '--idempotency-key', 'again')
        found = self.openstack('umbrella-member', 'bid list --name one')
        self.assertEqual(2, len(found))

    def test_a_file_that_is_none(self):
        for name, text, message in (
            ('a.csv', 'name,colour\nx,red\n', "row 1 has a column 'colour'; there"),
            ('a.csv', 'name,price\n', 'it has no rows'),
            ('a.csv', 'name\nx,1\n', 'row 1 has more cells than the heading'),
            ('a.yaml', 'name: x', 'it is not a list: begin each row with a dash'),
            ('a.yaml', '- {', 'it is not YAML'),
        ):
            path = self.written(name, text)
            refused = self.refused('umbrella-member', f'bid create --file {path}')
            self.assertIn(message, refused)
        self.assertIn(
            'No such file',
            self.refused('umbrella-member', 'bid create --file none.csv'),
        )
        message = self.refused('umbrella-member', f'bid create --wait --file {path}')
        self.assertIn('--file and wait do not go together', message)

    def test_a_key_of_ones_own(self):
        command = (
            'umbrella-member',
            f'bid create --price 1 --end-time {self.time(24)} --idempotency-key job-42',
        )
        self.assertEqual(
            self.openstack(*command)['uuid'], self.openstack(*command)['uuid']
        )
        message = self.refused(*command, '--name', 'other')
        self.assertIn('job-42 was used for another request', message)

    def test_no_answer_at_all(self):
        with (
            mock.patch.object(
                requests.Session, 'request', self._without_market(requests.Session)
            ),
            mock.patch.dict(proxy.RETRY, wait=tenacity.wait_fixed(0.01)),
        ):
            message = self.refused(
                'umbrella-member',
                'bid create --price 1 --end-time +1d --idempotency-key job-43',
            )
        self.assertIn('Is the service running', message)
        self.assertIn('idempotency key job-43', message)

    @staticmethod
    def _without_market(session):
        send = session.request

        def request(session, verb, url, **kwargs):
            if '/v1/' in url:
                raise requests.ConnectionError('refused')
            return send(session, verb, url, **kwargs)

        return request

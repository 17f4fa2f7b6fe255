# SPDX-License-Identifier: Apache-2.0
"""What ``openstack market`` does is done once, whatever becomes of the connection."""

import contextlib
from unittest import mock

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

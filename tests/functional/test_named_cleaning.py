# SPDX-License-Identifier: Apache-2.0
"""A site names the cleaning that every hand-back proves; offers show it."""

import json
import types
from unittest import mock

from flocx import exceptions
from flocx import metrics
from provider import cleaning_demands
from provider import reconciliation
from tests.functional import test_client

STEPS, RUNBOOK = 'deploy.erase_devices,raid.delete_configuration', 'CUSTOM_ERASE'
LATEST = {'OpenStack-API-Version': 'marketplace latest'}


class NamedCleaningTest(test_client.ClientTestCase):
    WORKERS = False
    OPTIONS = (
        ('provider', 'clean_steps', f'*:[{STEPS}]'),
        ('provider', 'clean_runbooks', f'gpu:{RUNBOOK}'),
    )

    def setUp(self):
        super().setUp()
        self.nodes = self.marketplace.provider.nodes
        self.name = self.add_node()
        self.published = self.offer(node=self.name)

    def rented(self):
        """A contract that is delivered; its uuid."""
        path = f'/v1/offers/{self.published["uuid"]}/claim'
        contract = self.good(self.market('umbrella-member').post(path))['uuid']
        self.fulfil()
        self.assertEqual([('active', None)], self.lines(contract))
        return contract

    def lines(self, contract):
        found = self.show('contracts', contract)['lines']
        return [(line['status'], line['reason']) for line in found]

    def release(self, contract):
        path = f'/v1/contracts/{contract}'
        self.good(self.market('umbrella-member').delete(path), 204)
        self.clock.advance(seconds=1)
        self.fulfil(4)

    def cleaned(self):
        uuid = self.marketplace.node(self.name).uuid
        return [text for each, text in self.nodes._cleaned if each == uuid]

    def reconcile(self):
        provider = self.marketplace.provider
        reconciliation.Reconciliation(
            self.marketplace.conf, provider.nodes, provider.marketplace, self.clock
        ).run(self.clock())

    def test_offers_show_it_and_are_found_by_it(self):
        gpu = self.offer(node=self.add_node(resource_class='gpu'))
        for offer, text in ((self.published, STEPS), (gpu, f'runbook:{RUNBOOK}')):
            done = self.run_command(
                *('umbrella-reader', 'offer', 'show', offer['uuid'], '-f', 'json')
            )
            self.assertEqual(text, json.loads(done.out)['cleaned_by'], done.err)
            found = self.run_command(
                *('umbrella-reader', 'offer', 'list', '--cleaned-by', text),
                *('-f', 'json'),
            )
            uuids = {each['UUID'] for each in json.loads(found.out)}
            self.assertIn(offer['uuid'], uuids)
            self.assertEqual(1, len(uuids & {self.published['uuid'], gpu['uuid']}))
        # The release before knows nothing of it.
        path = f'/v1/offers/{gpu["uuid"]}'
        self.assertNotIn('cleaned_by', self.show('offers', gpu['uuid']))
        self.assertIn(
            'cleaned_by', self.market('acme-reader').request('GET', path, LATEST).json()
        )

    def test_a_server_is_given_back_when_it_was_done(self):
        contract = self.rented()
        self.nodes._change(self.name, provision_state='active')
        self.release(contract)
        self.assertEqual([('ended', 'released')], self.lines(contract))
        self.assertEqual([STEPS], self.cleaned())
        node = self.marketplace.node(self.name)
        self.assertEqual((None, 'available'), (node.lessee, node.provision_state))
        # Once for each contract.
        self.release(self.rented())
        self.assertEqual([STEPS, STEPS], self.cleaned())

    def test_by_the_class_with_which_it_was_sold(self):
        contract = self.rented()
        self.nodes._change(self.name, resource_class='gpu')
        self.release(contract)
        self.assertEqual([STEPS], self.cleaned())
        self.assertEqual('baremetal', self.marketplace.node(self.name).resource_class)

    def test_what_its_owner_cleans_with_less_is_no_proof(self):
        """A cleaning that is short comes before the demanded one, or in its place."""
        clean, left = self.nodes.clean, 2
        trivial = cleaning_demands.Demand(('deploy.nothing',))

        def clean_first(uuid, demand):
            nonlocal left
            clean(uuid, trivial)
            if not left:
                clean(uuid, demand)
                return
            left -= 1
            # As Ironic answers where the owner was faster.
            raise exceptions.Conflict('Node is locked')

        contract = self.rented()
        with mock.patch.object(self.nodes, 'clean', clean_first):
            self.release(contract)
            for _ in range(3):
                self.clock.advance(minutes=2)
                self.fulfil()
        self.assertEqual([('ended', 'released')], self.lines(contract))
        done = [trivial.text] * 3 + [STEPS]
        self.assertEqual(done, self.cleaned())

    def test_another_cleaning_in_the_place_of_ours_is_none(self):
        """It was taken, then aborted, of which the history has nothing."""
        clean = self.nodes.clean
        trivial = cleaning_demands.Demand(('deploy.nothing',))
        contract = self.rented()
        with mock.patch.object(
            self.nodes, 'clean', lambda uuid, demand: clean(uuid, trivial)
        ):
            self.release(contract)
            self.clock.advance(minutes=2)
            self.fulfil(3)
        self.assertEqual([('error', 'clean_unproven')], self.lines(contract))
        self.assertEqual([trivial.text] * 2, self.cleaned())

    def test_without_proof_an_operator_sees_it(self):
        contract = self.rented()
        counter = metrics.NOT_GIVEN_BACK.labels('clean_unproven')
        before = counter._value.get()
        with mock.patch.object(self.nodes, 'history', autospec=True, return_value=[]):
            self.release(contract)
            for _ in range(5):
                self.clock.advance(minutes=1)
                self.fulfil()
                self.reconcile()
        self.assertEqual([('error', 'clean_unproven')], self.lines(contract))
        self.assertEqual(before + 1, counter._value.get())
        node = self.marketplace.node(self.name)
        self.assertNotIn(node.lessee, (None, 'umbrella'))
        told = self.good(
            self.market('acme-member').get('/v1/events', object_uuid=contract), 200
        )['events']
        self.assertEqual(
            ('contract.error', 'clean_unproven'),
            (told[-1]['type'], told[-1]['payload']['lines'][0]['reason']),
        )
        # Nobody else gets it meanwhile.
        claim = f'/v1/offers/{self.published["uuid"]}/claim'
        again = self.market('initech-member').post(claim, {'end_time': self.time(9)})
        self.assertEqual(404, again.status_code)
        # The way out: the operator has mended Ironic, and lets it be cleaned again.
        self.assertTrue(self.marketplace.node(self.name).maintenance)
        self.nodes._change(self.name, maintenance=False)
        self.reconcile()
        self.clock.advance(minutes=2)
        self.fulfil(4)
        self.assertEqual([('ended', 'clean_unproven')], self.lines(contract))
        node = self.marketplace.node(self.name)
        self.assertEqual((None, False), (node.lessee, node.maintenance))

    def test_what_makes_no_sense_is_refused(self):
        for steps, runbooks, expected in (
            ({'gpu': ['deploy.x']}, {'gpu': 'R'}, 'gpu is in both'),
            ({'gpu': ['erase']}, {}, 'gpu: expected steps like'),
            ({'gpu': []}, {}, 'gpu: expected steps like'),
        ):
            conf = types.SimpleNamespace(clean_steps=steps, clean_runbooks=runbooks)
            error = self.assertRaises(
                exceptions.Invalid, cleaning_demands.demands, conf
            )
            self.assertIn(expected, str(error))

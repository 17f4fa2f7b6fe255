# SPDX-License-Identifier: Apache-2.0
"""What the provider does for a line, whatever its node is like.

The nodes are the real dummy ones; the market is one that remembers reports and
refuses what the state table refuses.
"""

import copy
import datetime
import itertools
import pathlib
import types
import unittest
from unittest import mock

import fixtures
import testtools
import yaml

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import states
from flocx.core import window
from provider import fulfilment
from provider import heartbeat
from provider import teardown_steps
from provider.nodes import dummy

NOON = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)
QUARANTINE = 'quarantine'
S, R = core.Status, core.Reason


class Whatever(dict):
    """Equals every dictionary."""

    __hash__ = None

    def __eq__(self, other):
        return True


class Market:
    """As much of the market as a provider sees."""

    provider_id, resource_class, cleaned_by = 'provider', None, None

    def __init__(self):
        self.contracts, self.reports, self.refuse = [], [], ()
        self.kept = {}
        #: {offer: its resource class} where that is not the one of all.
        self.classes = {}
        self._numbers = itertools.count()

    def add(self, status, node='n1', provider='provider', **values):
        number = next(self._numbers)
        line = {
            'uuid': f'line-{number}',
            'provider_id': provider,
            'owner_id': 'acme',
            'offer_uuid': f'offer-{number}',
            'resource_uuid': node,
            'start_time': window.text(NOON),
            'end_time': window.text(NOON + HOUR),
            'status': str(status),
            'reason': None,
            'fulfill_time': None,
            **values,
        }
        contract = {
            'uuid': f'contract-{number}',
            'project_id': 'umbrella',
            'lines': [line],
        }
        self.contracts.append(contract)
        return line

    def due(self, before):
        return [
            {**contract, 'lines': [dict(line) for line in contract['lines']]}
            for contract in self.contracts
        ]

    def delivered(self, resource_uuid):
        found = self.due(None)
        for contract in found:
            contract['lines'] = [
                line
                for line in contract['lines']
                if line['resource_uuid'] == resource_uuid
                and line['status'] in core.OPEN - {S.CREATED}
            ]
        return found

    def offer(self, uuid):
        """One that says of its server what it is, whatever it is."""
        return {
            'uuid': uuid,
            'properties': Whatever(),
            'resource_class': self.classes.get(uuid, self.resource_class),
            'cleaned_by': self.cleaned_by,
        }

    def handover(self, contract_uuid, line_uuid):
        self._require_open(line_uuid)
        version, data = self.kept.get(line_uuid, (0, None))
        return {'version': version, 'data': copy.deepcopy(data)}

    def keep_handover(self, contract_uuid, line_uuid, version, data):
        if self.handover(contract_uuid, line_uuid)['version'] != version:
            raise exceptions.Conflict('version')
        self.kept[line_uuid] = version + 1, copy.deepcopy(data)
        return version + 1

    def _require_open(self, line_uuid):
        for contract in self.contracts:
            for line in contract['lines']:
                if line['uuid'] == line_uuid and line['status'] not in core.CLOSED:
                    return
        raise exceptions.NotFound(line_uuid)

    def report(self, contract_uuid, line_uuid, status, reason=None):
        for contract in self.contracts:
            for line in contract['lines']:
                if (contract['uuid'], line['uuid']) == (contract_uuid, line_uuid):
                    if line['status'] == status:
                        return line
                    states.require(
                        core.TRANSITIONS, 'Line', line_uuid, S(line['status']), status
                    )
                    if (line_uuid, status) in self.refuse:
                        raise exceptions.Unavailable('The market does not answer')
                    self.reports.append((line_uuid, str(status), reason))
                    line.update(status=str(status), reason=reason or line['reason'])
                    if status == S.ACTIVE:
                        line['fulfill_time'] = line['fulfill_time'] or 'then'
                    is_open = status not in core.CLOSED
                    kept = is_open and self.handover(contract_uuid, line_uuid)
                    return {**line, 'handover': kept or None}
        raise exceptions.NotFound(line_uuid)


def minutes(number):
    return number * datetime.timedelta(minutes=1)


def _asked(verb):
    """The provision states in which ``verb`` is asked for."""
    return [state for state, asked in teardown_steps.NEXT.items() if asked == verb]


class FulfilmentTestCase(testtools.TestCase):
    def setUp(self):
        super().setUp()
        self.log = self.useFixture(fixtures.FakeLogger())
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        conf = types.SimpleNamespace(
            provider=types.SimpleNamespace(
                dummy_nodes_dir=str(self.folder),
                dummy_console_url=None,
                fulfil_interval=10,
                retry_interval=2,
                retry_max_interval=60,
                delivery_deadline=900,
                quarantine_project_id=QUARANTINE,
                quarantine_wait=5,
                undeploy_unclaimed=True,
                clean_steps={},
                clean_runbooks={},
                workers=2,
            )
        )
        self.nodes = dummy.DummyNodes(conf)
        self.market = Market()
        self.now = NOON
        self.fulfilment = fulfilment.Fulfilment(
            conf, self.nodes, self.market, clock=lambda with_timezone: self.now
        )
        # The whole wait, without its random part.
        self.fulfilment._backoff._draw = lambda: 1
        self.node()

    def node(self, name='n1', **values):
        fields = {'uuid': name, 'owner': 'acme', **values}
        (self.folder / f'{name}.yaml').write_text(yaml.safe_dump(fields))

    def end(self, minutes=60, expect='nobody'):
        """Pass after pass until the node has been cleaned and given back."""
        for minute in range(minutes, minutes + 4):
            self.run_at(minute)
        self.assertEqual(expect, self.nodes.get('n1').lessee or 'nobody')

    def run_at(self, number, expect=None):
        """One pass, so many minutes after the start of the contract."""
        self.now = NOON + minutes(number)
        again = self.fulfilment.run(self.now)
        if expect is not None:
            self.assertEqual(expect, self.nodes.get('n1').lessee or 'nobody')
        return again


class SeveralTest(FulfilmentTestCase):
    def other(self):
        """A second fulfiller, which remembers nothing of this one's."""
        other = copy.copy(self.fulfilment)
        other._memories = {}
        return other

    def test_who_waits_for_ironic_does_not_disturb_who_gives_the_node_back(self):
        """Ironic may hold a request for as long as another fulfiller needs."""
        for state in ('available', 'active'):
            with self.subTest(state=state):
                self.is_undisturbed(state)

    def is_undisturbed(self, state):
        self.market.contracts.clear()
        self.node()
        line = self.market.add(S.CREATED)
        self.run_at(0, 'umbrella')
        self.nodes._change('n1', provision_state=state)
        prepare, provision = self.nodes.prepare_cleaning, self.nodes.provision
        other, asked = self.other(), []

        def held(node):
            prepare(node)
            if not asked:
                asked.append(node.uuid)
                for minute in range(62, 67):
                    self.now = NOON + minutes(minute)
                    other.run(self.now)
                self.assertEqual('ended', line['status'])
                self.nodes.provision = mock.Mock()

        self.nodes.prepare_cleaning = held
        self.run_at(60)
        self.run_at(61)
        self.assertTrue(asked)
        self.nodes.provision.assert_not_called()
        self.nodes.prepare_cleaning, self.nodes.provision = prepare, provision

    def test_what_is_remembered_is_read_again_before_a_node_is_given_back(self):
        """Another one has done that; it is in quarantine for the next line."""
        line = self.market.add(S.CREATED)
        self.run_at(0, 'umbrella')
        self.nodes._change('n1', power_state='power on')
        with mock.patch.object(self.nodes, 'power_off', autospec=True):
            self.run_at(60)
            self.run_at(61, QUARANTINE)
        ((_, kept),) = self.market.kept.values()
        self.assertEqual('returned', kept['phase'])
        stale, other = copy.deepcopy(self.market.contracts), self.other()
        self.now = NOON + minutes(62)
        other.run(self.now)
        self.assertEqual('ended', line['status'])
        self.node(lessee=QUARANTINE, automated_clean=True)
        self.market.due = lambda before: copy.deepcopy(stale)
        self.run_at(66, QUARANTINE)


class AtWorkTest(FulfilmentTestCase):
    def test_a_pass_says_so_where_nothing_is_due_and_before_each_try(self):
        beating = mock.create_autospec(heartbeat.Heartbeat, instance=True)
        self.fulfilment._heartbeat = beating
        self.run_at(0)
        beating.beat.assert_called_once_with(self.now)
        self.market.add(S.CREATED)
        self.run_at(1, 'umbrella')
        self.assertEqual(3, beating.beat.call_count)


class StepTest(unittest.TestCase):
    """The table of the module, line by line; whatever is not in it is left alone."""

    BEGUN = {
        S.CREATED: fulfilment.Step.BEGIN,
        S.WAIT_FULFILL: fulfilment.Step.BEGIN,
    }
    ANY_TIME = {
        S.WAIT_END: fulfilment.Step.FINISH,
        S.WAIT_CANCEL: fulfilment.Step.CANCEL,
    }
    PAST = {
        S.CREATED: fulfilment.Step.MISS,
        S.WAIT_FULFILL: fulfilment.Step.MISS,
        S.ACTIVE: fulfilment.Step.FINISH,
    }

    def test_table(self):
        for status in core.Status:
            line = {
                'status': str(status),
                'start_time': window.text(NOON),
                'end_time': window.text(NOON + HOUR),
            }
            second = datetime.timedelta(seconds=1)
            for now, due in (
                (NOON - second, self.ANY_TIME),
                (NOON, {**self.ANY_TIME, **self.BEGUN}),
                (NOON + HOUR - second, {**self.ANY_TIME, **self.BEGUN}),
                (NOON + HOUR, {**self.ANY_TIME, **self.PAST}),
            ):
                with self.subTest(status=status, now=now):
                    self.assertEqual(due.get(status), fulfilment.due_step(line, now))


class BeginTest(FulfilmentTestCase):
    def test_what_was_closed_meanwhile_is_not_handed_over(self):
        line = self.market.add(S.CREATED)
        stale = self.market.due(NOON)
        line.update(status=str(S.CANCELLED))
        self.market.due = lambda before: stale
        self.fulfilment.run(NOON)
        self.assertIsNone(self.nodes.get('n1').lessee)

    def test_d31_d39_the_lessee_is_set_at_the_start_and_not_before(self):
        line = self.market.add(S.CREATED)
        self.assertEqual(NOON, self.run_at(-1, 'nobody'))
        self.assertEqual('created', line['status'])
        self.run_at(0, 'umbrella')
        self.assertEqual('active', line['status'])

    def test_it_is_repeatable_after_a_crash_between_its_effects(self):
        line = self.market.add(S.CREATED)
        self.nodes.set_lessee('n1', 'umbrella')
        self.run_at(1, 'umbrella')
        self.assertEqual('active', line['status'])
        self.run_at(2, 'umbrella')
        self.assertEqual([('line-0', 'active', None)], self.market.reports)

    def test_d42_a_node_that_is_not_ready_is_waited_for(self):
        for values in (
            {'provision_state': 'active', 'instance_uuid': 'i1'},
            {'provision_state': 'cleaning'},
            {'provision_state': 'manageable'},
            {'maintenance': True},
            {'lessee': 'somebody'},
        ):
            self.market = Market()
            self.fulfilment._marketplace = self.market
            self.node(**values)
            line = self.market.add(S.CREATED)
            self.assertEqual(
                NOON + datetime.timedelta(minutes=1, seconds=2), self.run_at(1)
            )
            self.assertEqual('wait_fulfill', line['status'])
            self.assertNotEqual('umbrella', self.nodes.get('n1').lessee)
            self.run_at(2)
            self.assertEqual(1, len(self.market.reports))
            self.node()
            self.run_at(3, 'umbrella')
            self.assertEqual('active', line['status'])

    def test_a_node_that_is_gone_is_given_up_with_a_reason(self):
        line = self.market.add(S.CREATED, node='gone')
        for minutes in (0, 1, 14):
            self.run_at(minutes)
            self.assertEqual(
                ('wait_fulfill', 'node_gone'), (line['status'], line['reason'])
            )
        self.run_at(16)
        self.assertEqual(('cancelled', 'node_gone'), (line['status'], line['reason']))

    def test_what_cannot_be_handed_over_is_given_up_at_the_deadline(self):
        self.node(provision_state='active', instance_uuid='i1')
        line = self.market.add(S.CREATED)
        for minutes in (0, 1, 14):
            self.run_at(minutes, 'nobody')
            self.assertEqual('wait_fulfill', line['status'])
        self.run_at(15, 'nobody')
        self.assertEqual(
            ['wait_fulfill', 'wait_cancel', 'cancelled'],
            [status for _, status, _ in self.market.reports],
        )
        self.assertEqual('node_in_use', line['reason'])
        self.assertEqual('active', self.nodes.get('n1').provision_state)

    def test_a_fulfiller_that_was_away_tries_before_it_gives_up(self):
        self.node(maintenance=True)
        line = self.market.add(S.CREATED)
        for minutes in (40, 41):
            self.run_at(minutes)
            self.assertEqual('wait_fulfill', line['status'])
        self.node()
        self.run_at(42, 'umbrella')
        self.assertEqual('active', line['status'])

    def test_the_node_of_another_owner_is_not_handed_over(self):
        self.node(owner='initech')
        line = self.market.add(S.CREATED)
        self.run_at(0, 'nobody')
        self.assertEqual(
            ('wait_cancel', 'owner_changed'), (line['status'], line['reason'])
        )
        self.run_at(1, 'nobody')
        self.assertEqual('cancelled', line['status'])

    def test_b_what_runs_for_nobody_is_undeployed(self):
        """Five claims got nothing, and nobody undeployed it."""
        for state in ('active', 'deploy failed', 'error', 'rescue'):
            self.market = self.fulfilment._marketplace = Market()
            self.node(provision_state=state)
            line = self.market.add(S.CREATED)
            self.run_at(1, 'nobody')
            self.assertEqual('wait_fulfill', line['status'])
            self.assertEqual('available', self.nodes.get('n1').provision_state)
            self.run_at(2, 'umbrella')
            self.assertEqual('active', line['status'])

    def test_what_runs_for_somebody_is_left_to_them(self):
        for values in (
            {'instance_uuid': 'i1'},
            {'maintenance': True},
            {'protected': True},
            # As Ironic itself does it: [conductor] automatic_lessee_source.
            {'lessee': 'umbrella'},
            {'lessee': 'acme'},
        ):
            self.market = self.fulfilment._marketplace = Market()
            self.node(provision_state='active', **values)
            line = self.market.add(S.CREATED, uuid=f'line of {values}')
            for minutes in (1, 2):
                self.run_at(minutes)
                self.assertEqual('wait_fulfill', line['status'], values)
            self.assertEqual('active', self.nodes.get('n1').provision_state, values)

    def test_nothing_is_undeployed_where_the_site_does_not_want_it(self):
        self.fulfilment._conf.undeploy_unclaimed = False
        self.node(provision_state='active')
        line = self.market.add(S.CREATED)
        self.run_at(1, 'nobody')
        self.assertEqual('node_in_use', line['reason'])
        self.assertEqual('active', self.nodes.get('n1').provision_state)

    def test_the_next_contract_of_the_same_renter_waits_for_the_end_of_the_last(self):
        """Its lessee is there already, and what runs there has to go."""
        self.node(lessee='umbrella', provision_state='active')
        start = window.text(NOON - HOUR)
        following = self.market.add(S.CREATED)
        last = self.market.add(
            S.ACTIVE, start_time=start, end_time=window.text(NOON), name='last'
        )
        self.run_at(0, 'quarantine')
        self.assertEqual(('wait_end', 'created'), (last['status'], following['status']))
        self.run_at(1, 'umbrella')
        self.assertEqual(('ended', 'active'), (last['status'], following['status']))

    def test_the_next_contract_does_not_wait_for_the_last_for_ever(self):
        """It is given up at the deadline, and another server may still be found."""
        self.node(lessee='umbrella', provision_state='cleaning')
        start = window.text(NOON - HOUR)
        last = self.market.add(S.ACTIVE, start_time=start, end_time=window.text(NOON))
        following = self.market.add(S.CREATED)
        self.market.contracts[-1]['project_id'] = 'initech'
        for minutes in (0, 1, 14):
            self.run_at(minutes, 'quarantine')
            self.assertEqual(
                ('wait_end', 'created'), (last['status'], following['status'])
            )
        self.run_at(15, 'quarantine')
        self.assertEqual(
            ('wait_end', 'wait_cancel', R.NOT_DELIVERED),
            (last['status'], following['status'], following['reason']),
        )
        self.node(lessee='quarantine')
        self.end(16)
        self.assertEqual(('ended', 'cancelled'), (last['status'], following['status']))

    def test_what_an_earlier_contract_left_uncleaned_is_not_handed_over(self):
        self.node(lessee='umbrella', provision_state='clean failed')
        line = self.market.add(S.CREATED)
        self.run_at(0)
        self.assertEqual('wait_fulfill', line['status'])

    def test_the_end_came_first(self):
        for status in (S.CREATED, S.WAIT_FULFILL):
            # The fulfiller was killed before it could say that it had handed it over.
            self.node(lessee='umbrella')
            line = self.market.add(status)
            self.end()
            self.assertEqual(
                ('ended', R.NOT_DELIVERED), (line['status'], line['reason'])
            )

    def test_what_other_providers_deliver_is_not_touched(self):
        line = self.market.add(S.CREATED, provider='other')
        self.assertIsNone(self.run_at(0, 'nobody'))
        self.assertEqual('created', line['status'])

    def test_d33_one_broken_line_does_not_hold_up_the_others(self):
        self.node('n2')
        broken, fine = self.market.add(S.CREATED), self.market.add(S.CREATED, 'n2')
        # No project of Keystone has such an id, and YAML cannot write it.
        self.market.contracts[0]['project_id'] = object()
        self.run_at(0)
        self.assertEqual(('created', 'active'), (broken['status'], fine['status']))
        self.assertIn('failed and will be tried again', self.log.output)


class FinishTest(FulfilmentTestCase):
    def test_d40_a_deployed_node_is_undeployed_and_cleaned_before_it_goes_back(self):
        for state in _asked('deleted'):
            self.market.contracts.clear()
            self.market.reports.clear()
            self.node(
                lessee='umbrella',
                provision_state=state,
                power_state='power on',
                protected=True,
            )
            line = self.market.add(S.ACTIVE)
            self.run_at(59, 'umbrella')
            self.assertEqual(state, self.nodes.get('n1').provision_state)
            self.run_at(60, 'quarantine')
            self.assertEqual('wait_end', line['status'])
            self.assertEqual(state, self.nodes.get('n1').provision_state)
            self.end(61)
            self.assertEqual(('ended', R.EXPIRED), (line['status'], line['reason']))
            node = self.nodes.get('n1')
            self.assertEqual(
                ('available', 'power off', False),
                (node.provision_state, node.power_state, node.protected),
            )

    def test_a_node_on_its_way_is_only_waited_for(self):
        for state in teardown_steps.ON_ITS_WAY:
            self.market.contracts.clear()
            self.node(lessee='umbrella', provision_state=state)
            line = self.market.add(S.WAIT_END)
            self.end(61, 'quarantine')
            self.assertEqual('wait_end', line['status'])
            self.assertEqual(state, self.nodes.get('n1').provision_state)

    def test_a_node_that_was_set_aside_is_provided_again(self):
        for verb in ('abort', 'manage', 'provide', 'unhold'):
            for state in _asked(verb):
                self.market.contracts.clear()
                self.node(lessee='umbrella', provision_state=state)
                line = self.market.add(S.ACTIVE)
                for minutes in range(60, 68):
                    self.run_at(minutes)
                self.assertEqual('ended', line['status'], state)
                self.assertIsNone(self.nodes.get('n1').lessee)

    def test_what_the_renter_cleaned_by_hand_is_cleaned_again(self):
        for state in teardown_steps.NEXT_BY_HAND:
            self.market.contracts.clear()
            self.node(
                lessee='umbrella',
                provision_state=state,
                target_provision_state='manageable',
            )
            line = self.market.add(S.ACTIVE)
            for minutes in range(60, 68):
                self.run_at(minutes)
            self.assertEqual('ended', line['status'], state)

    def test_the_console_is_taken_away(self):
        self.node(lessee='umbrella', console_enabled=True)
        self.market.add(S.ACTIVE)
        self.end()
        self.assertFalse(self.nodes.get('n1').console_enabled)

    def test_what_is_deployed_in_the_last_moment_is_emptied_again(self):
        self.node(lessee='umbrella')
        line = self.market.add(S.ACTIVE)
        clear = self.nodes.clear_lessee

        def deploys_first(uuid, *parties):
            # What would have to happen for it, nobody has a right to any more.
            clear(uuid, *parties)
            self.node(provision_state='wait call-back')
            return self.nodes.get(uuid)

        self.nodes.clear_lessee = deploys_first
        self.end(expect='quarantine')
        self.assertEqual('wait_end', line['status'])
        self.nodes.clear_lessee = clear
        self.end(64)
        self.assertEqual('ended', line['status'])
        self.assertEqual('available', self.nodes.get('n1').provision_state)

    def test_a_node_that_could_not_be_cleaned_does_not_go_back_on_sale(self):
        provision = self.nodes.provision

        def fails(uuid, target):
            provision(uuid, target)
            if target == 'provide':
                self.nodes._change(uuid, provision_state='clean failed')

        self.nodes.provision = fails
        for status in (S.ACTIVE, S.WAIT_END, S.WAIT_CANCEL):
            self.market.contracts.clear()
            # That it failed before, under the renter, is no reason yet.
            self.node(lessee='umbrella', provision_state='clean failed')
            line = self.market.add(status)
            self.end(61, 'quarantine')
            self.assertEqual(
                ('error', R.CLEAN_FAILED), (line['status'], line['reason'])
            )

    def test_the_lessee_is_cleared_only_if_it_is_still_ours(self):
        self.node(lessee='somebody', provision_state='active', power_state='power on')
        line = self.market.add(S.ACTIVE)
        self.run_at(60, 'somebody')
        self.assertEqual('ended', line['status'])
        self.assertEqual('active', self.nodes.get('n1').provision_state)

    def test_a_reason_that_is_known_stays(self):
        self.node(lessee='umbrella')
        line = self.market.add(S.ACTIVE, reason='released')
        self.end()
        self.assertEqual(('ended', 'released'), (line['status'], line['reason']))

    def test_a_node_that_is_gone_ends_its_line(self):
        line = self.market.add(S.ACTIVE, node='gone')
        self.run_at(60)
        self.assertEqual('ended', line['status'])

    def test_a_lost_report_is_said_again(self):
        self.node(lessee='umbrella')
        line = self.market.add(S.ACTIVE)
        self.market.refuse = (('line-0', S.ENDED),)
        self.end()
        self.assertEqual('wait_end', line['status'])
        self.market.refuse = ()
        self.run_at(65, 'nobody')
        self.assertEqual('ended', line['status'])

    def test_nothing_is_taken_back_before_the_market_knows(self):
        self.node(lessee='umbrella', provision_state='active')
        self.market.add(S.ACTIVE)
        self.market.refuse = (('line-0', S.WAIT_END),)
        self.run_at(60, 'umbrella')
        self.assertEqual('active', self.nodes.get('n1').provision_state)


class CancelTest(FulfilmentTestCase):
    def test_cancelled_before_anything_was_done(self):
        line = self.market.add(S.WAIT_CANCEL, reason='cancelled')
        self.run_at(-30, 'nobody')
        self.assertEqual(('cancelled', 'cancelled'), (line['status'], line['reason']))

    def test_cancelled_while_it_was_handed_over(self):
        self.node(lessee='umbrella', provision_state='active')
        line = self.market.add(S.WAIT_CANCEL, reason='cancelled')
        self.run_at(1, 'quarantine')
        self.assertEqual('wait_cancel', line['status'])
        self.end(2)
        self.assertEqual('cancelled', line['status'])


class SubletTest(FulfilmentTestCase):
    """The server of a line whose renter has sub-let it."""

    def test_its_line_does_not_end_before_what_was_sublet_is_back(self):
        line = self.market.add(S.ACTIVE)
        sublet = self.market.add(S.ACTIVE, owner_id='umbrella', sublet_of=line['uuid'])
        self.market.contracts[1]['project_id'] = 'wing'
        self.node(lessee='wing', provision_state='cleaning')
        self.run_at(61, expect='quarantine')
        self.assertEqual(S.WAIT_END, line['status'])
        self.node(lessee='quarantine')
        self.run_at(62)
        self.assertEqual([S.WAIT_END, S.ENDED], [line['status'], sublet['status']])
        self.end(63)
        self.assertEqual([S.ENDED] * 2, [line['status'], sublet['status']])

    def test_what_comes_back_while_it_is_looked_at_is_taken_back(self):
        line = self.market.add(S.ACTIVE)
        self.node(lessee='wing')
        delivered = self.market.delivered

        def comes_back(**params):
            self.node(lessee='umbrella')
            return delivered(**params)

        self.market.delivered = comes_back
        self.end(61)
        self.assertEqual(S.ENDED, line['status'])

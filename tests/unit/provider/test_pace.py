# SPDX-License-Identifier: Apache-2.0
"""How often a fulfiller tries again, and what another one may do meanwhile."""

import copy
import datetime
import types

from flocx import exceptions
from flocx.core import contract as core
from provider import fulfilment
from tests.unit.provider import test_fulfilment

NOON, HOUR = test_fulfilment.NOON, test_fulfilment.HOUR
S = core.Status


class PaceTest(test_fulfilment.FulfilmentTestCase):
    def waits(self, times, error=None):
        """The seconds between so many tries that fail with ``error``."""

        def refuse(uuid, project_id):
            raise error

        if error:
            self.nodes.set_lessee = refuse
        now, found = NOON, []
        for _ in range(times):
            again = self.fulfilment.run(now)
            found.append((again - now).total_seconds())
            now = again
        return found

    def test_what_fails_is_tried_again_later_each_time(self):
        self.market.add(S.CREATED)
        self.assertEqual(
            [2, 4, 8, 16, 32, 60, 60], self.waits(7, exceptions.Unavailable('busy'))
        )

    def test_what_takes_its_time_is_looked_at_with_each_pass(self):
        self.node(provision_state='cleaning')
        self.market.add(S.CREATED)
        self.assertEqual([2, 4, 8, 10, 10], self.waits(5))

    def test_what_is_forbidden_is_not_tried_again_at_once(self):
        for kind in (exceptions.Forbidden, exceptions.Invalid):
            self.market.contracts.clear()
            self.market.add(S.CREATED)
            self.assertEqual([60, 60], self.waits(2, kind('no')))
            self.assertIn('cannot be dealt with: no', self.log.output)

    def test_a_line_that_waits_does_not_hold_up_the_others(self):
        self.node(provision_state='cleaning')
        self.node('n2')
        self.market.add(S.CREATED)
        other = self.market.add(S.CREATED, 'n2')
        self.fulfilment.run(NOON)
        self.assertEqual('active', other['status'])

    def test_news_of_a_node_end_its_wait(self):
        self.node(maintenance=True)
        line = self.market.add(S.CREATED)
        for minutes in (0, 1, 2):
            self.run_at(minutes)
        self.node()
        second = datetime.timedelta(seconds=1)
        now = NOON + datetime.timedelta(minutes=2) + second
        self.fulfilment.hurry({'another'}, now)
        self.fulfilment.run(now)
        self.assertEqual('wait_fulfill', line['status'])
        self.fulfilment.hurry({'n1'}, now)
        self.fulfilment.run(now)
        self.assertEqual('active', line['status'])

    def test_the_next_pass_is_due_when_the_next_line_is(self):
        self.market.add(S.CREATED)
        self.assertEqual(NOON, self.run_at(-5))
        self.node(lessee='umbrella')
        self.market.contracts.clear()
        self.market.add(S.ACTIVE)
        self.assertEqual(NOON + HOUR, self.run_at(5))

    def test_nothing_is_due_when_all_is_closed(self):
        for status in core.CLOSED:
            self.market.add(status)
        self.assertIsNone(self.run_at(5))

    def test_two_fulfillers_do_no_harm(self):
        line = self.market.add(S.CREATED)
        other = fulfilment.Fulfilment(
            types.SimpleNamespace(provider=self.fulfilment._conf),
            self.nodes,
            self.market,
        )
        stale = dict(line)
        other.run(NOON)
        self.assertEqual('active', line['status'])
        # What the other did not know yet when it read the contracts.
        contract = {**self.market.contracts[0], 'lines': [stale]}
        self.fulfilment._deliver(contract, stale, NOON)
        self.assertEqual('umbrella', self.nodes.get('n1').lessee)
        self.assertEqual('active', line['status'])


class TwoFulfillersTest(test_fulfilment.FulfilmentTestCase):
    """Another fulfiller has closed a line since this one has read it."""

    def test_what_was_handed_over_for_a_closed_line_is_taken_back(self):
        line = self.market.add(S.CREATED)
        before = self.nodes.set_lessee

        def meanwhile(uuid, project):
            before(uuid, project)
            line['status'] = str(S.CANCELLED)

        self.nodes.set_lessee = meanwhile
        self.run_at(1, 'quarantine')
        self.assertEqual('cancelled', line['status'])
        # From there it is taken back without a line, by the comparison of all servers.

    def test_what_is_the_same_renters_again_is_not_taken_back(self):
        for status, closed in (
            (S.ACTIVE, S.ENDED),
            (S.WAIT_END, S.ENDED),
            (S.WAIT_CANCEL, S.CANCELLED),
        ):
            self.market = self.fulfilment._marketplace = test_fulfilment.Market()
            self.node(lessee='umbrella', provision_state='active')
            line = self.market.add(status, uuid=f'line-{status}')
            stale = copy.deepcopy(self.market.contracts)
            line['status'] = str(closed)
            self.market.due = lambda before, stale=stale: stale
            self.run_at(61, 'umbrella')
            self.assertEqual('active', self.nodes.get('n1').provision_state)

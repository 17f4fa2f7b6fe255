# SPDX-License-Identifier: Apache-2.0
"""Deliver contracts: hand servers over when they start, take them back at the end.

Every step can be repeated: it looks at the node and does what is missing. So a
crash between any two effects costs a pass, and two fulfillers do no harm.

===========================  ====================================================
line                         what is done
===========================  ====================================================
created, wait_fulfill;       node ready: off its networks, console and power off;
begun                        how it is written down; lessee set, verified,
                             ``active``; else ``wait_fulfill``; not ready at the
                             deadline: ``wait_cancel``, for which the market looks
                             for another server; past its end: ``ended``
active, wait_end; past       ``wait_end``, then taken back (``provider.teardown``):
                             ``ended``
wait_cancel                  the same, then ``cancelled``
sub-let; begun               the lessee is its owner's still and the node
                             ``available``: as above, else ``wait_fulfill``.
                             Nothing of its owner's is undeployed for it
sub-let; past its end        as above, but the lessee is who has sub-let it again;
                             the market ends their line after it
===========================  ====================================================

What Ironic does not do now is tried again, later each time (``provider.backoff``).
"""

from concurrent import futures
import datetime
import enum

from oslo_log import log
from oslo_utils import timeutils

from flocx import coordination
from flocx import exceptions
from flocx import metrics
from flocx.core import contract as core
from flocx.core import window
from provider import backoff
from provider import cleaning_demands
from provider import delivery
from provider import hand_back
from provider import handover
from provider import offered_hardware
from provider import scheduling
from provider import teardown
from provider.nodes import limited

LOG = log.getLogger(__name__)
_S, _R = core.Status, core.Reason

#: A busy Ironic, a locked node, a market that is away: these pass.
_PASSING = (exceptions.Conflict, exceptions.Unavailable)

#: So often a line is tried at least before it is given up: a fulfiller that was away
#: over the deadline should not give up because Ironic hiccups once.
_TRIES = 3

#: So many servers are dealt with for each that Ironic is asked about: others wait for
#: the market, which takes what many of them report with one request.
_TOGETHER = 4

_FAILED = 'failed and will be tried again'

#: In these a line is over, and its node is taken back.
_TAKEN_BACK = {_S.WAIT_END, _S.WAIT_CANCEL}


class Step(enum.StrEnum):
    """What is due for a line; the name of the method that does it."""

    BEGIN = '_begin'
    MISS = '_miss'
    FINISH = '_finish'
    CANCEL = '_cancel'


class Fulfilment(delivery.Delivery, hand_back.HandBack):
    """Delivers the lines that the market has for this provider."""

    def __init__(
        self,
        conf,
        nodes,
        marketplace,
        sharing=None,
        clock=timeutils.utcnow,
        heartbeat=None,
    ):
        """What delivers lines.

        :param sharing: which nodes are this fulfiller's; all unless it is given.
        :param heartbeat: a provider.heartbeat.Heartbeat, where the market is to know
            that this fulfiller is at work.
        :param clock: called with ``with_timezone=True``, returns aware UTC.
        """
        self._conf, self._marketplace = conf.provider, marketplace
        self._nodes = nodes = limited.LimitedNodes(nodes, self._conf.workers)
        self._sharing = sharing or coordination.NoSharding()
        self._clock, self._heartbeat = clock, heartbeat
        #: Nodes that were emptied or cleaned when all were looked at together.
        self._cleaned = set()
        #: {uuid of a line that is taken back: what was last known of its handover}.
        self._memories = {}
        self._backoff = backoff.Backoff(
            self._conf.retry_interval, self._conf.retry_max_interval
        )
        self._hardware = offered_hardware.OfferedHardware(
            self._conf, nodes, marketplace
        )
        self._teardown = teardown.Teardown(
            nodes,
            self._conf.quarantine_wait,
            clock,
            cleaning_demands.demands(self._conf),
        )

    def hurry(self, node_uuids, now):
        """Let the next pass look at these nodes, however often they have failed."""
        self._backoff.hurry(node_uuids, now)

    def run(self, now):
        """Do what is due at ``now``; return when the next thing is due, or None."""
        self._sharing.refresh()
        self._beat()
        ahead = datetime.timedelta(seconds=self._conf.fulfil_interval)
        own = self._marketplace.provider_id
        lines = [
            (contract, line)
            for contract in self._marketplace.due(now + ahead)
            for line in contract['lines']
            if line['provider_id'] == own and self._sharing.mine(line['resource_uuid'])
        ]
        due = [each for each in lines if due_step(each[1], now)]
        metrics.DUE.set(len(due))
        metrics.LAG.set(max((scheduling.late(line, now) for _, line in due), default=0))
        self._backoff.keep([line for _, line in lines])
        for uuid in self._memories.keys() - {line['uuid'] for _, line in due}:
            del self._memories[uuid]
        for memory in self._memories.values():
            memory.begin_pass()
        self._wait_for_cleaning([line for _, line in due], now)
        # What begins now may end before the next pass.
        later = [
            moment
            for _, line in lines
            if line['status'] not in core.CLOSED
            for moment in scheduling.moments(line)
            if moment > now
        ]
        with futures.ThreadPoolExecutor(_TOGETHER * self._conf.workers) as executor:
            list(
                executor.map(lambda each: self._in_turn(each, now), scheduling.of(due))
            )
        waiting = (self._backoff.until(line) for _, line in lines)
        return min([*later, *filter(None, waiting)], default=None)

    def _beat(self):
        if self._heartbeat:
            self._heartbeat.beat(self._clock(with_timezone=True))

    def _wait_for_cleaning(self, due, now):
        """Let lines wait on whose nodes are emptied or cleaned, as one request says.

        Many end at the same time, and each would be looked at again and again.
        """
        waiting = {
            line['resource_uuid']: line
            for line in due
            if line['status'] in _TAKEN_BACK and self._backoff.until(line)
        }
        if not any(self._backoff.is_over(line, now) for line in waiting.values()):
            return
        quarantine = self._quarantine()
        try:
            found = self._nodes.leased_to(quarantine)
        except exceptions.FlocxError as error:
            # Each of them finds out by itself.
            LOG.info('Nodes in quarantine cannot be listed: %s', error)
            return
        cleaned, self._cleaned = (
            self._cleaned,
            {
                node.uuid
                for node in found
                if node.uuid in waiting
                and self._teardown.goes_on_alone(node, quarantine)
            },
        )
        self._backoff.hurry(cleaned - self._cleaned, now)
        most = min(self._conf.fulfil_interval, self._conf.retry_max_interval)
        until = now + datetime.timedelta(seconds=most / 2)
        for uuid in self._cleaned:
            # All until the same moment, so that they are looked at together again.
            if self._backoff.is_over(waiting[uuid], now):
                self._backoff.wait_until(waiting[uuid], until)

    def _in_turn(self, due, now):
        """Deliver the lines of one node: the next may begin when the last has ended.

        They may be of one renter, so that the lessee does not tell them apart.
        """
        for place, (contract, line) in enumerate(due):
            if not self._backoff.is_over(line, now) or not self._deliver(
                contract, line, now
            ):
                self._keep_waiting(due[place + 1 :], now)
                return
            self._backoff.forget(line)
            if due[place + 1 :]:
                # What has waited for this one waits no longer.
                self._backoff.hurry({line['resource_uuid']}, now)

    def _keep_waiting(self, due, now):
        """Give up what waits for an earlier line of its node when its time is over."""
        for contract, line in due:
            if self._backoff.is_over(line, now):
                self._backoff.wait(line, now, self._conf.fulfil_interval)
                self._gives_up(contract, line, now)

    def _deliver(self, contract, line, now):
        """Whether nothing is left to do for ``line`` now."""
        if self._try(contract, line, now):
            return True
        if not self._gives_up(contract, line, now):
            return False
        # What is given up is taken back at once.
        return self._deliver(contract, line, now)

    def _try(self, contract, line, now):
        """Do what is due; whether it is done. Else the line waits from now on.

        What does it answers whether it is done, or, if not, until when there is nothing
        to do.
        """
        hopeless, most = False, None
        self._beat()
        try:
            answer = getattr(self, due_step(line, now))(contract, line, now)
            if answer is True:
                return True
            if answer:
                self._backoff.wait_until(line, answer)
                return False
            # Nothing is wrong, it only takes its time.
            most = self._conf.fulfil_interval
        except teardown.Contended as error:
            most = self._conf.retry_interval
            self._log(LOG.warning, 'is kept busy', contract, line, error)
        except _PASSING as error:
            self._log(LOG.info, 'waits', contract, line, error)
        except exceptions.FlocxError as error:
            # Ironic does not allow it, and will not in two seconds either.
            hopeless = True
            self._log(LOG.warning, 'cannot be dealt with', contract, line, error)
        except Exception as error:
            self._log(LOG.exception, _FAILED, contract, line, error)
        self._backoff.wait(line, now, most, hopeless)
        return False

    @staticmethod
    def _log(log_it, what, contract, line, error):
        log_it(
            'Line %s of contract %s %s: %s', line['uuid'], contract['uuid'], what, error
        )

    def _gives_up(self, contract, line, now):
        """Whether a line is given up, and the market knows."""
        try:
            return self._given_up(contract, line, now)
        except exceptions.FlocxError as error:
            self._log(LOG.info, 'cannot be given up yet', contract, line, error)
            return False

    def _given_up(self, contract, line, now):
        """Whether the deadline of a line that could not be delivered has passed."""
        start = window.instant(line['start_time'], 'start_time')
        late = now >= start + datetime.timedelta(seconds=self._conf.delivery_deadline)
        if (
            line['status'] not in (_S.CREATED, _S.WAIT_FULFILL)
            or not late
            or self._backoff.tries(line) < _TRIES
        ):
            return False
        known = line['reason'] in core.UNDELIVERABLE
        return self._report(
            contract,
            line,
            _S.WAIT_CANCEL,
            line['reason'] if known else _R.NOT_DELIVERED,
        )

    def _memory(self, contract, line, document=None):
        ids = contract['uuid'], line['uuid']
        return handover.Memory(self._marketplace, *ids, document)

    def _delivered(self, line):
        """The lines of contracts that have begun with the server of ``line``."""
        known = self._marketplace.delivered(resource_uuid=line['resource_uuid'])
        return [each for contract in known for each in contract['lines']]

    def _quarantine(self):
        return self._conf.quarantine_project_id or self._nodes.own_project()

    def _node(self, line):
        try:
            return self._nodes.get(line['resource_uuid'])
        except exceptions.NotFound:
            return None

    def _confirm(self, contract, line, status):
        """Nothing, if ``line`` still is in ``status``, or becomes that now.

        Another fulfiller may have ended it since it was read, and the server be the
        same renter's again: nothing of that is to be taken back.

        :raises Conflict: it is not.
        """
        if line['status'] == status:
            self._marketplace.report(contract['uuid'], line['uuid'], status)
        self._report(contract, line, status)

    def _report(self, contract, line, status, reason=None):
        if line['status'] != status:
            reported = self._marketplace.report(
                contract['uuid'], line['uuid'], status, reason
            )
            line.update(status=reported['status'], reason=reported['reason'])
            kept = reported.get('handover')
            if kept:
                self._memories[line['uuid']] = self._memory(contract, line, kept)
            LOG.info(
                'Line %s of contract %s, node %s: %s',
                line['uuid'],
                contract['uuid'],
                line['resource_uuid'],
                status,
            )
        return True


def due_step(line, now):
    """What is due for ``line`` at ``now``, a Step, or None."""
    started, over = (moment <= now for moment in scheduling.moments(line))
    status = line['status']
    if status in (_S.CREATED, _S.WAIT_FULFILL) and started:
        return Step.MISS if over else Step.BEGIN
    if status == _S.WAIT_END or status == _S.ACTIVE and over:
        return Step.FINISH
    if status == _S.WAIT_CANCEL:
        return Step.CANCEL
    return None

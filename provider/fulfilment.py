# SPDX-License-Identifier: Apache-2.0
"""Deliver contracts: hand servers over when they start, take them back at the end.

Every step can be repeated: it looks at the node and does what is missing. So a
crash between any two effects costs a pass, and two fulfillers do no harm.

=============================  ==================================================
line                           what is done
=============================  ==================================================
created, wait_fulfill; begun   node ready: lessee set, ``active``; else
                               ``wait_fulfill``; past its end: ``ended``
active, wait_end; past         undeployed and cleaned, then the lessee is cleared:
                               ``ended``; until then ``wait_end``
wait_cancel                    the same, then ``cancelled``
=============================  ==================================================
"""

from concurrent import futures
import datetime

from oslo_log import log

from flocx import exceptions
from flocx import metrics
from flocx.core import contract as core
from flocx.core import window

LOG = log.getLogger(__name__)
_S, _R = core.Status, core.Reason

#: Provision states from which a node is undeployed, those in which it is on its
#: way and must be waited for, and those from which it has to be provided again.
DEPLOYED = {
    'active',
    'deploy failed',
    'error',
    'wait call-back',
    'rescue',
    'rescue failed',
    'rescue wait',
    'unrescue failed',
    'deploy hold',
}
ON_ITS_WAY = {
    'deploying',
    'deleting',
    'cleaning',
    'clean wait',
    'rescuing',
    'unrescuing',
    'servicing',
    'service wait',
    'inspecting',
    'inspect wait',
    'adopting',
    'verifying',
}
SET_ASIDE = {'manageable', 'inspect failed'}


class _Stuck(exceptions.Conflict):
    """A node that waits for an operator, of which the market knows already."""


class Fulfilment:
    """Delivers the lines that the market has for this provider."""

    def __init__(self, conf, nodes, marketplace):
        self._conf, self._nodes, self._marketplace = conf.provider, nodes, marketplace

    def run(self, now):
        """Do what is due at ``now``; return when the next thing is due, or None."""
        ahead = datetime.timedelta(seconds=self._conf.fulfil_interval)
        lines = [
            (contract, line)
            for contract in self._marketplace.due(now + ahead)
            for line in contract['lines']
            if line['provider_id'] == self._marketplace.provider_id
        ]
        due = [each for each in lines if step(each[1], now)]
        metrics.DUE.set(len(due))
        metrics.LAG.set(max((_late(line, now) for _, line in due), default=0))
        # What begins now may end before the next pass.
        later = [
            moment
            for _, line in lines
            if line['status'] not in core.CLOSED
            for moment in _moments(line)
            if moment > now
        ]
        with futures.ThreadPoolExecutor(max_workers=self._conf.workers) as executor:
            done = list(executor.map(lambda each: self._deliver(*each, now), due))
        if not all(done):
            later.append(now + datetime.timedelta(seconds=self._conf.retry_interval))
        return min(later, default=None)

    def _deliver(self, contract, line, now):
        """Whether nothing is left to do for ``line`` now."""
        try:
            return step(line, now)(self, contract, line)
        except exceptions.FlocxError as error:
            # Ironic is busy, the node locked, the line changed meanwhile.
            LOG.info(
                'Line %s of contract %s waits: %s',
                line['uuid'],
                contract['uuid'],
                error,
            )
        except Exception:
            LOG.exception(
                'Line %s of contract %s failed and will be tried again',
                line['uuid'],
                contract['uuid'],
            )
        return False

    def _begin(self, contract, line):
        node = self._node(line)
        if node is None:
            return self._report(contract, line, _S.ERROR, _R.NODE_GONE)
        if node.lessee != line_project(contract):
            if node.lessee or node.maintenance or node.provision_state != 'available':
                self._report(contract, line, _S.WAIT_FULFILL)
                return False
            self._nodes.set_lessee(node.uuid, line_project(contract))
            # Nobody else's change may have come in between.
            if self._nodes.get(node.uuid).lessee != line_project(contract):
                return False
        return self._report(contract, line, _S.ACTIVE)

    def _miss(self, contract, line):
        """The end came before the server could be handed over."""
        if line['status'] == _S.WAIT_FULFILL and not self._taken_back(contract, line):
            return False
        return self._report(contract, line, _S.ENDED, _R.NOT_DELIVERED)

    def _finish(self, contract, line):
        try:
            taken_back = self._taken_back(contract, line)
        except _Stuck:
            raise
        except exceptions.FlocxError:
            # Whoever asks sees that it is over, and not yet clean.
            self._report(contract, line, _S.WAIT_END)
            raise
        if not taken_back:
            self._report(contract, line, _S.WAIT_END)
            return False
        return self._report(contract, line, _S.ENDED, line['reason'] or _R.EXPIRED)

    def _cancel(self, contract, line):
        if not self._taken_back(contract, line):
            return False
        return self._report(contract, line, _S.CANCELLED, line['reason'])

    def _taken_back(self, contract, line):
        """Whether the node is clean and its owner's again; else bring that nearer."""
        node = self._node(line)
        if node is None or node.lessee != line_project(contract):
            # It is gone, or somebody else's: not ours to touch any more.
            return True
        if node.provision_state == 'clean failed':
            self._report(contract, line, _S.ERROR, _R.CLEAN_FAILED)
            raise _Stuck(f'node {node.uuid} could not be cleaned')
        if node.provision_state != 'available':
            self._empty(node)
            return False
        self._nodes.detach(node.uuid)
        if node.power_state == 'power on':
            self._nodes.power_off(node.uuid)
        self._nodes.clear_lessee(node.uuid, line_project(contract))
        return self._nodes.get(node.uuid).lessee is None

    def _empty(self, node):
        if node.protected:
            self._nodes.unprotect(node.uuid)
        if node.provision_state in DEPLOYED:
            self._nodes.undeploy(node.uuid)
        elif node.provision_state in SET_ASIDE:
            self._nodes.provide(node.uuid)
        elif node.provision_state not in ON_ITS_WAY:
            LOG.warning(
                'Node %s is in provision state %r, from which it does not '
                'become available by itself',
                node.uuid,
                node.provision_state,
            )

    def _node(self, line):
        try:
            return self._nodes.get(line['resource_uuid'])
        except exceptions.NotFound:
            return None

    def _report(self, contract, line, status, reason=None):
        if line['status'] != status:
            self._marketplace.report(contract['uuid'], line['uuid'], status, reason)
            LOG.info(
                'Line %s of contract %s, node %s: %s',
                line['uuid'],
                contract['uuid'],
                line['resource_uuid'],
                status,
            )
        return True


def line_project(contract):
    """Whose the node is while the contract runs."""
    return contract['project_id']


def step(line, now):
    """The method of Fulfilment that is due for ``line`` at ``now``, or None."""
    started = window.instant(line['start_time'], 'start_time') <= now
    over = window.instant(line['end_time'], 'end_time') <= now
    status = line['status']
    if status in (_S.CREATED, _S.WAIT_FULFILL) and started:
        return Fulfilment._miss if over else Fulfilment._begin
    if status == _S.WAIT_END or status == _S.ACTIVE and over:
        return Fulfilment._finish
    if status == _S.WAIT_CANCEL:
        return Fulfilment._cancel
    return None


def _late(line, now):
    """For how many seconds ``line`` is due at ``now``."""
    begun, over = _moments(line)
    return (now - (over if over <= now else begun)).total_seconds()


def _moments(line):
    """When ``line`` is due to begin and to end."""
    return [window.instant(line[name], name) for name in ('start_time', 'end_time')]

# SPDX-License-Identifier: Apache-2.0
"""Compare what the market believes of our servers with what they are.

Messages and passes of the fulfiller deliver contracts; this finds what somebody
else did to a server meanwhile. It repairs nothing that an owner may have meant: it
tells the market, which tells both parties and stops the bill.

=====================================  ==========================================
what is found                          what is reported
=====================================  ==========================================
node of an open offer unfit or gone    offer: ``error`` with the reason
node of such an offer fit again        offer: ``available``
it has another owner, or is a part     offer: ``cancelled``, owner_changed or
of what another owner has              parent_owner_differs
it is not what an offer says, which    offer: published again; the market ends
is open or has an open line            contracts that do not want it any more
node of an active line gone            line: ``error``, node_gone
another lessee, or none                line: ``error``, lessee_changed
owner deploys or undeploys             line: ``error``, owner_intervened
lessee is the renter again             line: ``active``
owner is done, node is available       line: ``active``
line in error, over, somebody else's   line: ``ended``
line in error, over, can be taken      line: ``wait_end``; the fulfiller ends it
back
node in quarantine without a line      taken back, and an error in the log
node of an active line powered on or   line: ``power_on``
off
=====================================  ==========================================
"""

import datetime

from oslo_log import log
from oslo_utils import timeutils

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import offer as offer_core
from flocx.core import window
from provider import cleaning_demands
from provider import former_owners
from provider import handover
from provider import offered_hardware
from provider import ownership
from provider import teardown
from provider import teardown_steps

LOG = log.getLogger(__name__)
_S, _R = core.Status, core.Reason

#: Lines in error for one of these go on when their server is the renter's again, and
#: end like any other.
_PASSING = {_R.LESSEE_CHANGED, _R.NODE_GONE, _R.OWNER_INTERVENED}


#: Whether a server is powered on, by Ironic's states; it is unknown in others.
_POWER = {'power on': True, 'rebooting': True, 'power off': False}

#: So soon nodes that no line explains are looked at again.
_SOON = datetime.timedelta(seconds=10)


class Reconciliation:
    """Looks at all servers that the market knows of this provider."""

    def __init__(self, conf, nodes, marketplace, clock=timeutils.utcnow):
        self._conf, self._nodes, self._marketplace = conf.provider, nodes, marketplace
        self._teardown = teardown.Teardown(
            nodes,
            self._conf.quarantine_wait,
            clock,
            cleaning_demands.demands(self._conf),
        )
        self._hardware = offered_hardware.OfferedHardware(
            self._conf, nodes, marketplace
        )
        #: {uuid: what is remembered} of nodes in quarantine that no line explains.
        self._orphans = {}

    def run(self, now):
        """Report every difference; what fails waits for the next time.

        :returns: when to look again, or None.
        """
        found = {node.uuid: node for node in self._nodes.all()}
        contracts = self._marketplace.delivered()
        self._compare(found, self._marketplace.offers(), contracts, now, {})
        return self._take_back_orphans(found, contracts, now)

    def _quarantine(self):
        return self._conf.quarantine_project_id or self._nodes.own_project()

    def _take_back_orphans(self, found, contracts, now):
        """Give nodes in quarantine that no line explains to their owners, clean.

        A line was closed while its server was handed over, or the market has lost it.
        Those that were seen so in the comparison before are dealt with: a line may
        have been opened or closed while all of this was read.
        """
        quarantine = self._quarantine()
        explained = {
            line['resource_uuid']
            for contract in contracts
            for line in contract['lines']
            if line['status'] not in core.CLOSED
        }
        orphans = {
            uuid
            for uuid, node in found.items()
            if node.lessee == quarantine and uuid not in explained
        }
        known, self._orphans = self._orphans, {}
        for uuid in sorted(orphans):
            memory = self._orphans[uuid] = known.get(uuid, handover.Transient())
            if uuid in known:
                LOG.error('Node %s is in quarantine, and no line explains it', uuid)
                self._tell(self._take_back, uuid, memory)
        return now + _SOON if orphans else None

    def _take_back(self, uuid, memory):
        quarantine = self._quarantine()
        parties = teardown_steps.Parties(renter=quarantine, quarantine=quarantine)
        self._teardown.take_back(self._node(uuid), parties, memory)

    def look(self, uuids, now, actions):
        """The same for a few nodes, which something has happened to.

        :param actions: {uuid: {project: when it began to change the provision state}}.
        """
        found = {uuid: self._node(uuid) for uuid in uuids}
        named = 'in:' + ','.join(uuids)
        # Of what was not looked at nothing is known, whatever the market lists: a
        # server in front of it may leave out a query that is long.
        offers = [
            offer
            for offer in self._marketplace.offers(resource_uuid=named)
            if offer['resource_uuid'] in found
        ]
        self._compare(
            found,
            offers,
            self._marketplace.delivered(resource_uuid=named),
            now,
            actions,
        )

    def _node(self, uuid):
        try:
            return self._nodes.get(uuid)
        except exceptions.NotFound:
            return None

    def _compare(self, found, offers, contracts, now, actions):
        for offer in offers:
            self._tell(self._offer, offer, found)
        known = {offer['uuid'] for offer in offers}
        self._compare_hardware([*offers, *self._closed_offers(contracts, known)], found)
        # Between two lessees a server is in quarantine.
        sublessees = {
            (line.get('sublet_of'), lessee)
            for contract in contracts
            for line in contract['lines']
            for lessee in (contract['project_id'], self._quarantine())
            if line['status'] not in core.CLOSED
        }
        for contract in contracts:
            for line in contract['lines']:
                uuid = line['resource_uuid']
                # A contract has servers that nobody has looked at.
                if line['provider_id'] != self._marketplace.provider_id or (
                    actions and uuid not in found
                ):
                    continue
                node = found.get(uuid)
                if node and (line['uuid'], node.lessee) in sublessees:
                    # Its renter has what they pay for: it is sub-let, and on for
                    # those who have it from them.
                    self._tell(self._power, contract, line, False)
                    continue
                self._tell(
                    self._line,
                    contract,
                    line,
                    node,
                    now,
                    actions.get(uuid, {}).get(line['owner_id']),
                )

    @staticmethod
    def _tell(report, *about):
        try:
            report(*about)
        except exceptions.FlocxError as error:
            LOG.info('Not reported now: %s', error)

    def _closed_offers(self, contracts, known):
        """The offers of running contracts that are not among the ``known`` ones."""
        uuids = {
            line['offer_uuid']
            for contract in contracts
            for line in contract['lines']
            if line['provider_id'] == self._marketplace.provider_id
            and line['status'] not in core.CLOSED
        } - known
        return self._marketplace.offers_named(uuids) if uuids else []

    def _compare_hardware(self, offers, found):
        """Publish again what is not as it was offered; ended offers have no node."""
        for offer in offers:
            node = found.get(offer['resource_uuid'])
            if node and not former_owners.is_stale(offer, node):
                self._tell(self._hardware.refresh, offer, node)

    def _parent(self, node, found):
        return found.get(node.parent_node) or self._nodes.parent(node)

    def _offer(self, offer, found):
        # One that is not in the list may have come since.
        node = found.get(offer['resource_uuid']) or self._node(offer['resource_uuid'])
        parent = node and self._parent(node, found)
        status, reason = health(offer, node, parent)
        if (status, reason) != (offer['status'], offer['reason']):
            LOG.info('Offer %s: %s, %s', offer['uuid'], status, reason)
            self._marketplace.report_offer(offer['uuid'], status, reason)

    def _line(self, contract, line, node, now, acted):
        parties = contract['project_id'], self._quarantine()
        status, reason = standing(line, parties, node, now, acted)
        if status == _S.ERROR != line['status']:
            # It may have come, or come back from a sublet, since the nodes were listed.
            node = self._node(line['resource_uuid'])
            status, reason = standing(line, parties, node, now, acted)
        if status != line['status']:
            LOG.warning(
                'Line %s of contract %s: %s, %s',
                line['uuid'],
                contract['uuid'],
                status,
                reason,
            )
            self._marketplace.report(contract['uuid'], line['uuid'], status, reason)
        if status == _S.ACTIVE and node and node.lessee == contract['project_id']:
            self._power(contract, line, _POWER.get(node.power_state))

    def _power(self, contract, line, power_on):
        if power_on not in (None, line['power_on']):
            self._marketplace.report_power(contract['uuid'], line['uuid'], power_on)


def health(offer, node, parent=None):
    """The status that ``offer`` should have, and why, given its node or None.

    :param parent: the node that it is a part of, None if that is not known.
    """
    if node is None:
        return offer_core.Status.ERROR, 'the node is gone'
    if former_owners.is_stale(offer, node):
        return offer_core.Status.CANCELLED, offer_core.Reason.OWNER_CHANGED
    if ownership.is_anothers(node, parent):
        return offer_core.Status.CANCELLED, offer_core.Reason.PARENT_OWNER_DIFFERS
    reason = ownership.unfit(node)
    if reason:
        return offer_core.Status.ERROR, f'the node {reason}'
    return offer_core.Status.AVAILABLE, None


def standing(line, parties, node, now, acted=None):
    """The status that a delivered ``line`` should have, and why.

    :param parties: the renter's project, and that which has a server in quarantine.
    :param acted: when the owner last began to deploy or undeploy it, if they are known
        to have.
    """
    status, reason = line['status'], line['reason']
    rented = node is not None and node.lessee == parties[0]
    over = window.instant(line['end_time'], 'end_time') <= now
    if status == _S.ACTIVE and not over:
        if not rented:
            return _S.ERROR, _R.NODE_GONE if node is None else _R.LESSEE_CHANGED
        if acted and acted >= window.instant(line['fulfill_time'], 'fulfill_time'):
            return _S.ERROR, _R.OWNER_INTERVENED
    if status != _S.ERROR:
        return status, reason
    if over:
        return _after_the_end(reason, parties, node), reason
    if rented and line['fulfill_time'] and _has_passed(reason, node):
        return _S.ACTIVE, None
    return status, reason


def _after_the_end(reason, parties, node):
    """What becomes of a line in error whose time is over."""
    if node is None or node.lessee not in (*parties, None):
        return _S.ENDED
    if node.lessee is None:
        # Somebody has cleared it. What they do not use is cleaned, unless that is the
        # way out of an error of ours.
        unused = node.provision_state == 'available'
        return _S.WAIT_END if unused and reason == _R.LESSEE_CHANGED else _S.ENDED
    if reason == _R.CLEAN_UNPROVEN:
        # An operator ends the maintenance to let it be cleaned once more.
        return _S.ERROR if node.maintenance else _S.WAIT_END
    if reason in _PASSING or (
        node.provision_state == 'available' and reason != _R.RESTORE_FAILED
    ):
        return _S.WAIT_END
    return _S.ERROR


def _has_passed(reason, node):
    """Whether what was wrong with a line is, now that its renter has the server."""
    if reason == _R.OWNER_INTERVENED:
        return node.provision_state == 'available'
    return reason in _PASSING

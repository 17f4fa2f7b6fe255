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
node of an active line gone            line: ``error``, node_gone
another lessee, or none                line: ``error``, lessee_changed
owner deploys or undeploys             line: ``error``, owner_intervened
lessee is the renter again             line: ``active``
owner is done, node is available       line: ``active``
line in error, over, not the renter's  line: ``ended``
line in error, over, can be taken      line: ``wait_end``; the fulfiller ends it
back
=====================================  ==========================================
"""

from oslo_log import log

from flocx import exceptions
from flocx.core import contract as core
from flocx.core import offer as offer_core
from flocx.core import window
from provider import ownership

LOG = log.getLogger(__name__)
_S, _R = core.Status, core.Reason

#: Lines in error for one of these go on when their server is the renter's again, and
#: end like any other.
_PASSING = {_R.LESSEE_CHANGED, _R.NODE_GONE, _R.OWNER_INTERVENED}


class Reconciliation:
    """Looks at all servers that the market knows of this provider."""

    def __init__(self, nodes, marketplace):
        self._nodes, self._marketplace = nodes, marketplace

    def run(self, now):
        """Report every difference; what fails waits for the next time."""
        found = {node.uuid: node for node in self._nodes.all()}
        self._compare(
            found, self._marketplace.offers(), self._marketplace.delivered(), now, {}
        )

    def look(self, uuids, now, deeds):
        """The same for a few nodes, which something has happened to.

        :param deeds: {uuid: {project: when it began to change the provision state}}.
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
            deeds,
        )

    def _node(self, uuid):
        try:
            return self._nodes.get(uuid)
        except exceptions.NotFound:
            return None

    def _compare(self, found, offers, contracts, now, deeds):
        for offer in offers:
            self._tell(self._offer, offer, found.get(offer['resource_uuid']))
        sublessees = {
            (line.get('sublet_of'), contract['project_id'])
            for contract in contracts
            for line in contract['lines']
            if line['status'] not in core.CLOSED
        }
        for contract in contracts:
            for line in contract['lines']:
                uuid = line['resource_uuid']
                # A contract has servers that nobody has looked at.
                if line['provider_id'] != self._marketplace.provider_id or (
                    deeds and uuid not in found
                ):
                    continue
                node = found.get(uuid)
                if node and (line['uuid'], node.lessee) in sublessees:
                    # Its renter has what they pay for: it is sub-let.
                    continue
                self._tell(
                    self._line,
                    contract,
                    line,
                    node,
                    now,
                    deeds.get(uuid, {}).get(line['owner_id']),
                )

    @staticmethod
    def _tell(report, *about):
        try:
            report(*about)
        except exceptions.FlocxError as error:
            LOG.info('Not reported now: %s', error)

    def _offer(self, offer, node):
        status, reason = health(offer, node)
        if (status, reason) != (offer['status'], offer['reason']):
            LOG.info('Offer %s: %s, %s', offer['uuid'], status, reason)
            self._marketplace.report_offer(offer['uuid'], status, reason)

    def _line(self, contract, line, node, now, deed):
        status, reason = standing(line, contract['project_id'], node, now, deed)
        if node and status == _S.ERROR != line['status']:
            # What was sub-let may have come back since the nodes were listed.
            node = self._node(node.uuid)
            status, reason = standing(line, contract['project_id'], node, now, deed)
        if status != line['status']:
            LOG.warning(
                'Line %s of contract %s: %s, %s',
                line['uuid'],
                contract['uuid'],
                status,
                reason,
            )
            self._marketplace.report(contract['uuid'], line['uuid'], status, reason)


def health(offer, node):
    """The status that ``offer`` should have, and why, given its node or None."""
    if node is None:
        return offer_core.Status.ERROR, 'the node is gone'
    if not offer.get('sublet_of') and node.owner != offer['project_id']:
        return offer_core.Status.ERROR, 'the node has another owner'
    reason = ownership.unfit(node)
    if reason:
        return offer_core.Status.ERROR, f'the node {reason}'
    return offer_core.Status.AVAILABLE, None


def standing(line, renter, node, now, deed=None):
    """The status that a delivered ``line`` should have, and why.

    :param deed: when the owner last began to deploy or undeploy it, if they are known
        to have.
    """
    status, reason = line['status'], line['reason']
    rented = node is not None and node.lessee == renter
    over = window.instant(line['end_time'], 'end_time') <= now
    if status == _S.ACTIVE and not over:
        if not rented:
            return _S.ERROR, _R.NODE_GONE if node is None else _R.LESSEE_CHANGED
        if deed and deed >= window.instant(line['fulfill_time'], 'fulfill_time'):
            return _S.ERROR, _R.OWNER_INTERVENED
    if status != _S.ERROR:
        return status, reason
    if over and not rented:
        return _S.ENDED, reason
    if over and (node.provision_state == 'available' or reason in _PASSING):
        return _S.WAIT_END, reason
    if not over and rented and line['fulfill_time'] and _has_passed(reason, node):
        return _S.ACTIVE, None
    return status, reason


def _has_passed(reason, node):
    """Whether what was wrong with a line is, now that its renter has the server."""
    if reason == _R.OWNER_INTERVENED:
        return node.provision_state == 'available'
    return reason in _PASSING

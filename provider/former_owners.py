# SPDX-License-Identifier: Apache-2.0
"""Offers of servers that are another project's by now."""

from oslo_log import log

from flocx.core import offer as offer_core

LOG = log.getLogger(__name__)

#: How many servers one request names.
_NAMED = 50


def is_stale(offer, node):
    """Whether ``offer``, JSON, is of a project that does not own ``node`` any more."""
    return not offer.get('sublet_of') and offer['project_id'] != node.owner


class FormerOwners:
    """Ends their offers, so that the owner of today can sell at once."""

    def __init__(self, marketplace):
        self._marketplace = marketplace

    def end(self, nodes):
        """End what is stale of the offers of ``nodes``; whether anything was."""
        by_uuid, ended = {node.uuid: node for node in nodes}, False
        uuids = sorted(by_uuid)
        for at in range(0, len(uuids), _NAMED):
            some = 'in:' + ','.join(uuids[at : at + _NAMED])
            for offer in self._marketplace.offers(resource_uuid=some):
                node = by_uuid.get(offer['resource_uuid'])
                if node and is_stale(offer, node):
                    LOG.info('Offer %s is of a former owner', offer['uuid'])
                    self._marketplace.report_offer(
                        offer['uuid'],
                        offer_core.Status.CANCELLED,
                        offer_core.Reason.OWNER_CHANGED,
                    )
                    ended = True
        return ended

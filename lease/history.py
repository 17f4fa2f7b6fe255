# SPDX-License-Identifier: Apache-2.0
"""The events of esi-leap, and what of our feed they are. Pure."""

from flocx.core import contract

_S, _R = contract.Status, contract.Reason

#: What became of a line, by the type of the event and the status of the line then.
_TYPES = {
    ('contract.wait_fulfill', _S.WAIT_FULFILL): 'esi_leap.lease.fulfill.start',
    ('contract.active', _S.ACTIVE): 'esi_leap.lease.fulfill.end',
    ('contract.released', _S.WAIT_CANCEL): 'esi_leap.lease.delete.start',
    ('contract.wait_cancel', _S.WAIT_CANCEL): 'esi_leap.lease.delete.start',
    ('contract.wait_end', _S.WAIT_END): 'esi_leap.lease.delete.start',
    ('contract.released', _S.CANCELLED): 'esi_leap.lease.delete.end',
    ('contract.reclaiming', _S.CANCELLED): 'esi_leap.lease.delete.end',
    ('contract.cancelled', _S.CANCELLED): 'esi_leap.lease.delete.end',
    ('contract.ended', _S.ENDED): 'esi_leap.lease.delete.end',
}

#: Why a server could not be taken back, of which a provider says so.
_NOT_TAKEN_BACK = {_R.CLEAN_FAILED, _R.RESTORE_FAILED, _R.CLEAN_UNPROVEN}


def _event_type(event_type, line):
    if (event_type, line['status']) == ('contract.error', _S.ERROR):
        action = 'delete' if line['reason'] in _NOT_TAKEN_BACK else 'fulfill'
        return f'esi_leap.lease.{action}.error'
    return _TYPES.get((event_type, line['status']))


def types(wanted=None):
    """The types of the events of ours that may be one of esi-leap.

    :param wanted: the type of esi-leap's event; None for all.
    """
    errors = {f'esi_leap.lease.{action}.error' for action in ('delete', 'fulfill')}
    found = {ours for (ours, _), theirs in _TYPES.items() if wanted in (None, theirs)}
    return found | ({'contract.error'} if wanted is None or wanted in errors else set())


def events(row):
    """What esi-leap has of one event of the feed: a dictionary for each lease.

    :param row: an event that an owner is told, with the ``lessee_id`` of the contract.
    """
    found = []
    for line in row.payload.get('lines', ()):
        event_type = _event_type(row.type, line)
        if event_type:
            found.append(
                {
                    'id': row.id,
                    'event_type': event_type,
                    'event_time': row.time,
                    'object_type': 'lease',
                    'object_uuid': line['uuid'],
                    'resource_type': line['resource_type'],
                    'resource_uuid': line['resource_uuid'],
                    'lessee_id': row.lessee_id,
                    'owner_id': row.owner_id,
                }
            )
    return found

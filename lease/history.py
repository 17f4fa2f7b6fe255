# SPDX-License-Identifier: Apache-2.0
"""The events of esi-leap, and what of our feed they are. Pure."""

from flocx.core import contract

_S, _R = contract.Status, contract.Reason

_STARTS, _ENDS = (f'esi_leap.lease.delete.{phase}' for phase in ('start', 'end'))

#: What became of a line, by the type of the event and the status of the line then.
_TYPES = {
    ('contract.wait_fulfill', _S.WAIT_FULFILL): ('esi_leap.lease.fulfill.start',),
    ('contract.active', _S.ACTIVE): ('esi_leap.lease.fulfill.end',),
    ('contract.released', _S.WAIT_CANCEL): (_STARTS,),
    ('contract.wait_cancel', _S.WAIT_CANCEL): (_STARTS,),
    ('contract.wait_end', _S.WAIT_END): (_STARTS,),
    # Of a lease that has not begun esi-leap tells both.
    ('contract.released', _S.CANCELLED): (_STARTS, _ENDS),
    ('contract.reclaiming', _S.CANCELLED): (_STARTS, _ENDS),
    ('contract.cancelled', _S.CANCELLED): (_ENDS,),
    ('contract.ended', _S.ENDED): (_ENDS,),
}

#: Why a server could not be taken back, of which a provider says so.
_NOT_TAKEN_BACK = {_R.CLEAN_FAILED, _R.RESTORE_FAILED, _R.CLEAN_UNPROVEN}


def _event_types(event_type, line):
    if (event_type, line['status']) == ('contract.error', _S.ERROR):
        action = 'delete' if line['reason'] in _NOT_TAKEN_BACK else 'fulfill'
        return (f'esi_leap.lease.{action}.error',)
    return _TYPES.get((event_type, line['status']), ())


def types(wanted=None):
    """The types of the events of ours that may be one of esi-leap.

    :param wanted: the type of esi-leap's event; None for all.
    """
    errors = {f'esi_leap.lease.{action}.error' for action in ('delete', 'fulfill')}
    found = {ours for (ours, _), theirs in _TYPES.items() if wanted in (None, *theirs)}
    return found | ({'contract.error'} if wanted is None or wanted in errors else set())


def events(row):
    """What esi-leap has of one event of the feed: dictionaries for each lease.

    :param row: an event that an owner is told, with the ``lessee_id`` of the contract.
    """
    return [
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
        for line in row.payload.get('lines', ())
        for event_type in _event_types(row.type, line)
    ]

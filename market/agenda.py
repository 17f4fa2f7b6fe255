# SPDX-License-Identifier: Apache-2.0
"""Write what is due for a project as a calendar (RFC 5545), which programs read."""

import collections
import datetime

import icalendar

from flocx.core import contract as contract_core

_PRODUCT = '-//FLOCX//agenda//EN'

#: Why a line ends at its reclaim_deadline.
_LEAVING = {
    contract_core.Reason.RECLAIMED: 'Reclaimed by the owner',
    contract_core.Reason.DISPLACED: 'Displaced by a firm bid',
}

#: How often programs should look, where they ask (RFC 7986, 5.7).
_REFRESH = datetime.timedelta(hours=1)


def calendar(agenda, due, now):
    """The bytes of a calendar.

    :param due: a ``market.db.agendas.Due``, with what ``agenda.project_id`` may see.
    :param now: when the calendar is made.
    """
    made = icalendar.Calendar()
    made.add('prodid', _PRODUCT)
    made.add('version', '2.0')
    made.add('x-wr-calname', agenda.name or 'Bare metal market')
    made.add('refresh-interval', _REFRESH, parameters={'VALUE': 'DURATION'})
    for contract in due.contracts:
        if contract.project_id == agenda.project_id:
            made.add_component(_rented(contract, now))
        for line in contract.lines:
            if line.owner_id == agenda.project_id:
                made.add_component(_rented_out(line, contract, due, now))
    for offer in due.offers:
        made.add_component(_offered(offer, now))
    for outage in due.maintenances:
        made.add_component(_outage(outage, now))
    return made.to_ical()


def _rented(contract, now):
    classes = collections.Counter(
        line.resource_class or 'server' for line in contract.lines
    )
    servers = ', '.join(f'{count} x {name}' for name, count in sorted(classes.items()))
    summary = f'Rented: {servers}' + (f' ({contract.name})' if contract.name else '')
    deadlines = {
        (line.reclaim_deadline, _LEAVING[line.leaving])
        for line in contract.lines
        if line.leaving
    }
    notes = [f'Contract {contract.uuid}: {contract.status}']
    notes += [
        f'{how}, until {deadline:%Y-%m-%d %H:%M} UTC'
        for deadline, how in sorted(deadlines)
    ]
    return _event(contract, summary, notes, now)


def _rented_out(line, contract, due, now):
    names = {offer.uuid: offer.name for offer in due.offers}
    what = names.get(line.offer_uuid) or line.resource_class or 'a server'
    notes = [
        f'Contract {contract.uuid}: {line.status}',
        f'Server {line.resource_uuid}',
    ]
    renter = due.renters.get(contract.project_id, contract.project_id)
    return _event(line, f'Rented out to {renter}: {what}', notes, now)


def _offered(offer, now):
    what = offer.name or offer.resource_class or 'a server'
    notes = [f'Offer {offer.uuid}: {offer.status}', f'Server {offer.resource_uuid}']
    event = _event(offer, f'Offered: {what}', notes, now)
    # An offer keeps nobody busy.
    event.add('transp', 'TRANSPARENT')
    return event


def _outage(outage, now):
    notes = [f'Server {outage.resource_uuid}', outage.reason or '']
    return _event(outage, 'Planned outage of a server', filter(None, notes), now)


def _event(what, summary, notes, now):
    event = icalendar.Event()
    event.add('uid', what.uuid)
    event.add('dtstamp', now)
    event.add('dtstart', what.start_time)
    event.add('dtend', what.end_time)
    event.add('summary', summary)
    event.add('description', '\n'.join(notes))
    return event

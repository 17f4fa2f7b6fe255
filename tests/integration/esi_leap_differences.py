# SPDX-License-Identifier: Apache-2.0
"""Where esi-leap and the lease service answer otherwise, by the table in admin/esi.rst.

What was done at one of them alone is undone there, so that both go on alike.
"""

import collections
import json

from tests.integration import esi_leap

TABLE = esi_leap.ROOT / 'doc' / 'source' / 'admin' / 'esi.rst'


def known(both, there, here):
    """What the row of the table is about that a pair of answers has; None if none has.

    :param both: a ``tests.integration.test_esi_leap.EsiLeapTestCase``.
    """
    method, path = here.request.method, here.request.path_url
    for about, (wanted, kind, is_so, undo) in ROWS.items():
        if method == wanted and f'/{kind}' in path and is_so(there, here):
            undo(both, there, here)
            return about
    return None


def abouts():
    """The first column of the table."""
    table = TABLE.read_text().partition('\nWhat is different\n')[2]
    return [
        line.removeprefix('   * - ')
        for line in table.splitlines()
        if line.startswith('   * - ')
    ]


def _leased_is_offered(there, here):
    return here.ok and not there.ok and 'Time conflict' in there.text


def _closed_offer(there, here):
    return there.ok and here.status_code == 404 and there.json()['status'] == 'deleted'


def _moved_there(there, here):
    return there.ok and here.status_code == 409


def _is_over(there, here):
    return _moved_there(there, here) and there.json()['status'] == 'deleted'


def _was_given(there, here):
    return _moved_there(there, here) and there.json()['offer_uuid'] is None


def _ends_later_there(there, here):
    if not (there.ok and here.ok and '/claim' in here.request.path_url):
        return False
    asked = json.loads(here.request.body)
    theirs, ours = there.json()['end_time'], here.json()['end_time']
    return 'end_time' not in asked and ours < theirs


def _tells_less(there, here):
    if not (there.ok and here.ok):
        return False
    theirs, ours = (
        collections.Counter(
            (each['event_type'], each['lessee_id'])
            for each in answer.json()['events']
            if each['event_type'].startswith('esi_leap.lease.delete.')
        )
        for answer in (there, here)
    )
    return theirs < ours


def _withdraw(both, there, here):
    both.ask_here('owen', 'DELETE', f'/v1/offers/{here.json()["uuid"]}')


def _move_back(both, there, here):
    ours = both.ask_here('ada', 'GET', here.request.path_url).json()
    both.esi_leap.end_lease(there.json()['uuid'], ours['end_time'])


def _end_alike(both, there, here):
    theirs, ours = there.json(), here.json()
    both.leases.append((theirs['uuid'], ours['uuid']))
    both.esi_leap.end_lease(theirs['uuid'], ours['end_time'])


def _nothing(both, there, here):
    """Nobody has changed anything."""


#: What it is about: the method, the kind of object, what is so, and what undoes it.
ROWS = {
    'offering a server that is leased': (
        *('POST', 'offers', _leased_is_offered, _withdraw),
    ),
    'offers that are closed': ('GET', 'offers/', _closed_offer, _nothing),
    'moving the end of a lease that is over': (
        *('PATCH', 'leases/', _is_over, _move_back),
    ),
    'how long a claimed lease lasts': (
        *('POST', 'offers/', _ends_later_there, _end_alike),
    ),
    'moving an end to later': ('PATCH', 'leases/', _was_given, _move_back),
    'events of leases that are deleted': ('GET', 'events', _tells_less, _nothing),
}

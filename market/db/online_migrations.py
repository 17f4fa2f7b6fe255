# SPDX-License-Identifier: Apache-2.0
"""Data that is moved while the services run, batch by batch.

A migration of the schema that wrote every row of a large table would lock it for as
long. What upgrades a site runs the command of this each time, and need not know whether
a release has something to move: so far none had.
"""

from flocx import db

#: {name: function of a session and a number, that moves at most so many rows in one
#: transaction and returns how many}. It finds only rows that are not moved yet.
MIGRATIONS = {}
#: Rows in one transaction, so that nobody waits for long.
BATCH = 500


def migrate(database, most=None):
    """Move what there is, or at most so many rows.

    :param most: None for all.
    :returns: ({name: rows moved}, whether there may be more).
    """
    moved = dict.fromkeys(MIGRATIONS, 0)
    for name, function in MIGRATIONS.items():
        full = True
        while full:
            rows = BATCH if most is None else min(BATCH, most - sum(moved.values()))
            if not rows:
                return moved, True
            done = _batch(database, function, rows)
            moved[name] += done
            full = done == rows
    return moved, False


@db.retried
def _batch(database, function, rows):
    with database.writer() as session:
        return function(session, rows)

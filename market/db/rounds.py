# SPDX-License-Identifier: Apache-2.0
"""What the auction engine did, round by round."""

import sqlalchemy as sa

from market.db import listing
from market.db import schema
from market.db import visibility


def add(session, **values):
    """Take down a round; ``values`` are the columns of the table."""
    session.execute(sa.insert(schema.rounds).values(**values))


def get(session, uuid):
    everything, anybody = visibility.everything, visibility.ANYBODY
    return listing.one(session, schema.rounds, uuid, everything, anybody, 'Round')


def page(session, query):
    everything, anybody = visibility.everything, visibility.ANYBODY
    return listing.page(session, schema.rounds, everything, anybody, query)

# SPDX-License-Identifier: Apache-2.0
"""The offers of blocks, and the lines by which all of a block is let."""

import collections

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import blocks
from flocx.core import contract as core
from flocx.core import offer as offer_core
from market.db import listing
from market.db import schema

_TABLE = schema.offers

#: In these a line is let still.
_LET = core.RUNNING | {core.Status.ERROR}


def of(session, wanted, now):
    """{block: [open offer]} of the blocks of the offers, or rows, ``wanted``."""
    members = collections.defaultdict(list)
    named = {key for key in map(blocks.key, wanted) if key}
    if not named:
        return members
    rows = session.execute(
        sa.select(_TABLE)
        .where(
            _TABLE.c.provider_id.in_({provider for provider, _, _ in named}),
            _TABLE.c.project_id.in_({project for _, project, _ in named}),
            _TABLE.c.block.in_({name for _, _, name in named}),
            _TABLE.c.status.in_(sorted(offer_core.OPEN)),
            _TABLE.c.end_time > now,
        )
        .order_by(_TABLE.c.id)
    )
    for row in rows:
        offer = listing.from_row(offer_core.Offer, row)
        members[blocks.key(offer)].append(offer)
    return members


def require_whole(session, contract, lines):
    """Nothing, if of each block ``lines`` have all that ``contract`` has, or nothing.

    What was sold only together ends together.
    Servers that were replaced, or have ended, do not count.

    :raises Conflict: some would stay; the message says which have to go with them.
    """
    let = [each for each in contract.lines if each.status in _LET]
    ending = {line.uuid for line in lines}
    for block, uuids in _lines(session, let).items():
        left = uuids - ending
        if left and left != uuids:
            raise exceptions.Conflict(
                f'lines: the servers of block {block[-1]} are let only together; name '
                f'the lines {", ".join(sorted(left))}, too, or none for the whole '
                'contract',
                code='flocx.conflict.block',
            )


def _lines(session, lines):
    """{block: uuids of its lines}."""
    rows = session.execute(
        sa.select(
            _TABLE.c.uuid, _TABLE.c.provider_id, _TABLE.c.project_id, _TABLE.c.block
        ).where(
            _TABLE.c.uuid.in_({line.offer_uuid for line in lines}),
            _TABLE.c.block.is_not(None),
        )
    )
    of = {uuid: tuple(block) for uuid, *block in rows}
    found = collections.defaultdict(set)
    for line in lines:
        if line.offer_uuid in of:
            found[of[line.offer_uuid]].add(line.uuid)
    return found

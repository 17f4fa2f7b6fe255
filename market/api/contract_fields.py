# SPDX-License-Identifier: Apache-2.0
"""What the API says of contracts and their lines, and to whom."""

import wsme.types

from flocx.api import fields
from flocx.api import types
from flocx.core import bid as bid_core
from flocx.core import contract as core
from flocx.core import query
from flocx.core import reclaim
from market.db import visibility

_TEXT, _Field = wsme.types.text, fields.Field

#: ``None`` as a filter: as a filter the field is the contract's.
LINE_FIELDS = fields.Table(
    uuid=_Field(_TEXT, filter=None),
    offer_uuid=_Field(_TEXT),
    owner_id=_Field(_TEXT),
    provider_id=_Field(_TEXT),
    resource_type=_Field(_TEXT),
    resource_uuid=_Field(_TEXT),
    resource_class=_Field(_TEXT),
    sublet_of=_Field(_TEXT),
    part=_Field(types.Integer(0, bid_core.MAX_PARTS), filter=None, since='1.1'),
    price=_Field(types.Price),
    price_segments=_Field(types.Json, filter=None, since='1.1'),
    price_rule=_Field(_TEXT, filter=None, since='1.1'),
    ask=_Field(types.Price, filter=None, since='1.1'),
    displaced=_Field(types.Price, filter=None, since='1.1'),
    round_uuid=_Field(_TEXT, filter=None, since='1.1'),
    start_time=_Field(types.Instant, filter=None),
    end_time=_Field(types.Instant, filter=None),
    status=_Field(_TEXT, filter=None),
    fulfill_time=_Field(types.Instant),
    expire_time=_Field(types.Instant),
    notice_seconds=_Field(int, filter=None, since='1.1'),
    power_on=_Field(bool, filter=None, since='1.1'),
    reclaim_notice=_Field(int, filter=None, since='1.1'),
    reclaim_time=_Field(types.Instant, filter=None, since='1.1'),
    reclaim_deadline=_Field(types.Instant, since='1.1'),
    reason=_Field(_TEXT),
)
Line = LINE_FIELDS.answer('Line')
FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    name=_Field(_TEXT),
    bid_uuid=_Field(_TEXT),
    project_id=_Field(_TEXT),
    purpose=_Field(_TEXT),
    start_time=_Field(types.Instant, sort=True),
    end_time=_Field(types.Instant, change=fields.OPTIONAL, sort=True),
    extend_until=_Field(types.Instant, change=fields.NULLABLE, since='1.1'),
    extend_max_price=_Field(types.Price, change=fields.OPTIONAL, since='1.1'),
    extend_refusal=_Field(_TEXT, since='1.1'),
    interruptible_notice=_Field(types.Integer(1, reclaim.MAX_NOTICE), since='1.1'),
    on_displaced=_Field(_TEXT, since='1.1'),
    status=_Field(_TEXT, filter=query.one_of([*core.Status, 'any'])),
    lines=_Field([Line], filter=None),
    generation=_Field(types.Integer(1, 2**62), change=fields.OPTIONAL),
    max_price=_Field(
        types.Price, change=fields.OPTIONAL, filter=None, shown=False, since='1.1'
    ),
    dry_run=_Field(bool, change=fields.OPTIONAL, filter=None, shown=False, since='1.1'),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
    role=_Field(None, filter=query.one_of(['renter', 'owner']), shown=False),
    due_before=_Field(types.Instant, shown=False),
    requirements=_Field(types.Json, filter=query.json_list, shown=False),
)
Contract, ContractChange = FIELDS.answer('Contract'), FIELDS.change('ContractChange')
ContractList = types.collection('contracts', Contract)
OF_LINES, SORT_KEYS = LINE_FIELDS.filters(), FIELDS.sort_keys()
FILTERS = OF_LINES | FIELDS.filters()


def shown(context, contract):
    """The contract as the caller may see it."""
    own = context.is_admin or contract.project_id == context.project_id
    return Contract.of(contract, () if own else visibility.OF_RENTER)

# SPDX-License-Identifier: Apache-2.0
import decimal

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import tables as horizon_tables

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard import tables

#: Statuses in which something is about to happen.
MOVING = ('wait_fulfill', 'wait_end', 'wait_cancel')
#: Statuses in which a renter can still do something.
OPEN = ('created', 'wait_fulfill', 'active')


def is_renter(request, contract):
    return contract.project_id == request.user.project_id


class MoveEnd(horizon_tables.LinkAction):
    name = 'end'
    verbose_name = _('Extend or Shorten')
    url = 'horizon:project:market_contracts:end'
    classes = ('ajax-modal',)
    icon = 'clock-o'

    def allowed(self, request, contract=None):
        return contract.status in OPEN and is_renter(request, contract)


def can_reclaim(request, contract):
    """Whether the user's project may take back some server of the contract."""
    own = request.user.project_id
    return any(
        line['owner_id'] == own
        and line['status'] in (*OPEN, 'error')
        and line['reclaim_notice'] is not None
        and line['reclaim_deadline'] is None
        for line in contract.lines
    )


class Reclaim(horizon_tables.LinkAction):
    name = 'reclaim'
    verbose_name = _('Reclaim')
    url = 'horizon:project:market_contracts:reclaim'
    classes = ('ajax-modal',)
    icon = 'undo'

    def allowed(self, request, contract=None):
        return can_reclaim(request, contract)


class Release(tables.Ending):
    name = 'release'
    icon = 'sign-out'
    help_text = _(
        'What has not begun is cancelled; what has is released: the servers are '
        'undeployed and cleaned, and what is on them is lost. The rest of the time '
        'goes back to the offers.'
    )

    @staticmethod
    def action_present(count):
        return ngettext_lazy('Release Contract', 'Release Contracts', count)

    @staticmethod
    def action_past(count):
        return ngettext_lazy('Released contract', 'Released contracts', count)

    def allowed(self, request, contract=None):
        return contract is None or (
            contract.status in OPEN and is_renter(request, contract)
        )

    def end(self, request, contract):
        api.call(api.market(request).delete_contract, contract)


class Row(tables.Row):
    fetch = 'get_contract'


def is_settled(contract):
    """Whether the row need not be looked at again by itself."""
    due = formats.instant(contract.start_time) <= timezone.now()
    return contract.status not in MOVING and not (contract.status == 'created' and due)


def rate(contract):
    """What the servers of the contract that one sees cost an hour, together."""
    return sum(
        (decimal.Decimal(line['price']) for line in contract.lines), decimal.Decimal(0)
    )


def role(request, contract):
    """What the user's project is in a contract."""
    own = request.user.project_id
    renter = contract.project_id == own
    owner = any(line['owner_id'] == own for line in contract.lines)
    if renter and owner:
        return _('Renter and owner')
    if renter:
        return _('Renter')
    return _('Owner') if owner else names.project(request, contract.project_id)


class Role(tables.Column):
    """Which side of the contract one is on."""

    def get_raw_data(self, contract):
        return role(self.table.request, contract)


class Contracts(tables.Table):
    name = tables.name_column(
        'horizon:project:market_contracts:detail', verbose_name=_('Contract')
    )
    role = Role('role', verbose_name=_('You'))
    servers = tables.Column(
        lambda contract: len(contract.lines),
        verbose_name=_('Servers'),
        classes=('flocx-number',),
        total=lambda contracts: sum(len(each.lines) for each in contracts),
    )
    start_time = tables.time_column('start_time', verbose_name=_('From'))
    end_time = tables.time_column('end_time', verbose_name=_('Until'))
    price = tables.price_column(
        rate,
        verbose_name=_('Price'),
        total=lambda contracts: formats.money(sum(map(rate, contracts))),
        help_text=_('Credits per hour, for all servers that you see'),
    )
    created_at = tables.time_column('created_at', verbose_name=_('Made'))
    status = tables.status_column()
    settled = tables.settled_column(is_settled)

    class Meta:
        name = 'contracts'
        verbose_name = _('Contracts')
        template = 'flocx_dashboard/_table.html'
        no_data_message = _(
            'No contract. There is one once a bid is matched or an offer claimed.'
        )
        row_class = Row
        status_columns = ('settled',)
        row_actions = (MoveEnd, Release, Reclaim)
        table_actions = (Release,)

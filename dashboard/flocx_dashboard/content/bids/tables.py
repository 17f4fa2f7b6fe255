# SPDX-License-Identifier: Apache-2.0
import datetime

from django import urls
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import tables as horizon_tables

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import tables

#: For how long a page looks by itself whether a bid is matched.
WATCHED = datetime.timedelta(minutes=5)


class Create(horizon_tables.LinkAction):
    name = 'create'
    verbose_name = _('Place Bid')
    url = 'horizon:project:market_bids:create'
    classes = ('ajax-modal', 'btn-primary')
    icon = 'plus'


class Change(horizon_tables.LinkAction):
    name = 'change'
    verbose_name = _('Change')
    url = 'horizon:project:market_bids:change'
    classes = ('ajax-modal',)
    icon = 'pencil'

    def allowed(self, request, bid=None):
        return bid.status == 'available'


class Cancel(tables.Ending):
    name = 'cancel'
    help_text = _('The bids leave the market. Nothing is owed for them.')

    @staticmethod
    def action_present(count):
        return ngettext_lazy('Cancel Bid', 'Cancel Bids', count)

    @staticmethod
    def action_past(count):
        return ngettext_lazy('Cancelled bid', 'Cancelled bids', count)

    def allowed(self, request, bid=None):
        return bid is None or bid.status == 'available'

    def end(self, request, bid):
        api.call(api.market(request).delete_bid, bid)


class Row(tables.Row):
    fetch = 'get_bid'


def quantity(bid):
    if bid.min_quantity == bid.quantity:
        return bid.quantity
    return f'{bid.min_quantity}–{bid.quantity}'


def is_settled(bid):
    """Whether the row need not be looked at again by itself."""
    age = timezone.now() - formats.instant(bid.created_at)
    return bid.status != 'available' or age > WATCHED


def contract_url(bid):
    return bid.contract_uuid and urls.reverse(
        'horizon:project:market_contracts:detail', args=[bid.contract_uuid]
    )


class Contract(tables.Column):
    """The contract that a bid has led to, by its name."""

    def get_raw_data(self, bid):
        uuid = bid.contract_uuid
        # A row that is looked at again by itself brings no names along.
        return uuid and (self.table.contracts.get(uuid) or formats.short(uuid))


class Bids(tables.Table):
    #: The names of contracts, by uuid.
    contracts = {}

    name = tables.name_column(
        'horizon:project:market_bids:detail', verbose_name=_('Bid')
    )
    quantity = tables.Column(
        quantity, verbose_name=_('Servers'), classes=('flocx-number',)
    )
    resource_class = tables.Column(
        'resource_class', verbose_name=_('Class'), empty_value=_('Any')
    )
    duration = tables.Column(
        lambda bid: formats.duration(bid.duration), verbose_name=_('For')
    )
    start_time = tables.time_column('start_time', verbose_name=_('Between'))
    end_time = tables.time_column('end_time', verbose_name=_('and'))
    price = tables.price_column(
        sort_key='price',
        verbose_name=_('Price at most'),
        help_text=_('Credits per server and hour'),
    )
    created_at = tables.time_column('created_at', verbose_name=_('Placed'))
    status = tables.status_column()
    contract = Contract(
        'contract_uuid',
        verbose_name=_('Contract'),
        link=contract_url,
        empty_value=_('–'),
    )
    settled = tables.settled_column(is_settled)

    class Meta:
        name = 'bids'
        verbose_name = _('Bids')
        template = 'flocx_dashboard/_table.html'
        no_data_message = _('No bid. Place one: what it would get is shown at once.')
        row_class = Row
        status_columns = ('settled',)
        row_actions = (Change, Cancel)
        table_actions = (Create, Cancel)

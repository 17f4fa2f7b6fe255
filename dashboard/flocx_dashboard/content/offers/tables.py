# SPDX-License-Identifier: Apache-2.0
from django.utils import html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy
from horizon import tables as horizon_tables

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard import tables
from flocx_dashboard.templatetags import marketplace


def is_own(request, offer):
    return offer.project_id == request.user.project_id


def can_claim(request, offer):
    """Whether some of its time is still free, for somebody else than its owner."""
    return (
        offer.status == 'available'
        and bool(offer.availabilities)
        and not is_own(request, offer)
    )


class Claim(horizon_tables.LinkAction):
    name = 'claim'
    verbose_name = _('Claim')
    url = 'horizon:project:market_offers:claim'
    classes = ('ajax-modal', 'btn-primary')
    icon = 'hand-paper-o'

    def allowed(self, request, offer=None):
        return can_claim(request, offer)


class Change(horizon_tables.LinkAction):
    name = 'change'
    verbose_name = _('Change')
    url = 'horizon:project:market_offers:change'
    classes = ('ajax-modal',)
    icon = 'pencil'

    def allowed(self, request, offer=None):
        return offer.status == 'available' and is_own(request, offer)


class Withdraw(tables.Ending):
    name = 'withdraw'
    help_text = _('The offer leaves the market. Contracts made from it stay.')

    @staticmethod
    def action_present(count):
        return ngettext_lazy('Withdraw Offer', 'Withdraw Offers', count)

    @staticmethod
    def action_past(count):
        return ngettext_lazy('Withdrew offer', 'Withdrew offers', count)

    def allowed(self, request, offer=None):
        return offer is None or (
            offer.status in ('available', 'error') and is_own(request, offer)
        )

    def end(self, request, offer):
        api.call(api.provider(request).withdraw_offer, offer)


def free(offer):
    """When the offer can be had next."""
    if not offer.availabilities:
        return _('Fully booked, or not whole') if offer.block else _('Fully booked')
    start, end = offer.availabilities[0]
    more = len(offer.availabilities) - 1
    first = html.format_html('{} – {}', marketplace.when(start), marketplace.when(end))
    return html.format_html('{} (+{})', first, more) if more else first


def hardware(offer):
    """Its hardware, and what it is sold only together with."""
    found = formats.hardware(offer.properties)
    if not offer.block:
        return found
    return _('%(hardware)s; only with all of %(block)s') % {
        'hardware': found,
        'block': offer.block,
    }


def status(offer):
    """Its status; one that is on the market and has no time left is booked."""
    booked = offer.status == 'available' and not offer.availabilities
    return marketplace.status('booked' if booked else offer.status)


class Offers(tables.Table):
    name = tables.name_column(
        'horizon:project:market_offers:detail', verbose_name=_('Offer')
    )
    resource_class = tables.Column('resource_class', verbose_name=_('Class'))
    hardware = tables.Column(hardware, verbose_name=_('Hardware'))
    free = tables.Column(free, verbose_name=_('Free'))
    end_time = tables.time_column('end_time', verbose_name=_('Ends'))
    price = tables.price_column(
        sort_key='price',
        verbose_name=_('Price'),
        help_text=_('Credits per server and hour'),
    )
    status = tables.Column(status, verbose_name=_('Status'))

    class Meta:
        name = 'offers'
        verbose_name = _('Offers')
        template = 'flocx_dashboard/_table.html'
        no_data_message = _(
            'No offer meets this. Clear the filter, or place a bid: it waits until '
            'one does.'
        )
        multi_select = False
        row_actions = (Claim, Change)


class MyOffers(Offers):
    lessee = tables.Column(
        lambda offer: offer.lessee_name, verbose_name=_('Only for'), empty_value=_('–')
    )

    class Meta:
        name = 'my_offers'
        verbose_name = _('My offers')
        template = 'flocx_dashboard/_table.html'
        no_data_message = _('You offer nothing. Choose a server under "My servers".')
        row_actions = (Change, Withdraw)
        table_actions = (Withdraw,)


class Offer(horizon_tables.LinkAction):
    name = 'offer'
    verbose_name = _('Offer')
    url = 'horizon:project:market_offers:create'
    classes = ('ajax-modal', 'btn-primary')
    icon = 'tag'

    def allowed(self, request, node=None):
        return node.owner in (None, request.user.project_id)


class Servers(tables.Table):
    name = tables.name_column(
        'horizon:project:market_offers:server',
        sort_key='name',
        verbose_name=_('Server'),
    )
    resource_class = tables.Column(
        'resource_class', sort_key='resource_class', verbose_name=_('Class')
    )
    hardware = tables.Column(
        lambda node: formats.hardware(node.properties), verbose_name=_('Hardware')
    )
    provision_state = tables.Column(
        'provision_state', sort_key='provision_state', verbose_name=_('State')
    )
    power_state = tables.Column(
        'power_state', sort_key='power_state', verbose_name=_('Power')
    )
    maintenance = tables.Column(
        lambda node: _('Yes') if node.maintenance else _('No'),
        verbose_name=_('Maintenance'),
    )
    lessee = tables.Column(
        lambda node: node.lessee_name, verbose_name=_('Used by'), empty_value=_('–')
    )

    class Meta:
        name = 'servers'
        verbose_name = _('My servers')
        template = 'flocx_dashboard/_table.html'
        no_data_message = _('No server that your project owns or rents is like this.')
        row_actions = (Offer,)


def named(request, things, field):
    """``things``, each knowing the name of the project in ``field``."""
    for thing in things:
        ident = getattr(thing, field)
        setattr(
            thing,
            f'{field.removesuffix("_id")}_name',
            ident and names.project(request, ident),
        )
    return things

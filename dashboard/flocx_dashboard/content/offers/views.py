# SPDX-License-Identifier: Apache-2.0
from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import events
from flocx_dashboard import forms
from flocx_dashboard import objects
from flocx_dashboard import tables
from flocx_dashboard.content.offers import forms as offer_forms
from flocx_dashboard.content.offers import sections
from flocx_dashboard.content.offers import tables as offer_tables
from flocxclient.sdk import filters

INDEX = 'horizon:project:market_offers:index'
MINE = 'horizon:project:market_offers:mine'
SERVERS = 'horizon:project:market_offers:servers'


class Index(tables.ListView):
    table_class = offer_tables.Offers
    filter_class = offer_forms.Filter
    template_name = 'flocx_dashboard/list.html'
    page_title = _('Offers on the market')
    section = 'index'
    default_sort = ('price', 'asc')

    def listing(self):
        return api.market(self.request).offers

    def filters(self, data):
        query = self.filter_form.given(
            'resource_class',
            'available_start_time',
            'available_end_time',
            'requirements',
            'name',
            'status',
        )
        if data['price']:
            query['price'] = filters.Comparison('lte', data['price'])
        return query

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context['sections'] = sections.sections(self.section)
        return context


class Mine(Index):
    table_class = offer_tables.MyOffers
    page_title = _('My offers')
    section = 'mine'
    default_sort = ('created_at', 'desc')

    def filters(self, data):
        own = {'project_id': self.request.user.project_id}
        return super().filters(data) | own

    def get_data(self):
        return offer_tables.named(self.request, super().get_data(), 'lessee_id')


class OfferMixin(objects.ObjectMixin):
    """A page about the offer that the URL names."""

    index = INDEX
    kind = _('Offer %s')

    def fetch(self, uuid):
        return api.call(api.market(self.request).get_offer, uuid)


class NodeMixin(objects.ObjectMixin):
    """A page about the server that the URL names."""

    index = SERVERS
    kind = _('Server %s')

    def fetch(self, uuid):
        return api.call(api.provider(self.request).get_node, uuid)

    def get_context_data(self, **kwargs):
        return super().get_context_data(node=self.object, **kwargs)


class Detail(OfferMixin, views.HorizonTemplateView):
    template_name = 'flocx_dashboard/offers/detail.html'

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        offer = self.object
        own = offer_tables.is_own(self.request, offer)
        context.update(
            offer=offer,
            own=own,
            hardware=sorted(hardware(offer.properties)),
            can_claim=offer_tables.can_claim(self.request, offer),
            can_change=offer.status == 'available' and own,
        )
        if own:
            context['events'] = events.of_object(self.request, 'offer', offer.uuid, 20)
        return context


class Create(NodeMixin, forms.FormView):
    form_class = offer_forms.Create
    page_title = modal_header = _('Offer a server')
    submit_label = _('Offer')
    success_url = urls.reverse_lazy(MINE)
    cancel_url = urls.reverse_lazy(SERVERS)
    side_template = 'flocx_dashboard/offers/_create.html'

    def get_initial(self):
        # The calendar leads here with the time that was chosen in it.
        given = ('start_time', 'end_time', 'price')
        chosen = {n: self.request.GET[n] for n in given if n in self.request.GET}
        return {**chosen, 'uuid': self.object.uuid}


class Change(OfferMixin, forms.FormView):
    form_class = offer_forms.Change
    page_title = modal_header = _('Change an offer')
    submit_label = _('Change')
    success_url = urls.reverse_lazy(MINE)
    side_template = 'flocx_dashboard/offers/_change.html'

    def get_initial(self):
        return {
            **offer_forms.Change.initial_of(self.object),
            'lessee_id': self.object.lessee_id,
            **{name: self.object[name] for name in offer_forms.TERMS},
        }


class Outage(OfferMixin, forms.FormView):
    form_class = offer_forms.Outage
    page_title = modal_header = _('Plan an outage')
    submit_label = _('Plan')
    success_url = urls.reverse_lazy(MINE)
    side_template = 'flocx_dashboard/offers/_outage.html'

    def get_initial(self):
        return {'uuid': self.object.uuid}


def hardware(document, path=''):
    """Pairs of a key and a value of a hardware document; lists are joined."""
    for name, value in (document or {}).items():
        where = f'{path}.{name}' if path else name
        if isinstance(value, dict):
            yield from hardware(value, where)
        elif isinstance(value, list):
            yield from _listed(where, value)
        else:
            yield where, value


def _listed(where, values):
    plain = [str(each) for each in values if not isinstance(each, (dict, list))]
    if plain:
        yield f'{where}[]', ', '.join(plain)
    for number, each in enumerate(values):
        if isinstance(each, dict):
            yield from hardware(each, f'{where}[{number}]')

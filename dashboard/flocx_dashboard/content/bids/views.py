# SPDX-License-Identifier: Apache-2.0
from django import shortcuts
from django import urls
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import events
from flocx_dashboard import forms
from flocx_dashboard import names
from flocx_dashboard import objects
from flocx_dashboard import tables
from flocx_dashboard.content.bids import forms as bid_forms
from flocx_dashboard.content.bids import standing
from flocx_dashboard.content.bids import tables as bid_tables

INDEX = 'horizon:project:market_bids:index'
#: How many seconds a quote is worth waiting for while somebody types.
QUOTE_TIMEOUT = 10


class Index(tables.ListView):
    table_class = bid_tables.Bids
    filter_class = bid_forms.Filter
    template_name = 'flocx_dashboard/list.html'
    page_title = _('Bids')

    def listing(self):
        return api.market(self.request).bids

    def filters(self, data):
        return {
            # An administrator gets everybody's bids; here they are one's own.
            'project_id': self.request.user.project_id,
            **self.filter_form.given(
                'status', 'name', 'resource_class', 'purpose', 'start_time', 'end_time'
            ),
        }

    def get_context_data(self, **kwargs):
        return super().get_context_data(sections=standing.sections('index'), **kwargs)

    def get_data(self):
        bids = super().get_data()
        self.table.contracts = names.of_contracts(
            self.request, [bid.contract_uuid for bid in bids]
        )
        return bids


class BidMixin(objects.ObjectMixin):
    """A page about the bid that the URL names."""

    index = INDEX
    kind = _('Bid %s')

    def fetch(self, uuid):
        return api.call(api.market(self.request).get_bid, uuid)


class Detail(BidMixin, views.HorizonTemplateView):
    template_name = 'flocx_dashboard/bids/detail.html'

    def get_context_data(self, **kwargs):
        bid = self.object
        return super().get_context_data(
            bid=bid,
            quantity=bid_tables.quantity(bid),
            contracts=names.of_contracts(self.request, [bid.contract_uuid]),
            can_change=bid.status == 'available',
            events=events.of_object(self.request, 'bid', bid.uuid, 20),
            **kwargs,
        )


class Create(forms.FormView):
    form_class = bid_forms.Create
    modal_header = _('Place a bid')
    submit_label = _('Place Bid')
    success_url = urls.reverse_lazy(INDEX)
    side_template = 'flocx_dashboard/bids/_create.html'

    def get_initial(self):
        # "The like of this offer" is a link with some fields.
        known = bid_forms.Create.base_fields
        return {
            name: self.request.GET[name] for name in self.request.GET if name in known
        }


class Change(BidMixin, forms.FormView):
    form_class = bid_forms.Change
    page_title = modal_header = _('Change a bid')
    submit_label = _('Change')
    success_url = urls.reverse_lazy(INDEX)

    def get_initial(self):
        return bid_forms.Change.initial_of(self.object)


class Quote(generic.View):
    """What the bid in the form would get now: a piece of a page."""

    def post(self, request):
        form = bid_forms.Quote(request, request.POST)
        context = {}
        if form.is_valid():
            try:
                context['quote'] = api.call(
                    api.market(request).quote, timeout=QUOTE_TIMEOUT, **form.terms
                )
            except api.Refused as refused:
                context['refused'] = str(refused)
        else:
            context['missing'] = [
                form.fields[name].label for name in form.errors if name in form.fields
            ]
            context['wrong'] = {
                form.fields[name].label: errors
                for name, errors in form.errors.items()
                if request.POST.get(name)
            }
        return shortcuts.render(request, 'flocx_dashboard/bids/_quote.html', context)

# SPDX-License-Identifier: Apache-2.0
from django import urls
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import events
from flocx_dashboard import formats
from flocx_dashboard import forms
from flocx_dashboard import names
from flocx_dashboard import objects
from flocx_dashboard import tables
from flocx_dashboard import totals
from flocx_dashboard.content.contracts import extending
from flocx_dashboard.content.contracts import forms as contract_forms
from flocx_dashboard.content.contracts import tables as contract_tables

INDEX = 'horizon:project:market_contracts:index'


class Index(tables.ListView):
    table_class = contract_tables.Contracts
    filter_class = contract_forms.Filter
    template_name = 'flocx_dashboard/list.html'
    page_title = _('Contracts')

    def listing(self):
        return api.market(self.request).contracts

    def filters(self, data):
        return self.filter_form.given(
            'role',
            'status',
            'name',
            'resource_class',
            'purpose',
            'start_time',
            'end_time',
        )


class ContractMixin(objects.ObjectMixin):
    """A page about the contract that the URL names."""

    index = INDEX
    kind = _('Contract %s')
    cancel_url = success_url = urls.reverse_lazy(INDEX)

    def fetch(self, uuid):
        return api.call(api.market(self.request).get_contract, uuid)

    def get_initial(self):
        return {
            'uuid': self.object.uuid,
            'title': formats.title(self.object),
            'now_ends': self.object.end_time,
            'extend_until': self.object.extend_until,
            'extend_max_price': self.object.extend_max_price,
            'generation': self.object.generation,
        }

    def get_context_data(self, **kwargs):
        return super().get_context_data(contract=self.object, **kwargs)


class Detail(ContractMixin, views.HorizonTemplateView):
    template_name = 'flocx_dashboard/contracts/detail.html'

    def get_context_data(self, **kwargs):
        contract = self.object
        is_renter = contract_tables.is_renter(self.request, contract)
        return super().get_context_data(
            lines=contract.lines,
            offers=names.of_offers(
                self.request, [line['offer_uuid'] for line in contract.lines]
            ),
            bid_name=is_renter and contract.bid_uuid and self._bid_name(),
            role=contract_tables.role(self.request, contract),
            rate=contract_tables.rate(contract),
            is_renter=is_renter,
            can_change=is_renter and contract.status in contract_tables.OPEN,
            can_reclaim=contract_tables.can_reclaim(self.request, contract),
            started=formats.instant(contract.start_time) <= timezone.now(),
            events=events.of_object(self.request, 'contract', contract.uuid, 50),
            **kwargs,
        )

    def _bid_name(self):
        """What the bid is called by which the contract came about."""
        market, uuid = api.market(self.request), self.object.uuid
        for bid in api.every(market.bids, 1, contract_uuid=uuid, status='any'):
            return formats.title(bid)
        return formats.short(self.object.bid_uuid)


class MoveEnd(ContractMixin, forms.FormView):
    form_class = contract_forms.MoveEnd
    page_title = modal_header = _('Extend or shorten a contract')
    submit_label = _('Move the end')
    side_template = 'flocx_dashboard/contracts/_end.html'

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            longest=extending.longest(self.request, self.object),
            total_url=urls.reverse(
                'horizon:project:market_contracts:end_total', args=[self.object.uuid]
            ),
            **kwargs,
        )


class EndTotal(ContractMixin, totals.View):
    def total(self):
        initial = self.get_initial()
        form = contract_forms.MoveEnd(self.request, self.request.POST, initial=initial)
        if form.is_valid():
            return extending.total(self.request, self.object, form.new_end)
        return totals.first_error(form)


class GoOn(ContractMixin, forms.FormView):
    form_class = contract_forms.GoOn
    page_title = modal_header = _('Let a contract go on by itself')
    submit_label = _('Save')
    side_template = 'flocx_dashboard/contracts/_go_on.html'


class Reclaim(ContractMixin, forms.FormView):
    form_class = contract_forms.Reclaim
    page_title = modal_header = _('Reclaim the servers of a contract')
    submit_label = _('Reclaim')
    side_template = 'flocx_dashboard/contracts/_reclaim.html'


class Release(ContractMixin, forms.FormView):
    form_class = contract_forms.Release
    page_title = modal_header = _('Release a contract')
    submit_label = _('Release')
    side_template = 'flocx_dashboard/contracts/_release.html'

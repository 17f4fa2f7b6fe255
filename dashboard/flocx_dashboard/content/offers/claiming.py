# SPDX-License-Identifier: Apache-2.0
"""Taking offers at their price, with what it comes to said before."""

from django import urls
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import forms
from flocx_dashboard import totals
from flocx_dashboard.content.offers import forms as offer_forms
from flocx_dashboard.content.offers import views
from flocxclient.osc import costs
from flocxclient.osc import times
from flocxclient.sdk import filters


class ClaimMixin(views.OfferMixin):
    """An offer that is to be claimed, perhaps together with others."""

    @cached_property
    def others(self):
        """What could be claimed together with the offer, or has to be."""
        if self.object.block:
            return self.rest_of_block
        return [
            offer
            for offer in api.every(
                api.market(self.request).offers,
                offer_forms.MAX_NODES,
                limit=offer_forms.MAX_NODES,
                project_id=filters.Comparison('neq', self.request.user.project_id),
                sort_key='price',
            )
            if offer.uuid != self.object.uuid and not offer.block
        ]

    @cached_property
    def rest_of_block(self):
        """The offers that are sold only together with this one."""
        if not self.object.block:
            return []
        return [
            offer
            for offer in api.every(
                api.market(self.request).offers,
                self.object.block_size,
                limit=self.object.block_size,
                project_id=self.object.project_id,
                block=self.object.block,
            )
            if offer.uuid != self.object.uuid
        ]


class Claim(ClaimMixin, forms.FormView):
    form_class = offer_forms.Claim
    page_title = modal_header = _('Claim an offer')
    submit_label = _('Claim')
    success_url = urls.reverse_lazy('horizon:project:market_contracts:index')
    cancel_url = urls.reverse_lazy(views.INDEX)
    side_template = 'flocx_dashboard/offers/_claim.html'

    def get_initial(self):
        together = [offer.uuid for offer in self.rest_of_block]
        return {'uuid': self.object.uuid, 'offers': together}

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), 'others': self.others}

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            offer=self.object,
            total=total([self.object, *self.rest_of_block]),
            total_url=urls.reverse(
                'horizon:project:market_offers:claim_total', args=[self.object.uuid]
            ),
            **kwargs,
        )


class ClaimTotal(ClaimMixin, totals.View):
    def total(self):
        form = offer_forms.Claim(self.request, self.request.POST, others=self.others)
        if not form.is_valid():
            return totals.first_error(form)
        given = form.cleaned_data
        chosen = [e for e in self.others if e.uuid in given.get('offers', ())]
        return total([self.object, *chosen], given['start_time'], given['end_time'])


def total(offers, start=None, end=None):
    """What a claim of offers comes to, a Total."""
    given = (start, end)
    try:
        start, end, amounts = costs.claimed(
            offers, *(each and formats.instant(each) for each in given), timezone.now()
        )
    except costs.NotFree as refused:
        free = [
            f'{formats.moment(opens)} – {formats.moment(closes)}'
            for opens, closes in refused.offer.availabilities
        ]
        words = {
            'name': formats.title(refused.offer),
            'free': ', '.join(free) or _('at no time'),
        }
        return totals.Total(
            error=_('Offer %(name)s is not free then; it is free %(free)s.') % words
        )
    return totals.Total(times.render(start), times.render(end), sum(amounts))

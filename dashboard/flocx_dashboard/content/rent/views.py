# SPDX-License-Identifier: Apache-2.0
"""From what somebody needs to a claim or a bid, on one page."""

import uuid

from django import shortcuts
from django import urls
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import forms
from flocx_dashboard.charts import heat
from flocx_dashboard.content.rent import forms as rent_forms
from flocx_dashboard.content.rent import options
from flocxclient.osc import times

INDEX = 'horizon:project:market_rent:index'


class Index(views.HorizonTemplateView):
    template_name = 'flocx_dashboard/rent/index.html'
    page_title = _('Rent Servers')

    def get_context_data(self, **kwargs):
        asked = self.request.GET if self.request.GET else None
        form = rent_forms.Need(asked, request=self.request)
        context = super().get_context_data(filter_form=form, **kwargs)
        if form.is_bound and form.is_valid():
            try:
                context.update(self._found(form.terms))
            except api.Refused as refused:
                if refused.field in form.fields:
                    form.add_error(refused.field, refused.detail)
                else:
                    messages.error(self.request, str(refused))
        return context

    def _found(self, terms):
        name = terms.pop('name', None)
        price = terms.pop('price', None)
        market = api.market(self.request)
        found = options.Finder(market, terms)
        claims = found.claims()
        ceiling = price or self._suggested(found, claims)
        return {
            'terms': terms,
            'name': name or '',
            'requirements': fields.typed(terms.get('requirements', ())),
            'quote': found.quote,
            'claims': claims,
            'ceiling': ceiling,
            'most': ceiling and options.most(ceiling, terms),
            'alternatives': [
                (each, self._query(**each.changes))
                for each in (() if claims else found.alternatives())
            ],
            'picture': heat.picture(
                self._cells(found, terms), found.step, _('Starts of the stay')
            ),
            'key': uuid.uuid4().hex,
        }

    @staticmethod
    def _suggested(found, claims):
        """What a bid may hope for: what was paid of late, or what is asked now."""
        usual = found.usual_price()
        if usual is not None or not claims:
            return usual
        return str(min(price for _title, each in claims for price in each.prices))

    def _cells(self, found, terms):
        return [
            heat.Cell(
                each['start_time'],
                times.render(
                    times.add(times.parse(each['start_time']), terms['duration'])
                ),
                each['price'],
                each['servers'],
                '?'
                + self._query(
                    start_time=each['start_time'],
                    end_time=None,
                    duration=terms['duration'],
                ),
            )
            for each in found.quote.calendar or ()
        ]

    def _query(self, **changes):
        """The query of this page with changes, as the form would have them typed."""
        query = self.request.GET.copy()
        for name, value in changes.items():
            query[name] = _typed(name, value)
        return query.urlencode()


def _typed(name, value):
    if value is None:
        return ''
    if name == 'requirements':
        return fields.typed(value)
    if name in ('duration', 'min_reclaim_notice'):
        return times.render_duration(value)
    if name in ('start_time', 'end_time'):
        if formats.instant(value) <= timezone.now():
            return ''
        return formats.editable_moment(value)
    return str(value)


class Claim(forms.FormView):
    form_class = rent_forms.Claim
    page_title = modal_header = _('Claim servers')
    submit_label = _('Claim')
    success_url = urls.reverse_lazy('horizon:project:market_contracts:index')
    cancel_url = urls.reverse_lazy(INDEX)

    def get(self, request, *args, **kwargs):
        # There is nothing to claim before something is found.
        return shortcuts.redirect(INDEX)

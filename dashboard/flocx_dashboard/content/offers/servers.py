# SPDX-License-Identifier: Apache-2.0
"""The servers of the project, and what hardware others offer."""

from django.utils.translation import gettext_lazy as _
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import tables as flocx_tables
from flocx_dashboard.content.offers import forms
from flocx_dashboard.content.offers import sections
from flocx_dashboard.content.offers import tables


class Index(flocx_tables.ListView):
    table_class = tables.Servers
    filter_class = forms.ServerFilter
    template_name = 'flocx_dashboard/list.html'
    page_title = _('My servers')
    default_sort = ('name', 'asc')

    def listing(self):
        return api.provider(self.request).nodes

    def filters(self, data):
        return self.filter_form.given(*self.filter_form.fields)

    def get_data(self):
        return tables.named(self.request, super().get_data(), 'lessee')

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context['sections'] = sections.sections('servers')
        return context


class Hardware(views.HorizonTemplateView):
    template_name = 'flocx_dashboard/offers/hardware.html'
    page_title = _('Hardware on offer')

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        try:
            found = api.call(api.market(self.request).properties)
        except api.Refused as refused:
            messages.error(self.request, str(refused))
            found = []
        context['sections'] = sections.sections('hardware')
        context['properties'] = [
            {
                'expression': each.expression,
                'offers': each.offers,
                'values': _values(each),
            }
            for each in found
        ]
        return context


def _values(found):
    if found.type == 'number':
        least, most = formats.number(found.min), formats.number(found.max)
        return least if least == most else f'{least} – {most}'
    return ', '.join(map(str, found.known_values or ()))

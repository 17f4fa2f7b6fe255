# SPDX-License-Identifier: Apache-2.0
"""Standing demands: servers that are held until told otherwise."""

import uuid

from django import forms
from django import urls
from django.utils.translation import gettext_lazy as _
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import names
from flocx_dashboard import tables

SECTIONS = (('index', _('Bids')), ('standing', _('Servers to hold')))
#: Of how many contracts of a standing demand the names are shown.
SHOWN = 10
#: What the form says of a standing demand.
TERMS = (
    'name',
    'quantity',
    'resource_class',
    'requirements',
    'max_price',
    'duration',
    'end_time',
)


class Form(tables.FilterForm):
    name = forms.CharField(label=_('Name'), required=False, max_length=255)
    quantity = forms.IntegerField(label=_('Servers'), min_value=1, initial=1)
    resource_class = fields.ClassChoice(label=_('Class'), required=False)
    requirements = fields.Requirements(label=_('Requirements'), required=False)
    max_price = fields.Price(
        label=_('Price at most'), help_text=_('In credits per server and hour.')
    )
    duration = fields.Duration(
        label=_('For each time'),
        help_text=_('For how long a server is bought at a time, such as 1d.'),
    )
    end_time = fields.Moment(
        label=_('Until'),
        required=False,
        help_text=_('Without it until you end it.'),
        example=_('+30d, 2027-01-05'),
    )
    key = forms.CharField(
        widget=forms.HiddenInput, initial=lambda: uuid.uuid4().hex, required=False
    )


class Standing(views.HorizonTemplateView):
    """The standing demands of a project, and a form for one more."""

    template_name = 'flocx_dashboard/bids/standing.html'
    page_title = _('Servers to hold')
    _form = None

    def post(self, request, *args, **kwargs):
        """Make a standing demand, or do to one what the button says."""
        market, given = api.market(request), request.POST
        try:
            if 'end' in given:
                api.call(market.delete_standing_demand, given['end'])
            elif 'pause' in given:
                self._change(given['pause'], status='paused')
            elif 'resume' in given:
                self._change(given['resume'], status='active')
            elif 'change' in given:
                self._change(given['change'], quantity=int(given['number']))
            else:
                self._create(market)
        except api.Refused as refused:
            self._blame(refused)
        except ValueError:
            messages.error(request, _('Say how many servers.'))
        return self.get(request, *args, **kwargs)

    def _change(self, demand, **values):
        market = api.market(self.request)
        api.call(market.update_standing_demand, demand, **values)

    def _create(self, market):
        form = Form(self.request.POST, request=self.request)
        self._form = form
        if form.is_valid():
            key = form.cleaned_data['key'] or None
            api.call(market.create_standing_demand, key, **form.given(*TERMS))
            self._form = None

    def _blame(self, refused):
        if self._form is not None and refused.field in self._form.fields:
            self._form.add_error(refused.field, refused.detail)
        else:
            messages.error(self.request, str(refused))

    def get_context_data(self, **kwargs):
        found = []
        try:
            found = api.every(
                api.market(self.request).standing_demands,
                project_id=self.request.user.project_id,
            )
        except api.Refused as refused:
            messages.error(self.request, str(refused))
        held = [uuid for each in found for uuid in each.contracts[:SHOWN]]
        return super().get_context_data(
            demands=found,
            shown=SHOWN,
            contracts=names.of_contracts(self.request, held),
            form=self._form or Form(request=self.request),
            sections=sections('standing'),
            **kwargs,
        )


def sections(active):
    """The pages about bids, one beside the other."""
    return [
        {
            'name': title,
            'url': urls.reverse(f'horizon:project:market_bids:{name}'),
            'active': name == active,
        }
        for name, title in SECTIONS
    ]

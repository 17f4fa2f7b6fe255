# SPDX-License-Identifier: Apache-2.0
import csv

from django import http
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import events
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard import tables
from flocx_dashboard.content.overview import agenda
from flocx_dashboard.content.overview import unread

#: As many of each as fit a page that one looks over.
ROWS_SHOWN = 10
#: How many open things are looked through for what happens next.
OPEN = 200
#: Columns of the usage, line by line.
COLUMNS = (
    'role',
    'contract_uuid',
    'resource_uuid',
    'resource_class',
    'price',
    'server_hours',
    'missed_hours',
    'amount',
)


class Index(views.HorizonTemplateView):
    template_name = 'flocx_dashboard/overview/index.html'
    page_title = _('Overview')

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        self._own = self.request.user.project_id
        for part in (self._market, self._servers):
            try:
                context.update(part())
            except api.Refused as refused:
                messages.error(self.request, str(refused))
        return context

    def _market(self):
        market = api.market(self.request)
        contracts, bids, offers = agenda.open_things(market, self._own, OPEN)
        now = timezone.now()
        return {
            'unread': unread.count(self.request),
            'contracts': contracts[:ROWS_SHOWN],
            'contract_count': counted(contracts),
            'bids': bids[:ROWS_SHOWN],
            'bid_count': counted(bids),
            'offer_count': counted(offers),
            'agenda': agenda.agenda(contracts, bids, offers, self._own, now)[
                :ROWS_SHOWN
            ],
            'events': events.recent(self.request, ROWS_SHOWN),
            **_sums(usage(market, self._own)),
        }

    def _servers(self):
        nodes = api.every(api.provider(self.request).nodes)
        return {
            'servers': [
                {
                    'node': node,
                    'used_by': node.lessee and names.project(self.request, node.lessee),
                }
                for node in nodes[:ROWS_SHOWN]
            ],
            'server_count': len(nodes),
        }


def counted(things):
    """How many there are, or that there are more than were looked through."""
    return f'{OPEN}+' if len(things) >= OPEN else len(things)


def usage(market, project, **period):
    """The project's usage by role: ``renter`` and ``owner``, where there is any."""
    found = api.call(market.usage, project_id=project, **period)
    return {each.role: each for each in found}


def _sums(found):
    renter, owner = found.get('renter'), found.get('owner')
    return {
        'spent': renter.amount if renter else '0',
        'spent_hours': renter.server_hours if renter else '0',
        'earned': owner.amount if owner else '0',
        'earned_hours': owner.server_hours if owner else '0',
    }


class Period(tables.FilterForm):
    start_time = fields.Moment(
        label=_('From'),
        required=False,
        help_text='',
        example=_('2027-01-01; or 30d ago'),
    )
    end_time = fields.Moment(
        label=_('Until'), required=False, help_text='', example=_('2027-02-01; or now')
    )


def lines(request, form):
    """The usage in the period of a form: by role, and line by line."""
    found = usage(
        api.market(request),
        request.user.project_id,
        **form.given('start_time', 'end_time'),
    )
    return found, [
        {**line, 'role': role} for role, used in found.items() for line in used.lines
    ]


class Usage(views.HorizonTemplateView):
    template_name = 'flocx_dashboard/overview/usage.html'
    page_title = _('Usage')

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        form = Period(self.request.GET, request=self.request)
        context['filter_form'] = form
        if form.is_valid():
            try:
                found, context['lines'] = lines(self.request, form)
            except api.Refused as refused:
                messages.error(self.request, str(refused))
            else:
                context.update(_sums(found))
                context['period'] = next(iter(found.values()), None)
                context['totals'] = formats.totals(context['lines'])
                context['contracts'] = names.of_contracts(
                    self.request, [line['contract_uuid'] for line in context['lines']]
                )
        return context


class UsageFile(generic.View):
    """The usage line by line, for a spreadsheet."""

    def get(self, request):
        form = Period(request.GET, request=request)
        if not form.is_valid():
            return http.HttpResponseBadRequest(str(form.errors))
        try:
            _found, rows = lines(request, form)
        except api.Refused as refused:
            return http.HttpResponseBadRequest(str(refused))
        answer = http.HttpResponse(content_type='text/csv; charset=utf-8')
        answer['Content-Disposition'] = 'attachment; filename="usage.csv"'
        writer = csv.DictWriter(answer, COLUMNS, extrasaction='ignore')
        writer.writeheader()
        writer.writerows(rows)
        return answer

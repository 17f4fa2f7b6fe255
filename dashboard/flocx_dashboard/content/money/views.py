# SPDX-License-Identifier: Apache-2.0
import csv
import datetime
import re

from django import forms as django_forms
from django import http
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import generic
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard import tables
from flocx_dashboard.charts import money

#: How many months the picture reaches back, and can be chosen.
MONTHS = 12
_MONTH = re.compile('[0-9]{4}-(0[1-9]|1[0-2])')

GROUPS = (
    ('class', _('Class')),
    ('server', _('Server')),
    ('partner', _('Project')),
)
COLUMNS = ('role', 'group', 'name', 'server_hours', 'missed_hours', 'amount')


class Filter(tables.FilterForm):
    month = django_forms.ChoiceField(label=_('Month'), required=False)
    by = django_forms.ChoiceField(label=_('By'), required=False, choices=GROUPS)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        known = months()
        # Earlier ones are not chosen often, and may be in an address.
        given = self.data.get('month', '')
        if _MONTH.fullmatch(given) and given not in known:
            known.append(given)
        self.fields['month'].choices = [(each, each) for each in known]


def months():
    """The last months, the newest first."""
    now = timezone.now().astimezone(datetime.UTC)
    return money.months(now, MONTHS)[::-1]


def chosen(form):
    """The month and the group that are asked for."""
    given = form.given('month', 'by')
    return given.get('month') or months()[0], given.get('by', 'class')


def groups(request, form):
    """What was spent and earned in a month on what, with names; dictionaries."""
    month, by = chosen(form)
    found = api.call(
        api.market(request).usage_by,
        by,
        month=month,
        project_id=request.user.project_id,
    )
    servers = names.of_servers(request) if by == 'server' else {}
    projects = names.of_parties(request) if by == 'partner' else {}
    known = {**servers, **projects}
    return [
        {
            **{name: getattr(each, name) for name in COLUMNS if name != 'name'},
            'name': known.get(each.group, ''),
        }
        for each in found
    ]


class Index(views.HorizonTemplateView):
    template_name = 'flocx_dashboard/money/index.html'
    page_title = _('Money')

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        form = Filter(self.request.GET, request=self.request)
        context['filter_form'] = form
        if form.is_valid():
            try:
                context.update(self._seen(form))
            except api.Refused as refused:
                messages.error(self.request, str(refused))
        return context

    def _seen(self, form):
        market, own = api.market(self.request), self.request.user.project_id
        month, by = chosen(form)
        shown = months()[::-1]
        history = api.call(
            market.usage_by,
            'month',
            project_id=own,
            start_time=f'{shown[0]}-01T00:00:00Z',
        )
        found = groups(self.request, form)
        accounts = api.every(market.accounts, 1, project_id=own)
        return {
            'account': accounts[0] if accounts else None,
            'month': month,
            'by': by,
            'heading': dict(GROUPS)[by],
            'groups': found,
            'totals': formats.totals(found),
            'picture': money.picture(history, shown),
            'history': history,
            'statements': api.call(market.statements, project_id=own)[::-1],
        }


class StatementFile(generic.View):
    """The statement of a month, for a finance office."""

    def get(self, request, month):
        try:
            statement = api.call(
                api.market(request).get_statement,
                month,
                project_id=request.user.project_id,
            )
        except api.Refused as refused:
            return http.HttpResponseBadRequest(str(refused))
        columns = list(statement.lines[0]) if statement.lines else []
        return _table(f'statement-{month}.csv', columns, statement.lines)


class GroupsFile(generic.View):
    """What was spent on what in a month, for a spreadsheet."""

    def get(self, request):
        form = Filter(request.GET, request=request)
        if not form.is_valid():
            return http.HttpResponseBadRequest(str(form.errors))
        try:
            rows = groups(request, form)
        except api.Refused as refused:
            return http.HttpResponseBadRequest(str(refused))
        return _table('{}-by-{}.csv'.format(*chosen(form)), COLUMNS, rows)


def _table(name, columns, rows):
    answer = http.HttpResponse(content_type='text/csv; charset=utf-8')
    answer['Content-Disposition'] = f'attachment; filename="{name}"'
    writer = csv.DictWriter(answer, columns, extrasaction='ignore')
    writer.writeheader()
    writer.writerows(rows)
    return answer

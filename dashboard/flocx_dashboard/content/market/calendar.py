# SPDX-License-Identifier: Apache-2.0
"""The calendar: what a class costs hour by hour, or what one server does then."""

import datetime

from django import forms as django_forms
from django import urls
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard import tables
from flocx_dashboard.charts import heat
from flocx_dashboard.content.market import views
from flocxclient.osc import costs
from flocxclient.osc import times

#: How long a cell is, in seconds, by what it stands for.
STEPS = {'hour': 3600, 'day': 86400}


class Filter(tables.FilterForm):
    resource_class = fields.ClassChoice(label=gettext_lazy('Class'), required=False)
    requirements = fields.Requirements(
        label=gettext_lazy('Hardware'), required=False, help_text=''
    )
    quantity = django_forms.IntegerField(
        label=gettext_lazy('Servers'), required=False, min_value=1
    )
    duration = fields.Duration(
        label=gettext_lazy('For stays of'), required=False, help_text=''
    )
    server = django_forms.ChoiceField(
        label=gettext_lazy('Or of one server'), required=False
    )
    show = django_forms.ChoiceField(
        label=gettext_lazy('Show'),
        required=False,
        choices=[
            ('', gettext_lazy('A week')),
            ('day', gettext_lazy('A day')),
            ('month', gettext_lazy('A month')),
        ],
    )
    start_time = fields.Moment(
        label=gettext_lazy('Date'),
        required=False,
        help_text='',
        example=gettext_lazy('today, 2027-01-05'),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        servers = sorted(names.of_servers(self.request).items(), key=lambda s: s[1])
        self.fields['server'].choices = [('', _('None')), *servers]


class Calendar(views.Page):
    template_name = 'flocx_dashboard/market/calendar.html'
    section = 'calendar'
    filter_class = Filter

    def seen(self, form):
        given = form.cleaned_data
        shown = given['show'] or 'week'
        step = 'day' if shown == 'month' else 'hour'
        when = given['start_time']
        when = timezone.localtime(formats.instant(when) if when else None)
        start, end = period(when, shown)
        find = self._of_server if given['server'] else self._of_market
        cells = find(given, start, end, STEPS[step])
        title = _('What a server costs') if not given['server'] else _('One server')
        return {
            'picture': heat.picture(cells, step, title),
            'columns': heat.COLUMNS[step],
            'server': given['server'],
            'requirements': fields.typed(given['requirements']),
            'zone': when.strftime('%Z'),
            'start': times.render(start),
            'end': times.render(end),
            'earlier': self._query(start - datetime.timedelta(days=1)),
            'later': self._query(end),
            'offer_url': given['server']
            and urls.reverse(
                'horizon:project:market_offers:create', args=[given['server']]
            ),
        }

    def _query(self, when):
        query = self.request.GET.copy()
        query['start_time'] = formats.editable_moment(times.render(when))
        return query.urlencode()

    def _of_market(self, given, start, end, step):
        """The price of each start; none of what is past."""
        now = timezone.localtime()
        whole = now.replace(minute=0, second=0, microsecond=0)
        first = max(start, whole + datetime.timedelta(hours=1))
        if step > STEPS['hour'] and first > start:
            first = _midnight(first + datetime.timedelta(days=1))
        if first >= end:
            return []
        stay = given['duration'] or step
        query = {
            name: given[name]
            for name in ('resource_class', 'requirements', 'quantity')
            if given[name]
        }
        quote = api.call(
            api.market(self.request).quote,
            start_time=times.render(first),
            end_time=times.render(times.add(end, stay - step)),
            duration=stay,
            calendar='day' if step > STEPS['hour'] else 'hour',
            **query,
        )
        return [
            heat.Cell(
                each['start_time'],
                times.render(times.add(times.parse(each['start_time']), step)),
                each['price'],
                each['servers'],
            )
            for each in quote.calendar
        ]

    def _of_server(self, given, start, end, step):
        """What the server does in each hour, or day."""
        market = api.market(self.request)
        query = {
            'resource_uuid': given['server'],
            'start_time': times.render(start),
            'end_time': times.render(end),
        }
        taken = [
            (_window(line), contract)
            for contract in api.every(market.contracts, status='any', **query)
            for line in contract.lines
            if line['resource_uuid'] == given['server']
            and line['status'] != 'cancelled'
        ]
        free = [
            (window, offer)
            for offer in api.every(market.offers, **query)
            for window in costs.windows(offer.availabilities)
        ]
        cells, begin = [], start
        while begin < end:
            until = begin + datetime.timedelta(seconds=step)
            cells.append(self._cell(begin, until, taken, free))
            begin = until
        return cells

    def _cell(self, begin, until, taken, free):
        """A cell of one server: rented, let, free on offer, or none of these."""
        start, end = times.render(begin), times.render(until)
        for window, contract in taken:
            if window[0] < until and begin < window[1]:
                own = contract.project_id == self.request.user.project_id
                text = names.contract(self.request, contract)
                state = 'rented' if own else 'let'
                return heat.Cell(start, end, None, state=state, text=text)
        for window, offer in free:
            if window[0] < until and begin < window[1]:
                text = formats.about(offer.price)
                return heat.Cell(start, end, offer.price, state='free', text=text)
        return heat.Cell(start, end, None, state='unoffered', text=_('not offered'))


def _window(line):
    return tuple(times.parse(line[name]) for name in ('start_time', 'end_time'))


def _midnight(when):
    return when.replace(hour=0, minute=0, second=0, microsecond=0)


def period(when, shown):
    """The day, the week from Monday or the month of a moment, as two midnights.

    :param when: aware; the midnights are those of its zone.
    :param shown: ``day``, ``week`` or ``month``.
    """
    first = _midnight(when)
    if shown == 'day':
        return first, first + datetime.timedelta(days=1)
    if shown == 'week':
        first -= datetime.timedelta(days=first.weekday())
        return first, first + datetime.timedelta(days=7)
    first = first.replace(day=1)
    return first, (first + datetime.timedelta(days=32)).replace(day=1)

# SPDX-License-Identifier: Apache-2.0
"""The timeline: a lane for each server that the user may know of."""

import datetime

from django import forms as django_forms
from django import urls
from django.core import paginator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard import tables
from flocx_dashboard.charts import timeline
from flocx_dashboard.content.market import views
from flocxclient.osc import times

#: Days to be seen, and as many lanes as a page can have to be read.
DAYS = {'1': 1, '7': 7, '28': 28}
LANES_PER_PAGE = 40


class Filter(tables.FilterForm):
    start_time = fields.Moment(
        label=gettext_lazy('From'),
        required=False,
        help_text='',
        example=gettext_lazy('now, tomorrow, 2027-01-05'),
    )
    days = django_forms.ChoiceField(
        label=gettext_lazy('Show'),
        required=False,
        choices=[
            ('', gettext_lazy('A week')),
            ('1', gettext_lazy('A day')),
            ('28', gettext_lazy('Four weeks')),
        ],
    )
    name = django_forms.CharField(
        label=gettext_lazy('Name'),
        required=False,
        widget=django_forms.TextInput(attrs={'placeholder': gettext_lazy('rack03')}),
        help_text='',
    )
    resource_class = fields.ClassChoice(label=gettext_lazy('Class'), required=False)
    whose = django_forms.ChoiceField(
        label=gettext_lazy('Servers'),
        required=False,
        choices=[
            ('', gettext_lazy('Mine, and those on offer')),
            ('mine', gettext_lazy('Mine')),
        ],
    )


class Timeline(views.Page):
    template_name = 'flocx_dashboard/market/timeline.html'
    section = 'timeline'
    filter_class = Filter

    def seen(self, form):
        now = timezone.localtime()
        days = DAYS[form.cleaned_data['days'] or '7']
        start = form.cleaned_data['start_time']
        start = (
            timezone.localtime(formats.instant(start))
            if start
            else now - datetime.timedelta(days=days) / 8
        )
        end = start + datetime.timedelta(days=days)
        found = lanes(
            self.request,
            {
                'start_time': times.render(start.replace(microsecond=0)),
                'end_time': times.render(end.replace(microsecond=0)),
                **form.given('resource_class'),
            },
            form.cleaned_data['whose'] == 'mine',
        )
        # The services know servers by name only one by one.
        part = form.cleaned_data['name'].strip().lower()
        found = [lane for lane in found if part in lane.name.lower()]
        pages = paginator.Paginator(found, LANES_PER_PAGE)
        page = pages.get_page(self.request.GET.get('page'))
        return {
            'picture': timeline.picture(list(page), start, end, now),
            'page': page,
            'earlier': self._query(
                start_time=times.render(_whole(start) - (end - start))
            ),
            'later': self._query(start_time=times.render(_whole(end))),
            'previous_page': page.has_previous()
            and self._query(page=page.previous_page_number()),
            'next_page': page.has_next() and self._query(page=page.next_page_number()),
        }

    def _query(self, **changes):
        """The query of this page, with changes; another time has its own pages."""
        query = self.request.GET.copy()
        query.pop('page', None)
        for name, value in changes.items():
            query[name] = value
        return query.urlencode()


def _whole(when):
    return when.replace(microsecond=0)


def lanes(request, query, only_mine):
    """A lane for each server: those one owns or rents first, then others' on offer.

    Where others are not told which server an offer is of, the offer has the lane.
    """
    market = api.market(request)
    own = request.user.project_id
    known = names.of_servers(request)
    contracts = api.every(market.contracts, status='any', **query)
    offers = api.every(market.offers, **query)
    mine, others = {}, {}
    for contract in contracts:
        for line in contract.lines:
            if line['status'] != 'cancelled':
                lane = _lane(mine, line['resource_uuid'], known)
                lane.spans.append(rented(request, contract, line))
    for offer in offers:
        is_own = offer.project_id == own
        # What of others' is booked is nobody's business, and no lane of its own.
        if is_own or offer.resource_uuid in mine:
            lane = _lane(mine, offer.resource_uuid, known, offer.name)
        elif only_mine or not offer.availabilities:
            continue
        else:
            # Which server it is of, others may not be told.
            server = offer.resource_uuid or offer.uuid
            lane = _lane(others, server, known, offer.name)
        lane.spans.extend(free(offer))
    for uuid in known if 'resource_class' not in query else ():
        _lane(mine, uuid, known)
    return [*_sorted(mine), *_sorted(others)]


def _lane(found, server, known, otherwise=None):
    """The lane of a server, by its uuid.

    :param otherwise: what to call it where its name is not known; of several offers
        of it, as the first.
    """
    nameless = formats.short(server)
    if server not in found:
        url = None
        if server in known:
            url = urls.reverse('horizon:project:market_offers:server', args=[server])
        name = known.get(server) or otherwise or nameless
        found[server] = timeline.Lane(name, [], url)
    elif otherwise and found[server].name == nameless:
        # A contract was there before its offer.
        found[server].name = otherwise
    return found[server]


def _sorted(found):
    """The lanes by name; of those that have none, the ids come last."""

    def key(each):
        server, lane = each
        return lane.name == formats.short(server), lane.name

    return [each[1] for each in sorted(found.items(), key=key)]


def rented(request, contract, line):
    """The time of a line of a contract."""
    rents = contract.project_id == request.user.project_id
    return timeline.Span(
        'rented' if rents else 'let',
        line['start_time'],
        line.get('expire_time') or line['end_time'],
        names.contract(request, contract),
        urls.reverse('horizon:project:market_contracts:detail', args=[contract.uuid]),
    )


def free(offer):
    url = urls.reverse('horizon:project:market_offers:detail', args=[offer.uuid])
    text = _('free for %s') % formats.money(offer.price)
    return [
        timeline.Span('free', start, end, text, url)
        for start, end in offer.availabilities
    ]

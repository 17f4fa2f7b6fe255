# SPDX-License-Identifier: Apache-2.0
"""The timeline: a lane for each server that the user may know of."""

import datetime

from django import forms as django_forms
from django import urls
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard import tables
from flocx_dashboard.charts import timeline
from flocx_dashboard.content.market import views
from flocxclient.osc import times

#: Days to be seen, and as many lanes as can be read.
DAYS = {'1': 1, '7': 7, '28': 28}
MOST = 40


class Filter(tables.FilterForm):
    days = django_forms.ChoiceField(
        label=gettext_lazy('Show'),
        required=False,
        choices=[
            ('', gettext_lazy('A week')),
            ('1', gettext_lazy('A day')),
            ('28', gettext_lazy('Four weeks')),
        ],
    )
    resource_class = django_forms.CharField(label=gettext_lazy('Class'), required=False)
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
        start = now - datetime.timedelta(days=days) / 8
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
        picture = timeline.picture(found[:MOST], start, end, now)
        return {'picture': picture, 'left_out': max(0, len(found) - MOST)}


def lanes(request, query, only_mine):
    """Lanes by name: servers one owns or rents first, then others' on offer."""
    market = api.market(request)
    own = request.user.project_id
    known = names.of_servers(request)
    contracts = api.every(market.contracts, status='any', **query)
    offers = api.every(market.offers, **query)
    mine, others = {}, {}
    for contract in contracts:
        for line in contract.lines:
            if line['status'] != 'cancelled':
                uuid = line['resource_uuid']
                _lane(mine, uuid, known, uuid).spans.append(
                    _rented(contract, line, own)
                )
    for offer in offers:
        if offer.project_id == own:
            lane = _lane(mine, offer.resource_uuid, known, offer.resource_uuid)
        elif only_mine:
            continue
        else:
            lane = _lane(others, offer.uuid, {offer.uuid: offer.name}, None)
        lane.spans.extend(_free(offer))
    for uuid in known if 'resource_class' not in query else ():
        _lane(mine, uuid, known, uuid)
    return [*_sorted(mine), *_sorted(others)]


def _lane(found, key, known, server):
    if key not in found:
        url = None
        if server in known:
            url = urls.reverse('horizon:project:market_offers:server', args=[server])
        found[key] = timeline.Lane(known.get(key) or formats.short(key), [], url)
    return found[key]


def _sorted(found):
    return sorted(found.values(), key=lambda lane: lane.name)


def _rented(contract, line, own):
    name = contract.name or formats.short(contract.uuid)
    rents = contract.project_id == own
    return timeline.Span(
        'rented' if rents else 'let',
        line['start_time'],
        line.get('expire_time') or line['end_time'],
        name if rents else _('let: %s') % name,
        urls.reverse('horizon:project:market_contracts:detail', args=[contract.uuid]),
    )


def _free(offer):
    url = urls.reverse('horizon:project:market_offers:detail', args=[offer.uuid])
    text = _('free for %s') % formats.money(offer.price)
    return [
        timeline.Span('free', start, end, text, url)
        for start, end in offer.availabilities
    ]

# SPDX-License-Identifier: Apache-2.0
"""A server's own page: who has it and when, what it is offered for, what it earns."""

import datetime
import decimal

from django.utils import timezone
from django.utils.translation import gettext as _
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import events
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard.charts import money
from flocx_dashboard.charts import timeline
from flocx_dashboard.content.market import lanes
from flocx_dashboard.content.offers import views as offer_views
from flocxclient.osc import costs
from flocxclient.osc import times

#: How many contracts and offers are listed, the last to end first, and how many events.
LISTED, EVENTS = 100, 20
#: What the picture shows, in days before and after now.
BEFORE, AFTER = 7, 21
#: For how many months the income is summed up.
MONTHS = 12


class Detail(offer_views.NodeMixin, views.HorizonTemplateView):
    template_name = 'flocx_dashboard/offers/server.html'

    def get_context_data(self, **kwargs):
        node, now = self.object, timezone.localtime()
        own = self.request.user.project_id
        promise = costs.current(node.contracts, now)
        context = super().get_context_data(
            hardware=sorted(offer_views.hardware(node.properties)),
            is_owner=node.owner in (None, own),
            promise=promise,
            user=promise['project_id'] if promise else node.lessee,
            free_again=node.contracts is not None
            and times.render(costs.free_again(node.contracts, now)),
            **kwargs,
        )
        for part in (self._market, self._income):
            try:
                context.update(part(now))
            except api.Refused as refused:
                messages.error(self.request, str(refused))
        return context

    def _market(self, now):
        """What the market knows of the server, as far as the user may see it."""
        market, uuid = api.market(self.request), self.object.uuid
        newest = {'resource_uuid': uuid, 'status': 'any', 'limit': LISTED}
        newest |= {'sort_key': 'end_time', 'sort_dir': 'desc'}
        contracts = api.every(market.contracts, LISTED, **newest)
        offers = api.every(market.offers, LISTED, **newest)
        sales = [
            sale(self.request, contract, line)
            for contract in contracts
            for line in contract.lines
            if line['resource_uuid'] == uuid
        ]
        return {
            'sales': sales,
            'offers': offers,
            'free': [
                (start, end, offer)
                for offer in offers
                if offer.status == 'available'
                for start, end in offer.availabilities
            ],
            'outages': api.every(
                market.maintenances, LISTED, resource_uuid=uuid, status='any'
            ),
            'picture': self._picture(contracts, offers, now),
            'events': events.of_server(self.request, uuid, EVENTS),
        }

    def _picture(self, contracts, offers, now):
        uuid = self.object.uuid
        rented = timeline.Lane(_('Contracts'), [])
        for contract in contracts:
            for line in contract.lines:
                if line['resource_uuid'] == uuid and line['status'] != 'cancelled':
                    rented.spans.append(lanes.rented(self.request, contract, line))
        free = timeline.Lane(_('Free on offer'), [])
        for offer in offers:
            if offer.status == 'available':
                free.spans.extend(lanes.free(offer))
        days = datetime.timedelta(days=1)
        return timeline.picture(
            [rented, free], now - BEFORE * days, now + AFTER * days, now
        )

    def _income(self, now):
        """What the server has earned, this month and in a year."""
        utc = now.astimezone(datetime.UTC)
        this, first = utc.strftime('%Y-%m'), money.months(utc, MONTHS)[0]
        end = times.render(utc.replace(microsecond=0) + datetime.timedelta(seconds=1))
        return {
            'month': this,
            'earned_month': self._earned(month=this),
            'earned_year': self._earned(
                start_time=f'{first}-01T00:00:00Z', end_time=end
            ),
        }

    def _earned(self, **period):
        own = self.request.user.project_id
        found = api.call(
            api.market(self.request).usage_by, 'server', project_id=own, **period
        )
        return next(
            (
                each
                for each in found
                if each.role == 'owner' and each.group == self.object.uuid
            ),
            None,
        )


def sale(request, contract, line):
    """A row of the contracts of a server, a dictionary.

    ``returned_in`` is how many seconds the hand-back took, if it is over.
    """
    returned = None
    if line.get('expire_time') and line['status'] == 'ended':
        taken = formats.instant(line['expire_time']) - formats.instant(line['end_time'])
        returned = max(0, int(taken.total_seconds()))
    return {
        'contract': contract,
        'title': formats.title(contract),
        'renter': names.project(request, contract.project_id),
        'returned_in': returned,
        'amount': _amount(line),
        **line,
    }


def _amount(line):
    """What a line comes to by what was agreed, its extensions included."""
    return sum(
        (
            costs.amount(
                each['price'],
                formats.instant(each['start_time']),
                formats.instant(each['end_time']),
            )
            for each in line['price_segments']
        ),
        decimal.Decimal(0),
    )

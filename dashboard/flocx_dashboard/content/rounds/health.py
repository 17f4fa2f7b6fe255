# SPDX-License-Identifier: Apache-2.0
"""Whether everything works that should: services, providers, servers, hand-backs."""

import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from horizon import messages
from horizon import views
from keystoneauth1 import exceptions as auth_exceptions

from flocx_dashboard import api
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard.content.rounds import sections
from flocxclient.osc import times
from flocxclient.sdk import filters

#: As many of each kind of trouble as are listed.
LISTED = 100
#: How late something may be without anybody having to look, in seconds.
PATIENCE = 300
SERVICES = (
    (_('Marketplace'), api.market),
    (_('Auction engine'), api.matcher),
    (_('Provider'), api.provider),
)
#: Why a server stays in quarantine after its contract.
HAND_BACKS = {
    'clean_failed': _('Cleaning has failed'),
    'clean_unproven': _('Cleaning cannot be proven'),
    'restore_failed': _('It could not be restored'),
}


class Health(views.HorizonTemplateView):
    template_name = 'flocx_dashboard/rounds/health.html'
    page_title = _('Health')

    def get_context_data(self, **kwargs):
        context = super().get_context_data(
            sections=sections.sections('health'),
            services=[
                {'name': name, 'trouble': trouble(self.request, service)}
                for name, service in SERVICES
            ],
            **kwargs,
        )
        try:
            context.update(self._market(timezone.now()))
        except api.Refused as refused:
            messages.error(self.request, str(refused))
        return context

    def _market(self, now):
        market = api.market(self.request)
        before = (now - datetime.timedelta(seconds=PATIENCE)).replace(microsecond=0)
        past = filters.Comparison('lt', times.render(before))
        moving = filters.Comparison('in', ['wait_fulfill', 'wait_end', 'wait_cancel'])
        contracts = [
            *api.every(market.contracts, LISTED, status='error'),
            *api.every(market.contracts, LISTED, status=moving, updated_at=past),
            *api.every(market.contracts, LISTED, status='active', end_time=past),
            *api.every(market.contracts, LISTED, status='created', start_time=past),
        ]
        suspended = api.every(market.offers, LISTED, status='error')
        failed = api.every(
            market.contracts,
            LISTED,
            status='any',
            reason=filters.Comparison('in', list(HAND_BACKS)),
            sort_key='end_time',
            sort_dir='desc',
        )
        providers = api.call(market.providers)
        rounds = api.every(
            api.matcher(self.request).rounds, 1, sort_key='time', sort_dir='desc'
        )
        return {
            'last_round': rounds[0] if rounds else None,
            'providers': [
                {'provider': each, 'name': names.user(self.request, each.provider_id)}
                for each in providers
            ],
            'contracts': [
                {
                    'contract': each,
                    'title': formats.title(each),
                    'lines': [_line(line) for line in each.lines],
                }
                for each in contracts
            ],
            'hand_backs': [
                {'contract': each, 'title': formats.title(each), 'line': _line(line)}
                for each in failed
                for line in each.lines
                if line['reason'] in HAND_BACKS
            ],
            'suspended': [
                {
                    'offer': each,
                    'title': formats.title(each),
                    'owner': names.project(self.request, each.project_id),
                }
                for each in suspended
            ],
        }


def _line(line):
    return {
        'resource_uuid': line['resource_uuid'],
        'status': line['status'],
        'expire_time': line['expire_time'],
        'reason': HAND_BACKS.get(line['reason'], line['reason']),
    }


def trouble(request, service):
    """What is wrong with a service, or None."""
    try:
        answer = service(request).get('/healthcheck')
    except (api.Refused, auth_exceptions.ClientException) as error:
        return str(error)
    if answer.status_code == 200:
        return None
    return answer.text.strip() or f'HTTP {answer.status_code}'

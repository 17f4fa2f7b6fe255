# SPDX-License-Identifier: Apache-2.0
"""Who is told of what happens: e-mail addresses, and programs at a URL."""

from django.utils.translation import gettext_lazy as _
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import events
from flocxclient.sdk import webhook

#: What somebody may want to be told of, by what they choose.
KINDS = (
    ('', _('everything')),
    ('contract.*', _('contracts')),
    ('bid.*', _('bids')),
    ('offer.*', _('offers')),
)


class Webhooks(views.HorizonTemplateView):
    """The receivers of the events of a project, and a form for one more."""

    template_name = 'flocx_dashboard/overview/webhooks.html'
    page_title = _('Notifications')
    #: What requests to a new URL are signed with; it is told once.
    secret = None

    def post(self, request, *args, **kwargs):
        """Make a receiver, or do to one what the button says that was pressed."""
        market, given = api.market(request), request.POST
        try:
            if 'delete' in given:
                api.call(market.delete_webhook, given['delete'])
            elif 'test' in given:
                api.call(market.test_webhook, given['test'])
                messages.success(request, _('It is sent an event, in its turn.'))
            elif 'enable' in given:
                api.call(market.update_webhook, given['enable'], status='enabled')
            else:
                self._create(market, given)
        except api.Refused as refused:
            messages.error(request, str(refused))
        return self.get(request, *args, **kwargs)

    def _create(self, market, given):
        url = given.get('url', '').strip()
        is_address = '@' in url and '/' not in url
        terms = {'url': f'mailto:{url}' if is_address else url}
        if not is_address:
            terms['secret'] = webhook.new_secret()
        if given.get('kind'):
            terms['event_types'] = [given['kind']]
        if given.get('name', '').strip():
            terms['name'] = given['name'].strip()
        api.call(market.create_webhook, **terms)
        self.secret = terms.get('secret')

    def get_context_data(self, **kwargs):
        found = []
        try:
            found = api.every(
                api.market(self.request).webhooks,
                project_id=self.request.user.project_id,
            )
        except api.Refused as refused:
            messages.error(self.request, str(refused))
        return super().get_context_data(
            webhooks=[(each, _kinds(each)) for each in found],
            secret=self.secret,
            kinds=KINDS,
            **kwargs,
        )


def _kinds(receiver):
    """What a receiver is told of, in words."""
    words = {**events.TITLES, **dict(KINDS)}
    return [words.get(each, each) for each in receiver.event_types or ('',)]

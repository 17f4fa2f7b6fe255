# SPDX-License-Identifier: Apache-2.0
"""What is due, and what has happened, in full."""

from django import forms as django_forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import events
from flocx_dashboard import fields
from flocx_dashboard import tables
from flocx_dashboard.content.overview import agenda
from flocx_dashboard.content.overview import unread
from flocxclient.sdk import filters

#: How many of each kind of open thing are due on the page.
LISTED = 1000


class Agenda(views.HorizonTemplateView):
    """Everything that is due, in order."""

    template_name = 'flocx_dashboard/overview/agenda.html'
    page_title = _('Agenda')

    #: Where a calendar program reads it; it is told once, to who has asked for it.
    address = None

    def post(self, request, *args, **kwargs):
        """Make an address of the agenda for a calendar program, or delete one."""
        market = api.market(request)
        try:
            if 'delete' in request.POST:
                api.call(market.delete_agenda, request.POST['delete'])
            else:
                name = request.POST.get('name', '').strip()
                named = {'name': name} if name else {}
                self.address = api.call(market.create_agenda, **named).url
        except api.Refused as refused:
            messages.error(request, str(refused))
        return self.get(request, *args, **kwargs)

    def get_context_data(self, **kwargs):
        own, due, subscribed = self.request.user.project_id, [], []
        market = api.market(self.request)
        try:
            found = agenda.open_things(market, own, LISTED)
            due = agenda.agenda(*found, own, timezone.now())
            subscribed = api.every(market.agendas, LISTED, project_id=own)
        except api.Refused as refused:
            messages.error(self.request, str(refused))
        return super().get_context_data(
            agenda=due, subscribed=subscribed, address=self.address, **kwargs
        )


class EventFilter(tables.FilterForm):
    object_type = django_forms.ChoiceField(
        label=_('What'),
        required=False,
        choices=[
            ('', _('Everything')),
            ('offer', _('Offers')),
            ('bid', _('Bids')),
            ('contract', _('Contracts')),
            ('standing_demand', _('Servers to hold')),
            ('account', _('Credits')),
            ('dispute', _('Disputes')),
        ],
    )
    time = fields.Moment(
        label=_('Since'), required=False, help_text='', example=_('7d ago, 2027-01-05')
    )


class Events(views.HorizonTemplateView):
    """The feed, a page at a time, the newest first.

    ``before`` is an id, above the page; with ``after=unread`` there is what is new.
    """

    template_name = 'flocx_dashboard/overview/events.html'
    page_title = _('Events')

    _last = 0

    def get(self, request, *args, **kwargs):
        answer = super().get(request, *args, **kwargs)
        unread.mark(request, answer, self._last)
        return answer

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        form = EventFilter(self.request.GET, request=self.request)
        context['filter_form'] = form
        if form.is_valid():
            context.update(self._found(form))
        return context

    def _found(self, form):
        query, last_read = form.given('object_type'), unread.last_read(self.request)
        if form.cleaned_data['time']:
            query['time'] = filters.Comparison('gte', form.cleaned_data['time'])
        before, size = self.request.GET.get('before'), tables.page_size(self.request)
        if before:
            query['before'] = before
        if self.request.GET.get('after') == 'unread' and last_read is not None:
            query['after'] = last_read
        try:
            found = events.newest(self.request, size + 1, **query)
        except api.Refused as refused:
            messages.error(self.request, str(refused))
            return {}
        shown, following = found[:size], None
        if not query.keys() - {'after'}:
            # Who has seen the newest of all has read up to them.
            self._last = max((event.id for event in shown), default=0)
        if len(found) > size:
            following = self.request.GET.copy()
            following['before'] = shown[-1].id
        known = float('inf') if last_read is None else last_read
        return {
            'events': [events.description(each, each.id > known) for each in shown],
            'next': following and following.urlencode(),
        }

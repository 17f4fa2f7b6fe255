# SPDX-License-Identifier: Apache-2.0
"""Prices, and supply and demand: a picture, and the table of what is in it."""

import datetime

from django import forms as django_forms
from django import urls
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from horizon import messages
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import tables
from flocx_dashboard.charts import book
from flocx_dashboard.charts import prices
from flocxclient.osc import times

SECTIONS = (
    ('index', _('Prices')),
    ('calendar', _('Calendar')),
    ('book', _('Supply and demand')),
    ('timeline', _('Timeline')),
)
INTERVALS = {
    'hour': datetime.timedelta(hours=1),
    'day': datetime.timedelta(days=1),
    'week': datetime.timedelta(days=7),
}
#: How many days of prices are shown, and how many of the book, if nobody says.
PAST, AHEAD = 30, 28
#: How many sales are listed.
SALES = 50


class Page(views.HorizonTemplateView):
    """A page of the panel, whose form says what is to be seen."""

    section = 'index'
    filter_class = None

    @property
    def page_title(self):
        return dict(SECTIONS)[self.section]

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        form = self.filter_class(self.request.GET, request=self.request)
        context.update(
            filter_form=form,
            sections=[
                {
                    'name': title,
                    'url': urls.reverse(f'horizon:project:market_market:{name}'),
                    'active': name == self.section,
                }
                for name, title in SECTIONS
            ],
        )
        if form.is_valid():
            try:
                context.update(self.seen(form))
            except api.Refused as refused:
                if refused.field in form.fields:
                    form.add_error(refused.field, refused.detail)
                else:
                    messages.error(self.request, str(refused))
        return context


class PriceFilter(tables.FilterForm):
    resource_class = fields.ClassChoice(label=_('Class'), required=False)
    start_time = fields.Moment(
        label=_('From'), required=False, help_text='', example=_('7d ago, 2027-01-05')
    )
    end_time = fields.Moment(
        label=_('Until'),
        required=False,
        help_text='',
        example=_('now, 1d ago, 2027-01-05'),
    )
    interval = django_forms.ChoiceField(
        label=_('A point for each'),
        required=False,
        choices=[('', _('Day')), ('hour', _('Hour')), ('week', _('Week'))],
    )


class Prices(Page):
    template_name = 'flocx_dashboard/market/prices.html'
    filter_class = PriceFilter

    def seen(self, form):
        now = timezone.localtime()
        query = form.given('resource_class', 'interval')
        # Times are sent without fractions; what was sold in this second counts.
        end = _moment(form, 'end_time', now + datetime.timedelta(seconds=1))
        start = _moment(form, 'start_time', end - datetime.timedelta(days=PAST))
        query.update(start_time=times.render(start), end_time=times.render(end))
        market = api.market(self.request)
        found = api.call(market.prices, **query)
        interval = INTERVALS[query.get('interval', 'day')]
        return {
            'picture': prices.picture(found, start, end, interval, now),
            'left_out': max(
                0, len({p.resource_class for p in found}) - prices.MAX_CLASSES
            ),
            'prices': found[::-1],
            'sales': api.call(market.fills, limit=SALES, **query),
        }


class BookFilter(tables.FilterForm):
    resource_class = fields.ClassChoice(label=_('Class'), required=False)
    start_time = fields.Moment(
        label=_('From'), required=False, help_text='', example=_('now, tomorrow 09:00')
    )
    end_time = fields.Moment(
        label=_('Until'), required=False, help_text='', example=_('+3d, 2027-01-05')
    )


class Book(Page):
    template_name = 'flocx_dashboard/market/book.html'
    section = 'book'
    filter_class = BookFilter

    def seen(self, form):
        now = timezone.localtime().replace(microsecond=0)
        start = _moment(form, 'start_time', now)
        end = _moment(form, 'end_time', start + datetime.timedelta(days=AHEAD))
        depths = api.call(
            api.market(self.request).book,
            start_time=times.render(start),
            end_time=times.render(end),
            **form.given('resource_class'),
        )
        return {
            'books': [
                {'depth': depth, 'picture': book.picture(depth)} for depth in depths
            ]
        }


def _moment(form, name, otherwise):
    text = form.cleaned_data[name]
    return timezone.localtime(formats.instant(text)) if text else otherwise

# SPDX-License-Identifier: Apache-2.0
import datetime

from django import forms as django_forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import forms
from flocx_dashboard import tables
from flocxclient.osc import times

#: For how many days ahead is looked, if nobody says until when.
AHEAD = 7


class Need(tables.FilterForm):
    """What somebody needs, and when."""

    resource_class = fields.ClassChoice(label=_('Class'), required=False)
    requirements = fields.Requirements(
        label=_('Hardware'), required=False, help_text=''
    )
    quantity = django_forms.IntegerField(
        label=_('Servers'), initial=1, required=False, min_value=1
    )
    duration = fields.Duration(
        label=_('For how long'), required=False, initial='12h', help_text=''
    )
    start_time = fields.Moment(
        label=_('At the earliest'),
        required=False,
        help_text='',
        example=_('now, tonight, mon 09:00'),
    )
    end_time = fields.Moment(
        label=_('Over at the latest'),
        required=False,
        help_text='',
        example=_('+7d, fri 18:00'),
    )
    price = fields.Price(label=_('Price at most'), required=False)
    min_reclaim_notice = fields.Duration(
        label=_('Taken back with notice of'), required=False, help_text=''
    )
    group_by = django_forms.CharField(label=_('Together in'), required=False)
    spread_by = django_forms.CharField(label=_('Apart by'), required=False)
    name = django_forms.CharField(label=_('Name'), required=False)

    submit_label = _('Find')

    def clean(self):
        data = super().clean()
        if self.errors:
            return data
        if not data.get('duration') and not data.get('end_time'):
            self.add_error('duration', _('Say for how long, or until when.'))
        return data

    @property
    def terms(self):
        """What is needed, as a quote takes it: a window, and a stay in it."""
        given = self.given(*self.fields)
        given.setdefault('quantity', 1)
        now = timezone.now().replace(microsecond=0)
        start = _instant(given.get('start_time')) or now
        end = _instant(given.get('end_time'))
        given['start_time'] = times.render(max(start, now))
        if not end:
            days = datetime.timedelta(days=AHEAD)
            stay = datetime.timedelta(seconds=given['duration'])
            given['end_time'] = times.render(max(start, now) + max(days, stay))
        elif 'duration' not in given:
            given['duration'] = int((end - max(start, now)).total_seconds())
        return given


def _instant(text):
    return text and formats.instant(text)


class Claim(forms.Once):
    """Several offers for one time, as they were quoted."""

    offers = django_forms.CharField(widget=django_forms.HiddenInput)
    start_time = fields.Moment(label=_('From'))
    end_time = fields.Moment(label=_('Until'))
    name = django_forms.CharField(label=_('Name of the contract'), required=False)
    min_reclaim_notice = fields.Duration(
        label=_('Taken back with a notice of at least'), required=False
    )

    def send(self, data):
        given = self.given('start_time', 'end_time', 'name', 'min_reclaim_notice')
        # What was quoted from that moment on begins with the claim.
        if formats.instant(data['start_time']) <= timezone.now():
            del given['start_time']
        return api.call(
            api.market(self.request).claim_offer,
            *data['offers'].split(','),
            idempotency_key=data['key'],
            **given,
        )

    def done(self, contract):
        return _('You have contract %s.') % formats.title(contract)

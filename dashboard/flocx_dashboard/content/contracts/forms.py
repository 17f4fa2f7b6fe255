# SPDX-License-Identifier: Apache-2.0
import datetime

from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import forms
from flocx_dashboard import tables
from flocxclient.osc import times


class Filter(tables.WindowFilter):
    role = django_forms.ChoiceField(
        label=_('You are'),
        required=False,
        choices=[('', _('Either')), ('renter', _('Renter')), ('owner', _('Owner'))],
    )
    status = django_forms.ChoiceField(
        label=_('Status'),
        required=False,
        choices=[
            ('', _('Open')),
            ('created', _('Not started')),
            ('wait_fulfill', _('Being handed over')),
            ('active', _('Active')),
            ('wait_end', _('Being returned')),
            ('ended', _('Ended')),
            ('cancelled', _('Cancelled')),
            ('error', _('Error')),
            ('any', _('Any')),
        ],
    )


class SignedDuration(fields.Duration):
    """Seconds, below zero with a minus before them."""

    def read(self, text):
        text = text.strip()
        if text.startswith('-'):
            return -super().read(text[1:])
        return super().read(text.removeprefix('+'))


class MoveEnd(forms.Form):
    by = SignedDuration(
        label=_('Longer by'),
        required=False,
        help_text=_('36h, 2w, 90m or 1d12h; with a minus before it, shorter.'),
    )
    end_time = fields.Moment(label=_('Or until'), required=False)
    generation = django_forms.IntegerField(widget=django_forms.HiddenInput)

    def clean(self):
        data = super().clean()
        if not self.errors and bool(data.get('by')) == bool(data.get('end_time')):
            raise django_forms.ValidationError(
                _('Say either by how much, or until when.')
            )
        return data

    @property
    def new_end(self):
        """When it is to end, as the API has it."""
        by = self.cleaned_data['by']
        if not by:
            return self.cleaned_data['end_time']
        end = formats.instant(self.initial['now_ends'])
        return times.render(end + datetime.timedelta(seconds=by))

    def send(self, data):
        return api.call(
            api.market(self.request).update_contract,
            self.initial['uuid'],
            generation=data['generation'],
            end_time=self.new_end,
        )

    def done(self, contract):
        return _('Contract %(name)s now ends %(end)s.') % {
            'name': formats.title(contract),
            'end': formats.moment(contract.end_time),
        }


class GoOn(forms.Form):
    """Whether a contract is extended by itself."""

    extend_until = fields.Moment(
        label=_('Until'),
        required=False,
        help_text=_('It ends at its end if you leave it out.'),
    )
    extend_max_price = fields.Price(
        label=_('Price at most'),
        required=False,
        help_text=_(
            'In credits per server and hour; what the servers cost now, if you leave '
            'it out. Nobody else sees it.'
        ),
    )
    generation = django_forms.IntegerField(widget=django_forms.HiddenInput)

    def send(self, data):
        until, most = data['extend_until'] or None, data['extend_max_price']
        return api.call(
            api.market(self.request).update_contract,
            self.initial['uuid'],
            generation=data['generation'],
            extend_until=until,
            **({'extend_max_price': most} if until and most else {}),
        )

    def done(self, contract):
        if contract.extend_until:
            return _('Contract %(name)s goes on until %(end)s, if it can.') % {
                'name': formats.title(contract),
                'end': formats.moment(contract.extend_until),
            }
        return _('Contract %s ends at its end.') % formats.title(contract)


class Reclaim(forms.Form):
    def send(self, data):
        return api.call(api.market(self.request).reclaim_contract, self.initial['uuid'])

    def done(self, contract):
        last = max(line['reclaim_deadline'] or '' for line in contract.lines)
        return _('Contract %(name)s: its servers come back by %(deadline)s.') % {
            'name': formats.title(contract),
            'deadline': formats.moment(last),
        }


class Release(forms.Form):
    def send(self, data):
        api.call(api.market(self.request).delete_contract, self.initial['uuid'])

    def done(self, _nothing):
        return _('Contract %s is released.') % self.initial['title']

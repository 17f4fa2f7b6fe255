# SPDX-License-Identifier: Apache-2.0
from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import forms
from flocx_dashboard import names
from flocx_dashboard import tables

#: The value of a choice that is not made.
EVERYBODY = ''
#: What an owner may take back of what the offer said.
TERMS = ('reclaim_notice', 'min_length', 'max_length', 'ask_schedule', 'ask_falls')
#: As many offers as a form lets one choose from.
MAX_NODES = 50


class Filter(tables.FilterForm):
    resource_class = fields.ClassChoice(label=_('Class'), required=False)
    price = fields.Price(label=_('Price at most'), required=False)
    available_start_time = fields.Moment(
        label=_('Free from'),
        required=False,
        help_text='',
        example=_('now, tomorrow 09:00, +2d'),
    )
    available_end_time = fields.Moment(
        label=_('Free until'),
        required=False,
        help_text='',
        example=_('+3d, 2027-01-05'),
    )
    requirements = fields.Requirements(
        label=_('Hardware'), required=False, help_text=''
    )
    name = django_forms.CharField(label=_('Name'), required=False)
    status = django_forms.ChoiceField(
        label=_('Status'),
        required=False,
        choices=[
            ('', _('Available')),
            ('expired', _('Expired')),
            ('cancelled', _('Cancelled')),
            ('error', _('Error')),
            ('any', _('Any')),
        ],
    )


class ServerFilter(tables.FilterForm):
    name = django_forms.CharField(label=_('Name'), required=False)
    resource_class = fields.ClassChoice(label=_('Class'), required=False)
    provision_state = django_forms.ChoiceField(label=_('State'), required=False)
    power_state = django_forms.ChoiceField(
        label=_('Power'),
        required=False,
        choices=[('', _('Any')), ('power on', _('On')), ('power off', _('Off'))],
    )

    def classes(self):
        return names.of_own_servers(self.request, 'resource_class')

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        states = {
            *names.of_own_servers(self.request, 'provision_state'),
            *filter(None, [self.data.get('provision_state')]),
        }
        self.fields['provision_state'].choices = [
            ('', _('Any')),
            *((each, each) for each in sorted(states)),
        ]


def projects(request):
    """The projects that an offer may be kept for, as choices."""
    own = request.user.project_id
    return [
        (ident, name)
        for ident, name in sorted(
            names.of_projects(request).items(), key=lambda p: p[1]
        )
        if ident != own
    ]


def terms():
    """The fields for what an offer may say besides its price and time."""
    return (
        fields.Duration(
            label=_('Taken back with a notice of'),
            required=False,
            help_text=_(
                '36h or 2d: you may take the server back from who rents it. Never, if '
                'you leave it out.'
            ),
        ),
        fields.Duration(
            label=_('Let for at least'),
            required=False,
            help_text=_('4h or 1d: any time, if you leave it out.'),
        ),
        fields.Duration(
            label=_('Let for at most'),
            required=False,
            help_text=_('12h or 7d: any time, if you leave it out.'),
        ),
        fields.Asks(label=_('At other times'), required=False),
        fields.Falls(label=_('Falls to'), required=False),
    )


class Create(forms.Once):
    price = fields.Price(
        label=_('Price'),
        required=False,
        help_text=_(
            'The least you take, in credits per hour. May be left out for a project '
            'of your own.'
        ),
    )
    start_time = fields.Moment(
        label=_('From'),
        required=False,
        help_text=_('When it begins; now, if you leave it out.'),
    )
    end_time = fields.Moment(label=_('Until'))
    name = django_forms.CharField(
        label=_('Name'), required=False, help_text=_('How you tell it from others.')
    )
    lessee_id = django_forms.ChoiceField(
        label=_('For'),
        required=False,
        help_text=_('Everybody, or one project and those below it.'),
    )
    reclaim_notice, min_length, max_length, ask_schedule, ask_falls = terms()
    block = django_forms.CharField(
        label=_('Block'),
        required=False,
        help_text=_(
            'A name, such as rack-3: sold only together with all of that name.'
        ),
    )
    block_size = django_forms.IntegerField(
        label=_('Servers of the block'),
        required=False,
        min_value=2,
        max_value=64,
        help_text=_('Until so many are offered nothing of it is for sale.'),
    )

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        self.fields['lessee_id'].choices = [
            (EVERYBODY, _('Everybody')),
            *projects(request),
        ]

    def send(self, data):
        made = api.call(
            api.provider(self.request).create_offer,
            data['key'],
            resource_uuid=self.initial['uuid'],
            **self.given(
                'price',
                'start_time',
                'end_time',
                'name',
                'lessee_id',
                'reclaim_notice',
                'min_length',
                'max_length',
                'ask_schedule',
                'ask_falls',
                'block',
                'block_size',
            ),
        )
        # Who has just offered the first of a class finds it in each filter.
        names.forget_classes(self.request)
        return made

    def done(self, offer):
        return _('%s is offered.') % formats.title(offer)


class Change(forms.Change):
    lessee_id = django_forms.ChoiceField(label=_('For'), required=False)
    reclaim_notice, min_length, max_length, ask_schedule, ask_falls = terms()

    update = 'update_offer'
    helps = {
        'price': _('The least you take from now on, per hour.'),
        'end_time': _('Later if nobody else offers the server then, or earlier.'),
    }

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        now = self.initial.get('lessee_id')
        choices = [(EVERYBODY, _('Everybody')), *projects(request)]
        if now and now not in dict(choices):
            choices.append((now, names.project(request, now)))
        self.fields['lessee_id'].choices = choices

    def changes(self, data):
        return {
            **super().changes(data),
            'lessee_id': data['lessee_id'] or None,
            **{name: data[name] for name in TERMS},
        }


class Outage(forms.Once):
    start_time = fields.Moment(label=_('From'))
    end_time = fields.Moment(label=_('Until'))
    reason = django_forms.CharField(
        label=_('Reason'), required=False, help_text=_('What the renters are told.')
    )

    def send(self, data):
        return api.call(
            api.market(self.request).create_maintenance,
            data['key'],
            offer=self.initial['uuid'],
            **self.given('start_time', 'end_time', 'reason'),
        )

    def done(self, outage):
        return _('An outage is planned from %(start)s to %(end)s.') % {
            'start': formats.moment(outage.start_time),
            'end': formats.moment(outage.end_time),
        }


class Claim(forms.Once):
    start_time = fields.Moment(
        label=_('From'),
        required=False,
        help_text=_('When you want it; now, if you leave it out.'),
    )
    end_time = fields.Moment(
        label=_('Until'),
        required=False,
        help_text=_('The end of the time in which all are free, if you leave it out.'),
    )
    name = django_forms.CharField(label=_('Name of the contract'), required=False)
    purpose = django_forms.CharField(label=_('Purpose'), required=False)
    min_reclaim_notice = fields.Duration(
        label=_('Taken back with a notice of at least'),
        required=False,
        help_text=_(
            '36h or 2d: the owner may take the server back so. Only servers that never '
            'are, if you leave it out.'
        ),
    )
    offers = django_forms.MultipleChoiceField(
        label=_('Together with'),
        required=False,
        help_text=_('More offers for the same time: all of them, or none.'),
    )

    def __init__(self, request, *args, others=(), **kwargs):
        super().__init__(request, *args, **kwargs)
        self.fields['offers'].choices = [
            (
                offer.uuid,
                f'{formats.title(offer)}, '
                f'{offer.resource_class or "–"}, {formats.money(offer.price)}',
            )
            for offer in others
        ]
        if not others:
            del self.fields['offers']
        elif self.initial.get('offers'):
            self.fields['offers'].help_text = _(
                'These are sold only together: all of them, or none.'
            )

    def send(self, data):
        return api.call(
            api.market(self.request).claim_offer,
            self.initial['uuid'],
            *data.get('offers', ()),
            idempotency_key=data['key'],
            **self.given(
                'start_time', 'end_time', 'name', 'purpose', 'min_reclaim_notice'
            ),
        )

    def done(self, contract):
        return _('You have contract %s.') % formats.title(contract)

# SPDX-License-Identifier: Apache-2.0
from django import forms as django_forms
from django.utils.translation import gettext_lazy as _

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import forms
from flocx_dashboard import names
from flocx_dashboard import tables

TERMS = (
    'name',
    'quantity',
    'min_quantity',
    'start_time',
    'end_time',
    'duration',
    'price',
    'requirements',
    'resource_class',
    'min_reclaim_notice',
    'group_by',
    'spread_by',
    'spread_max',
    'parts',
    'alternatives',
    'extend_until',
    'extend_max_price',
    'interruptible_notice',
    'on_displaced',
    'purpose',
)


class Filter(tables.WindowFilter):
    status = django_forms.ChoiceField(
        label=_('Status'),
        required=False,
        choices=[
            ('', _('Any')),
            ('available', _('Available')),
            ('matched', _('Matched')),
            ('expired', _('Expired')),
            ('cancelled', _('Cancelled')),
        ],
    )


class Create(forms.Once):
    quantity = django_forms.IntegerField(
        label=_('Servers'), initial=1, min_value=1, help_text=_('How many you want.')
    )
    min_quantity = django_forms.IntegerField(
        label=_('At least'),
        required=False,
        min_value=1,
        help_text=_('How few are of use; all of them, if you leave it out.'),
    )
    price = fields.Price(
        label=_('Price at most'),
        help_text=_('In credits per server and hour. Nobody else sees it.'),
    )
    end_time = fields.Moment(label=_('Until'))
    duration = fields.Duration(
        label=_('For how long'),
        required=False,
        help_text=_(
            '36h, 2w, 90m or 1d12h, somewhere between the two times; all the time '
            'between, if you leave it out.'
        ),
    )
    start_time = fields.Moment(
        label=_('From'),
        required=False,
        help_text=_('When it may begin; now, if you leave it out.'),
    )
    requirements = fields.Requirements(label=_('Hardware'), required=False)
    resource_class = fields.ClassChoice(
        label=_('Class'), required=False, help_text=_('The class of server; or any.')
    )
    min_reclaim_notice = fields.Duration(
        label=_('Taken back with a notice of at least'),
        required=False,
        help_text=_(
            '36h or 2d: the owner may take the server back so. Only servers that never '
            'are, if you leave it out.'
        ),
    )
    group_by = django_forms.CharField(
        label=_('Together in'),
        required=False,
        help_text=_(
            'What finds the same in the hardware of all servers, such as '
            'capabilities.rack.'
        ),
    )
    spread_by = django_forms.CharField(
        label=_('Apart by'),
        required=False,
        help_text=_('What only so many servers have in common, such as the rack.'),
    )
    spread_max = django_forms.IntegerField(
        label=_('Of a group at most'),
        required=False,
        min_value=1,
        help_text=_('One, if you leave it out.'),
    )
    parts = fields.Parts(
        label=_('Made of'),
        required=False,
        help_text=_(
            'Parts, one on each line, that you want all or none of; each begins offset '
            'after the first. Say servers and hardware there, and not above; together '
            'in, above, is of all of them, and group_by of one.'
        ),
    )
    alternatives = fields.Alternatives(
        label=_('Or else'),
        required=False,
        help_text=_(
            'Other terms that would do as well, one on each line; at most one is met. '
            'What a line leaves out is as above.'
        ),
    )
    extend_until = fields.Moment(
        label=_('Goes on until'),
        required=False,
        help_text=_('The contract is extended by itself before each end, up to then.'),
    )
    extend_max_price = fields.Price(
        label=_('Then at most'),
        required=False,
        help_text=_('What the added time may cost; as above, if you leave it out.'),
    )
    interruptible_notice = fields.Duration(
        label=_('Interruptible with a notice of'),
        required=False,
        help_text=_(
            '30m or 2h: a firm bid that offers more may get the servers so. Nobody '
            'displaces you, if you leave it out.'
        ),
    )
    on_displaced = django_forms.ChoiceField(
        label=_('When displaced'),
        required=False,
        choices=[('', _('It ends')), ('move', _('Look for other servers'))],
    )
    name = django_forms.CharField(label=_('Name'), required=False)
    purpose = django_forms.CharField(label=_('Purpose'), required=False)

    def __init__(self, request, *args, **kwargs):
        super().__init__(request, *args, **kwargs)
        given = self.data.get('resource_class') or self.initial.get('resource_class')
        self.fields['resource_class'].offer(names.of_classes(request), given)

    @property
    def terms(self):
        """The bid, as the API takes it."""
        given = self.given(*TERMS)
        if given.get('parts'):
            # The field has a number from the start; each part has one of its own.
            given.pop('quantity', None)
        return given

    def send(self, data):
        market = api.market(self.request)
        return api.call(market.create_bid, data['key'], **self.terms)

    def done(self, bid):
        return _('Bid %s is placed.') % formats.title(bid)


class Quote(Create):
    """What is asked before a bid: without a price, what the cheapest servers cost."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields['price'].required = False
        # What it costs later, nobody knows yet.
        del self.fields['extend_until'], self.fields['extend_max_price']


class Change(forms.Change):
    update = 'update_bid'
    helps = {
        'price': _('The most you pay, per server and hour, from now on.'),
        'end_time': _(
            'A bid for all the time between is then for all the time until there.'
        ),
    }

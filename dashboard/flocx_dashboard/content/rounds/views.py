# SPDX-License-Identifier: Apache-2.0
from django import forms as django_forms
from django import shortcuts
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from horizon import messages
from horizon import tables as horizon_tables
from horizon import views

from flocx_dashboard import api
from flocx_dashboard import fields
from flocx_dashboard import formats
from flocx_dashboard import names
from flocx_dashboard import objects
from flocx_dashboard import tables
from flocx_dashboard.charts import rounds
from flocx_dashboard.content.rounds import sections
from flocxclient.sdk import filters

INDEX = 'horizon:project:market_rounds:index'


class Run(horizon_tables.Action):
    name = 'run'
    verbose_name = verbose_name_plural = _('Run a Round Now')
    icon = 'play'
    requires_input = False

    def handle(self, table, request, uuids):
        try:
            done = api.call(api.matcher(request).run_round)
        except api.Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(
                request,
                _('%(bids)s bids and %(offers)s offers: %(contracts)s contracts.')
                % {
                    'bids': done.bids,
                    'offers': done.offers,
                    'contracts': done.contracts,
                },
            )
        return shortcuts.redirect(request.get_full_path())


class Rounds(tables.Table):
    time = tables.Column(
        lambda each: formats.moment(each.time),
        sort_key='time',
        verbose_name=_('When'),
        link='horizon:project:market_rounds:detail',
    )
    offers = tables.Column(
        'offers', verbose_name=_('Offers'), classes=('flocx-number',)
    )
    bids = tables.Column('bids', verbose_name=_('Bids'), classes=('flocx-number',))
    contracts = tables.Column(
        'contracts', verbose_name=_('Contracts'), classes=('flocx-number',)
    )
    conflicts = tables.Column(
        'conflicts',
        verbose_name=_('Conflicts'),
        help_text=_('Awards given up because something changed meanwhile'),
        classes=('flocx-number',),
    )
    welfare = tables.Column(
        lambda each: formats.money(each.welfare),
        verbose_name=_('Welfare'),
        help_text=_(
            'What renters would have paid beyond what owners asked, in credits'
        ),
        classes=('flocx-number',),
    )
    seconds = tables.Column(
        lambda each: f'{each.seconds:.3f}',
        verbose_name=_('Seconds'),
        classes=('flocx-number',),
    )
    allocation = tables.Column('allocation', verbose_name=_('Allocation'))
    pricing = tables.Column('pricing', verbose_name=_('Pricing'))

    def get_object_display(self, each):
        return formats.moment(each.time)

    class Meta:
        name = 'rounds'
        verbose_name = _('Rounds')
        template = 'flocx_dashboard/_table.html'
        no_data_message = _('No round has had anything to award yet.')
        table_actions = (Run,)
        multi_select = False


class Filter(tables.FilterForm):
    time = fields.Moment(
        label=_('Since'), required=False, help_text='', example=_('7d ago, 2027-01-05')
    )
    allocation = django_forms.ChoiceField(label=_('Allocation'), required=False)
    pricing = django_forms.ChoiceField(label=_('Pricing'), required=False)

    def __init__(self, *args, mechanisms, **kwargs):
        super().__init__(*args, **kwargs)
        for kind in ('allocation', 'pricing'):
            known = {each.name for each in mechanisms if each.type == kind}
            # Rounds of the past may have been by others.
            known |= set(filter(None, [self.data.get(kind)]))
            self.fields[kind].choices = [
                ('', _('Any')),
                *((each, each) for each in sorted(known)),
            ]


class Index(tables.ListView):
    table_class = Rounds
    filter_class = Filter
    template_name = 'flocx_dashboard/rounds/index.html'
    page_title = _('Rounds')
    default_sort = ('time', 'desc')

    def listing(self):
        return api.matcher(self.request).rounds

    @cached_property
    def mechanisms(self):
        try:
            return api.call(api.matcher(self.request).mechanisms)
        except api.Refused as refused:
            messages.error(self.request, str(refused))
            return []

    def get_filter_form(self):
        return self.filter_class(
            self.request.GET, request=self.request, mechanisms=self.mechanisms
        )

    def filters(self, data):
        query = self.filter_form.given('allocation', 'pricing')
        if data['time']:
            query['time'] = filters.Comparison('gte', data['time'])
        return query

    def get_context_data(self, **kwargs):
        context = super().get_context_data(**kwargs)
        context['mechanisms'] = self.mechanisms
        context['sections'] = sections.sections('index')
        rounds_shown = context['table'].data
        context['picture'] = rounds.picture(list(rounds_shown))
        return context


class AuditFilter(tables.FilterForm):
    start_time = fields.Moment(
        label=_('Since'), required=False, help_text='', example=_('7d ago, 2027-01-05')
    )
    rule = django_forms.ChoiceField(
        label=_('Rule'), required=False, choices=[('', _('Any')), *names.RULES.items()]
    )
    project_id = django_forms.ChoiceField(label=_('Project'), required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        known = sorted(names.of_projects(self.request).items(), key=lambda p: p[1])
        given = self.data.get('project_id')
        if given and given not in dict(known):
            known.append((given, formats.short(given)))
        self.fields['project_id'].choices = [('', _('Any')), *known]


class Audit(views.HorizonTemplateView):
    """What looks like gaming of the market, for an operator to judge."""

    template_name = 'flocx_dashboard/rounds/audit.html'
    page_title = _('What looks odd')

    def get_context_data(self, **kwargs):
        form, found = AuditFilter(self.request.GET, request=self.request), []
        try:
            if form.is_valid():
                query = form.given('start_time', 'rule', 'project_id')
                found = api.call(api.market(self.request).audit, **query)
        except api.Refused as refused:
            messages.error(self.request, str(refused))
        return super().get_context_data(
            findings=[
                {'finding': each, 'rule': names.RULES.get(each.rule, each.rule)}
                for each in found
            ],
            filter_form=form,
            sections=sections.sections('audit'),
            **kwargs,
        )


class Detail(objects.ObjectMixin, views.HorizonTemplateView):
    template_name = 'flocx_dashboard/rounds/detail.html'
    index = INDEX

    def fetch(self, uuid):
        return api.call(api.matcher(self.request).get_round, uuid)

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            round=self.object, words=in_words(self.object), **kwargs
        )

    @property
    def page_title(self):
        return _('Round of %s') % formats.moment(self.object.time)


def in_words(found):
    """What a round did, in sentences."""
    sentences = [
        ngettext(
            'It looked at %(offers)s offers and %(bids)s bids, and made one contract.',
            'It looked at %(offers)s offers and %(bids)s bids, and made %(contracts)s '
            'contracts.',
            found.contracts,
        )
        % {'offers': found.offers, 'bids': found.bids, 'contracts': found.contracts}
    ]
    left = found.bids - found.contracts
    if left > 0:
        sentences.append(_('%s bids go on waiting.') % left)
    if found.conflicts:
        sentences.append(
            _('%s awards were given up because something changed meanwhile.')
            % found.conflicts
        )
    if found.upper_bound:
        sentences.append(
            _(
                'The contracts are worth %(welfare)s credits to both sides; no others '
                'could have been worth more than %(bound)s.'
            )
            % {
                'welfare': formats.about(found.welfare),
                'bound': formats.about(found.upper_bound),
            }
        )
    sentences.append(_('It took %s seconds.') % f'{found.seconds:.2f}')
    return ' '.join(map(str, sentences))

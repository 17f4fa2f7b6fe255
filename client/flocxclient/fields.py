# SPDX-License-Identifier: Apache-2.0
"""The fields of what the services have: one line for each.

From these tables follow the attributes and the query parameters of the SDK, and the
columns and filters of the commands. Help of a command reads them too, so that this
module imports nothing that takes long.
"""

import dataclasses

from flocxclient.i18n import _


@dataclasses.dataclass(frozen=True)
class Field:
    """A field, under the name that it has in the API.

    :param value_type: what the SDK makes of it; None leaves JSON as it is.
    :param shown: ``list``: in every list; ``long``: in lists with --long;
        ``program``: as long, and in every list for programs; ``one``: where one object
        is shown; ``never``.
    :param column: the class of ``flocxclient.osc.columns`` that renders it.
    :param query: whether lists can be filtered by it.
    :param option: the help of the option that filters a list by it. A filter
        without one has an option that looks something up first.
    :param since: the version of the API that brought it.
    """

    name: str
    value_type: type | None = None
    shown: str = 'one'
    column: str | None = None
    query: bool = False
    option: str | None = None
    metavar: str = '<text>'
    since: str = '1.0'

    @property
    def is_filter(self):
        return self.query or self.option is not None


@dataclasses.dataclass(frozen=True)
class Table:
    """The fields of one type of resource.

    :param parameters: what else a list takes, beside its filters.
    """

    fields: tuple
    parameters: tuple = ()

    @property
    def listed(self):
        return self._names('list')

    @property
    def long(self):
        return self._names('program', 'long')

    @property
    def program(self):
        return self._names('program')

    @property
    def shown(self):
        return self._names('list', 'program', 'long', 'one')

    @property
    def query(self):
        filters = (field.name for field in self.fields if field.is_filter)
        return (*filters, *self.parameters)

    @property
    def options(self):
        """The fields that have an option to filter by."""
        return [field for field in self.fields if field.option is not None]

    @property
    def columns(self):
        """{name: the class of columns that renders it}."""
        return {field.name: field.column for field in self.fields if field.column}

    def _names(self, *shown):
        return tuple(field.name for field in self.fields if field.shown in shown)


_ORDER = ('sort_dir', 'sort_key')
_CLASS = {'option': _('Those of this class of server.'), 'metavar': '<class>'}
_NAME = {'option': _('Those with this name.'), 'metavar': '<name>'}
_PURPOSE = {'option': _('Those with this purpose.')}
_TYPE = {
    'option': _('Those of this type of resource, such as ironic_node.'),
    'metavar': '<type>',
}


def _record():
    return (
        Field('generation', int),
        Field('created_at', column='Time'),
        Field('updated_at', column='Time'),
    )


OFFER = Table(
    (
        Field('name', shown='list', **_NAME),
        Field('uuid', shown='long', query=True),
        Field('resource_class', shown='list', **_CLASS),
        # Per server and hour, a decimal string.
        Field('price', shown='list', column='Money', query=True),
        # What is asked at some times instead, and how it falls as a time comes near.
        Field('ask_schedule', list, column='Asks', since='1.1'),
        Field('ask_falls', dict, column='Falls', since='1.1'),
        Field(
            'status',
            shown='list',
            option=_('available (the default), expired, cancelled, error or any.'),
            metavar='<status>',
        ),
        # Why it is in this status.
        Field('reason'),
        # The times that are still free: pairs of start and end.
        Field('availabilities', list, shown='list', column='Windows'),
        Field('start_time', shown='long', column='Time', query=True),
        Field('end_time', shown='long', column='Time', query=True),
        # The owner's project.
        Field('project_id', shown='long', column='Project', query=True),
        # The project, and its sub-projects, that alone may have it.
        Field('lessee_id', shown='long', column='Project', query=True),
        # With how much notice its owner may take the server back; None: never.
        Field(
            'reclaim_notice',
            int,
            shown='long',
            column='Duration',
            query=True,
            since='1.1',
        ),
        # For how long it is let at least, and at most; None: any time.
        Field(
            'min_length', int, shown='long', column='Duration', query=True, since='1.1'
        ),
        Field(
            'max_length', int, shown='long', column='Duration', query=True, since='1.1'
        ),
        # With how many servers, of the same name, it is sold; None: alone.
        Field(
            'block',
            shown='long',
            option=_('Those that are sold only together in the block of this name.'),
            metavar='<name>',
            since='1.1',
        ),
        Field('block_size', int, shown='long', query=True, since='1.1'),
        # How much stays free between two contracts of it, for taking it back.
        Field('turnaround', int, shown='long', column='Duration', since='1.1'),
        # The provider service that watches over the server.
        Field('provider_id', shown='long', query=True),
        Field('resource_type', shown='long', **_TYPE),
        Field('resource_uuid', shown='long', query=True),
        # The contract line by which its owner rents it, where it is sub-let.
        Field('sublet_of', query=True),
        # The hardware, as the provider read it.
        Field('properties', dict, shown='long', column='Document'),
        # The cleaning that each hand-back of the server proves.
        Field(
            'cleaned_by',
            shown='long',
            option=_(
                'Those whose servers are cleaned by this at each hand-back, '
                'a runbook or clean steps as offers show them.'
            ),
            since='1.1',
        ),
        *_record(),
    ),
    ('available_end_time', 'available_start_time', 'requirements', *_ORDER),
)

#: With which notice, in seconds, a firm bid may displace it; None: never. And whether
#: it then ends, or moves to other servers.
_INTERRUPTIBLE = (
    Field(
        'interruptible_notice',
        int,
        shown='long',
        column='Duration',
        query=True,
        since='1.1',
    ),
    Field('on_displaced', query=True, since='1.1'),
)

BID = Table(
    (
        Field('name', shown='list', **_NAME),
        Field('uuid', shown='long'),
        Field('quantity', int, shown='list'),
        # The fewest servers that are of use; by default all of them.
        Field('min_quantity', int, shown='long'),
        # The ceiling per server and hour, a decimal string.
        Field('price', shown='list', column='Money'),
        Field('start_time', shown='list', column='Time', query=True),
        Field('end_time', shown='list', column='Time', query=True),
        # Seconds.
        Field('duration', int, shown='long', column='Duration'),
        Field(
            'status',
            shown='list',
            option=_(
                'available (not matched yet), matched, expired, cancelled or any.'
            ),
            metavar='<status>',
        ),
        # Why it waits: ``reason``, ``detail`` and the ``time`` of that round, or None.
        Field('outlook', dict, column='Outlook'),
        Field('contract_uuid', shown='long', query=True),
        Field('resource_class', shown='long', **_CLASS),
        # The shortest notice of a reclaim; None: only what is never reclaimed.
        Field(
            'min_reclaim_notice',
            int,
            shown='long',
            column='Duration',
            query=True,
            since='1.1',
        ),
        # Triples ``[jmespath, operator, value]``, all of which must hold.
        Field('requirements', list, shown='long', column='Requirements'),
        # The JMESPath whose value all servers share, and that value once it is awarded.
        Field('group_by', query=True, since='1.1'),
        Field('group_value', query=True, since='1.1'),
        # The JMESPath of which only so many servers share a value.
        Field('spread_by', query=True, since='1.1'),
        Field('spread_max', int, query=True, since='1.1'),
        # What a bundle is of: all of it is met, or nothing.
        Field('parts', list, column='Parts', since='1.1'),
        # Other terms, of which none is met if any is; and which are, 0 for its own.
        Field('alternatives', list, column='Alternatives', since='1.1'),
        Field('alternative', int, since='1.1'),
        # Until when, and up to what price, its contract is to be extended.
        Field('extend_until', column='Time', query=True, since='1.1'),
        Field('extend_max_price', column='Money', since='1.1'),
        *_INTERRUPTIBLE,
        Field('purpose', shown='long', **_PURPOSE),
        Field('project_id', shown='long', column='Project', query=True),
        *_record(),
    ),
    _ORDER,
)

CONTRACT = Table(
    (
        Field('name', shown='list', **_NAME),
        Field('uuid', shown='long', query=True),
        Field(
            'status',
            shown='list',
            option=_(
                'created, active, ended, cancelled, wait_fulfill, wait_end, '
                'wait_cancel, error or any; default: the open ones.'
            ),
            metavar='<status>',
        ),
        # Why it is in this status.
        Field('reason', shown='long', query=True),
        Field('start_time', shown='list', column='Time', query=True),
        Field('end_time', shown='list', column='Time', query=True),
        # A dictionary for each server; owners see their own only.
        Field('lines', list, shown='list', column='Lines'),
        # Until when, and up to what price, it is extended, and why it was not.
        Field('extend_until', shown='long', column='Time', query=True, since='1.1'),
        Field('extend_max_price', column='Money', since='1.1'),
        Field('extend_refusal', shown='long', query=True, since='1.1'),
        *_INTERRUPTIBLE,
        Field('purpose', shown='long', **_PURPOSE),
        Field('bid_uuid', shown='long', query=True),
        # The renter's project.
        Field('project_id', shown='long', column='Project', query=True),
        *_record(),
    ),
    (
        *('offer_uuid', 'requirements', 'resource_class', 'resource_type'),
        *('reclaim_deadline', 'resource_uuid', 'role', 'sublet_of', *_ORDER),
    ),
)

CONSOLE_TOKEN = Table(
    (
        Field('uuid', shown='list'),
        Field(
            'resource_uuid',
            shown='list',
            column='Server',
            option=_('Those of this server, by uuid.'),
        ),
        # Told once, when it is made; and where a WebSocket client connects with it.
        Field('token'),
        Field('access_url'),
        # Until when it opens sessions, and until when they last.
        Field('expires_at', shown='list', column='Time', query=True),
        Field('end_time', shown='list', column='Time'),
        Field('line_uuid', shown='long', query=True),
        Field('contract_uuid', shown='long', query=True),
        Field('resource_type', shown='long', **_TYPE),
        Field('project_id', shown='long', column='Project', query=True),
        Field('provider_id', shown='long', query=True),
        Field('created_at', shown='long', column='Time'),
    ),
    ('token_hash', *_ORDER),
)

WEBHOOK = Table(
    (
        Field('name', shown='list', **_NAME),
        Field('uuid', shown='list'),
        Field('url', shown='list'),
        # Shown once, by the command that makes it up.
        Field('secret'),
        # None for all.
        Field('event_types', list, shown='long', column='Names'),
        Field(
            'status',
            shown='list',
            option=_('enabled or disabled.'),
            metavar='<status>',
        ),
        # Why it failed the last time, or was disabled.
        Field('reason', shown='list'),
        Field('failing_since', shown='long', column='Time'),
        Field('next_attempt_time', shown='long', column='Time'),
        Field('attempts', int),
        # The last event that it has taken.
        Field('last_event_id', int, shown='long'),
        Field('project_id', shown='long', column='Project', query=True),
        Field('created_at', column='Time'),
        Field('updated_at', column='Time'),
    ),
    _ORDER,
)

STANDING_DEMAND = Table(
    (
        Field('name', shown='list', since='1.1', **_NAME),
        Field('uuid', shown='long', query=True, since='1.1'),
        Field('resource_class', shown='list', since='1.1', **_CLASS),
        # How many servers it wants to have at any time, and how many it has now, by
        # contracts that begin later, and by open bids that may be met.
        Field('quantity', int, shown='list', query=True, since='1.1'),
        Field('held', int, shown='list', since='1.1'),
        Field('reserved', int, shown='program', since='1.1'),
        Field('wanted', int, shown='list', since='1.1'),
        Field('max_price', shown='list', column='Money', query=True, since='1.1'),
        Field(
            'status',
            shown='list',
            option=_('active, paused, ended or any; default those that are not ended.'),
            metavar='<status>',
            since='1.1',
        ),
        # For how long each server is bought at a time.
        Field(
            'duration',
            int,
            shown='long',
            column='Duration',
            query=True,
            since='1.1',
        ),
        Field('end_time', shown='long', column='Time', query=True, since='1.1'),
        # Why nothing more is bought, a code and a sentence.
        Field('refusal', shown='long', query=True, since='1.1'),
        Field('detail', shown='one', column='Sentence', since='1.1'),
        # Why the first of its bids waits.
        Field('outlook', dict, column='Outlook', since='1.1'),
        Field('requirements', list, column='Requirements', since='1.1'),
        Field('min_reclaim_notice', int, column='Duration', query=True, since='1.1'),
        Field('contracts', list, column='Names', since='1.1'),
        Field('bids', list, column='Names', since='1.1'),
        Field('purpose', since='1.1', **_PURPOSE),
        Field('project_id', shown='long', column='Project', query=True, since='1.1'),
        Field('generation', int, since='1.1'),
        Field('created_at', column='Time', since='1.1'),
        Field('updated_at', column='Time', since='1.1'),
    ),
    _ORDER,
)

MAINTENANCE = Table(
    (
        Field('uuid', shown='list'),
        Field(
            'resource_uuid',
            shown='list',
            column='Server',
            option=_('Those of this server, by uuid.'),
        ),
        Field('start_time', shown='list', column='Time', query=True),
        Field('end_time', shown='list', column='Time', query=True),
        # What the renters are told.
        Field('reason', shown='list'),
        Field(
            'status',
            shown='list',
            option=_('announced (the default), cancelled or any.'),
            metavar='<status>',
        ),
        Field('resource_type', shown='long', **_TYPE),
        # The owner's project.
        Field('project_id', shown='long', column='Project', query=True),
        Field('provider_id', shown='long', query=True),
        Field('created_at', column='Time'),
        Field('updated_at', column='Time'),
    ),
    _ORDER,
)

AGENDA = Table(
    (
        Field('uuid', shown='list'),
        Field('name', shown='list', **_NAME),
        Field('project_id', shown='long', column='Project', query=True),
        Field('user_id', shown='long', query=True),
        Field('created_at', shown='list', column='Time'),
        # Where calendar programs read it; shown once, as it is made.
        Field('url'),
    ),
    _ORDER,
)

PROJECT = Table(
    (
        Field('name', shown='list', **_NAME),
        Field('uuid', shown='list', query=True),
    ),
    _ORDER,
)

NODE = Table(
    (
        Field('name', shown='list', **_NAME),
        Field('uuid', shown='long'),
        Field('resource_class', shown='list', **_CLASS),
        Field(
            'provision_state',
            shown='list',
            option=_('Those in this state.'),
            metavar='<state>',
        ),
        Field(
            'power_state',
            shown='long',
            option=_('Those with this power state.'),
            metavar='<state>',
        ),
        Field('maintenance', bool, shown='long'),
        Field('protected', bool),
        Field('retired', bool),
        # The project that the server belongs to.
        Field('owner', shown='long', column='Project', query=True),
        Field('lessee', shown='list', column='Project', query=True),
        # The open contracts that it is promised in, in the order of their start.
        Field('contracts', list, shown='list', column='Promises'),
        # The caller's open offers of it, likewise.
        Field('offers', list, shown='long', column='Promises'),
        # Why an offer of it is off the market now.
        Field('suspended_reason', shown='long'),
        Field('traits', list, shown='long', column='Names'),
        # What Ironic has as the node's properties.
        Field('properties', dict, shown='long', column='Document'),
    ),
    _ORDER,
)

ROUND = Table(
    (
        # The moment whose offers and bids it saw.
        Field('time', shown='list', column='Time', query=True),
        Field('uuid', shown='long'),
        Field(
            'allocation',
            shown='long',
            option=_('Those that allocated this way.'),
            metavar='<name>',
        ),
        Field(
            'pricing',
            shown='long',
            option=_('Those that priced this way.'),
            metavar='<name>',
        ),
        Field('offers', shown='list'),
        Field('bids', shown='list'),
        Field('contracts', shown='list'),
        # Awards that had to be given up because something changed meanwhile.
        Field('conflicts', shown='list'),
        Field('welfare', shown='list', column='Money'),
        # What no other awards could have come to more than, if that is known.
        Field('upper_bound', shown='one', column='Money'),
        # By how much, as a share, the welfare may be below that.
        Field('gap', shown='one'),
        # The engine's prices, as it shows them to people.
        Field('prices', list, shown='never'),
        # How long it took.
        Field('seconds', shown='list', column='Seconds'),
    ),
    _ORDER,
)

EVENT = Table(
    (
        Field('id', shown='list'),
        Field('time', shown='list', column='Time', query=True),
        Field('type', shown='list', column='EventType', query=True),
        # That of the offer, bid or contract, where it has one.
        Field('name', shown='list'),
        Field('object_type', shown='program', query=True),
        Field('object_uuid', shown='program', query=True),
        Field('project_id', shown='long', column='Project', query=True),
        Field('owner_id', shown='long', column='Project', query=True),
        Field('payload', dict, shown='long', column='Document'),
    ),
    ('after', 'before', 'resource_type', 'resource_uuid', 'sort_dir', 'wait'),
)

ACCOUNT = Table(
    (
        Field(
            'project_id',
            shown='list',
            column='Project',
            option=_('That of the project with this id.'),
            metavar='<project-id>',
            since='1.1',
        ),
        Field('uuid', shown='long', since='1.1'),
        Field(
            'type',
            shown='long',
            option=_('Those of projects, organisations or the operator.'),
            metavar='<type>',
            since='1.1',
        ),
        # What can be spent, and what open bids and contracts may still cost.
        Field('balance', shown='list', column='Money', since='1.1'),
        Field('held', shown='list', column='Money', since='1.1'),
        Field('overdraft', shown='list', column='Money', since='1.1'),
        Field('created_at', column='Time', since='1.1'),
        Field('updated_at', column='Time', since='1.1'),
    ),
    _ORDER,
)

TRANSFER = Table(
    (
        Field('uuid', shown='long', since='1.1'),
        Field('time', shown='list', column='Time', query=True, since='1.1'),
        Field(
            'type',
            shown='list',
            option=_('grant, lapse, transfer, hold, release, usage or correction.'),
            metavar='<type>',
            since='1.1',
        ),
        Field('amount', shown='list', column='Money', since='1.1'),
        # The accounts that it comes from and goes to, by uuid.
        Field('debit', shown='list', column='Account', query=True, since='1.1'),
        Field('credit', shown='list', column='Account', query=True, since='1.1'),
        Field(
            'month',
            shown='long',
            option=_('Those that are booked in this month, such as 2027-01.'),
            metavar='<month>',
            since='1.1',
        ),
        Field('reason', shown='list', since='1.1'),
        Field('object_type', shown='long', query=True, since='1.1'),
        Field('object_uuid', shown='long', query=True, since='1.1'),
        Field('contract_uuid', shown='long', query=True, since='1.1'),
        # In which month it was served.
        Field('period', shown='long', query=True, since='1.1'),
        # The transfer that it corrects.
        Field('corrects', query=True, since='1.1'),
        Field('details', dict, column='Document', since='1.1'),
        Field('user_id', since='1.1'),
    ),
    _ORDER,
)

GRANT = Table(
    (
        Field('uuid', shown='list', since='1.1'),
        Field(
            'project_id',
            shown='list',
            column='Project',
            option=_('Those to the project with this id.'),
            metavar='<project-id>',
            since='1.1',
        ),
        Field('account_uuid', query=True, since='1.1'),
        Field('amount', shown='list', column='Money', since='1.1'),
        Field('monthly', bool, shown='list', since='1.1'),
        # Whether what is left at the end of a month lapses.
        Field('expires', bool, shown='list', since='1.1'),
        Field(
            'status',
            shown='list',
            option=_('active, ended, lapsed or any.'),
            metavar='<status>',
            since='1.1',
        ),
        # The last month for which it was given.
        Field('month', shown='long', since='1.1'),
        Field('reason', shown='long', since='1.1'),
        Field('created_at', column='Time', since='1.1'),
        Field('updated_at', column='Time', since='1.1'),
    ),
    _ORDER,
)

DISPUTE = Table(
    (
        Field('uuid', shown='list', since='1.1'),
        # The line of a statement that it is about.
        Field('transfer_uuid', shown='program', query=True, since='1.1'),
        # Who disputes it, and the other party.
        Field('project_id', shown='long', column='Project', query=True, since='1.1'),
        Field(
            'other_project_id',
            shown='long',
            column='Project',
            query=True,
            since='1.1',
        ),
        Field('reason', shown='list', since='1.1'),
        Field(
            'status',
            shown='list',
            option=_('open, accepted, rejected or any.'),
            metavar='<status>',
            since='1.1',
        ),
        # What the operator says, and what goes from the other party to who disputes.
        Field('decision', shown='list', since='1.1'),
        Field('amount', shown='list', column='Money', since='1.1'),
        Field('correction_uuid', shown='long', query=True, since='1.1'),
        Field('decided_by', since='1.1'),
        Field('created_at', shown='long', column='Time', since='1.1'),
        Field('updated_at', column='Time', since='1.1'),
    ),
    _ORDER,
)

# SPDX-License-Identifier: Apache-2.0
"""Events: what happened, in order."""

import email.utils
import itertools

from flocxclient import fields
from flocxclient import i18n
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import streams
from flocxclient.osc import times


class ListEvents(command.Lister):
    """List what happened to your offers, bids and contracts, oldest first.

    The table says in words what happened; formats for programs have the type, by
    which --type finds it. With --follow those are printed that happen from now on, a
    line each or with -f json an object each, until Ctrl-C.
    """

    table = fields.EVENT
    _epilog = command.examples(
        'openstack market event list --last 10',
        'openstack market event list --since "1d ago" --long',
        'openstack market event list --after 1200 --wait 30 -f json',
        'openstack market event list --follow --contract weekend-training',
        'openstack market event list --resource-uuid node-7 --type contract.created',
    )
    _following = False

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--after',
            '--last-event-id',
            metavar='<id>',
            type=int,
            help=_('Only those after this one, the last that you have seen.'),
        )
        parser.add_argument(
            '--since',
            '--last-notification-time',
            metavar='<time>',
            type=command.argument(self.moment),
            help=_(
                'Only those since then. Times are {moments}; without an '
                'offset they are UTC, or as --os-market-timezone says.'
            ).format(moments=times.MOMENTS),
        )
        amount = parser.add_mutually_exclusive_group()
        amount.add_argument(
            '--limit',
            metavar='<number>',
            type=command.argument(command.count),
            help=_('Show so many at most; default all.'),
        )
        amount.add_argument(
            '--last',
            metavar='<number>',
            type=command.argument(command.count),
            help=_('Show so many at most, the last that there are.'),
        )
        wait = parser.add_mutually_exclusive_group()
        wait.add_argument(
            '--wait',
            metavar='<seconds>',
            type=int,
            help=_('If there is none yet, wait so long for the next; at most 60.'),
        )
        wait.add_argument(
            '--follow',
            action='store_true',
            help=_(
                'Print them as they happen: from now on, or from --after or '
                '--since. Ends with Ctrl-C, or with --limit.'
            ),
        )
        parser.add_argument(
            '--type',
            '--event-type',
            metavar='<type>',
            help=_('Only those of this type, such as contract.created.'),
        )
        parser.add_argument(
            '--project',
            metavar='<project>',
            help=_(
                'Only those that concern this project, by id or name; for operators.'
            ),
        )
        about = parser.add_mutually_exclusive_group()
        for model in ('offer', 'bid', 'contract'):
            about.add_argument(
                f'--{model}',
                metavar=f'<{model}>',
                help=_('Only those of this {model}, by uuid or name.').format(
                    model=i18n.model(model)
                ),
            )
        about.add_argument(
            '--object-uuid',
            metavar='<uuid>',
            help=_('Only those of this offer, bid or contract.'),
        )
        parser.add_argument(
            '--resource-uuid',
            metavar='<server>',
            help=_(
                'Only those of offers and contracts of this server, by uuid; '
                'your own by name too.'
            ),
        )
        parser.add_argument(
            '--resource-type',
            metavar='<type>',
            help=_('Only those of this type of resource, such as ironic_node.'),
        )
        return parser

    def run(self, parsed_args):
        try:
            return super().run(parsed_args)
        except KeyboardInterrupt:
            if not parsed_args.follow:
                raise
            return 0

    def take_action(self, parsed_args):
        from flocxclient.sdk import filters

        identity.require_given(parsed_args, 'object_uuid')
        query = command.given(
            parsed_args,
            'after',
            'limit',
            'wait',
            'type',
            'object_uuid',
            'resource_type',
        )
        if parsed_args.project is not None:
            query['project_id'] = projects.project_id(
                self.connection, parsed_args.project
            )
        for option, parameter, fetch in (
            ('offer', 'object_uuid', self.market.get_offer),
            ('bid', 'object_uuid', self.market.get_bid),
            ('contract', 'object_uuid', self.market.get_contract),
            ('resource_uuid', 'resource_uuid', self.node),
        ):
            named = getattr(parsed_args, option)
            if named is not None:
                query[parameter] = identity.uuid_of(fetch, named)
        if parsed_args.since:
            query['time'] = filters.Comparison('gte', parsed_args.since)
        if not parsed_args.follow:
            found = map(_with_name, self._found(query, parsed_args.last))
            return self.listed(found, parsed_args)
        if 'after' not in query and 'time' not in query:
            query['time'] = filters.Comparison('gte', self._present())
        return self._followed(query, parsed_args)

    def _found(self, query, last):
        """The events of a query in order; only the ``last``, if that is not None."""
        if last is None:
            return self.market.events(**query)
        query.pop('wait', None)
        return reversed(self.market.latest_events(last, **query))

    @property
    def need_sort_by_cliff(self):
        return not self._following

    def _followed(self, query, parsed_args):
        """The columns, and the rows for ever."""
        self._following = True
        self.formatter = streams.of(parsed_args.formatter, self.formatter)
        shown = self.table.listed
        if parsed_args.long or parsed_args.columns:
            shown += self.table.long
        elif parsed_args.formatter != 'table':
            shown += self.table.program
        query.pop('limit', None)
        events = map(_with_name, self.market.follow_events(**query))
        return columns.labels(shown), self._flushed(
            self._row(event, shown, parsed_args)
            for event in itertools.islice(events, parsed_args.limit)
        )

    def _row(self, event, shown, parsed_args):
        row = columns.values(event, shown, self.table.columns, self.zone)
        return self.readable(row) if parsed_args.formatter == 'table' else row

    def _flushed(self, rows):
        """``rows``, each of which leaves the buffer before the next comes."""
        for row in rows:
            yield row
            self.app.stdout.flush()

    def _present(self):
        """The service's present: this machine's clock may be ahead of it."""
        dated = self.market.clock()
        return times.render(
            email.utils.parsedate_to_datetime(dated) if dated else self.now
        )


def _with_name(event):
    """An event with the name of what it is about, which its payload has."""
    event.name = (event.payload or {}).get('name')
    return event

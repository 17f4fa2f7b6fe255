# SPDX-License-Identifier: Apache-2.0
"""What the commands share: services, the present, errors, formats and examples."""

import abc
import argparse
import datetime
import functools
import itertools
import sys

from cliff import utils
from osc_lib import exceptions
from osc_lib.command import command

from flocxclient import i18n
from flocxclient.i18n import _
from flocxclient.osc import columns
from flocxclient.osc import fitting
from flocxclient.osc import requirements
from flocxclient.osc import times

#: Formats that know words and no structures.
PLAIN_FORMATS = ('csv', 'shell', 'value')


def examples(*lines):
    """An epilog; reStructuredText, for the documentation is made from it."""
    return 'Examples::\n\n' + '\n'.join(f'    {line}' for line in lines)


def argument(parse):
    """``parse`` as the type of an argument, which says what is wrong."""

    def convert(text):
        try:
            return parse(text)
        except ValueError as exc:
            raise argparse.ArgumentTypeError(str(exc)) from exc

    return convert


def given(parsed_args, *names):
    """The arguments among ``names`` that the user gave."""
    return {
        name: getattr(parsed_args, name)
        for name in names
        if getattr(parsed_args, name) is not None
    }


def add_requirements(parser, what, options):
    """An option that may be repeated: what hardware must meet."""
    parser.add_argument(
        *options,
        metavar='<requirement>',
        action='append',
        dest='requirements',
        type=argument(requirements.parse),
        help=_(
            '{what}; may be repeated. A JMESPath, an operator and a value: {forms}.'
        ).format(what=what, forms=requirements.FORMS.replace('%', '%%')),
    )


def add_name(parser, model, nargs=None):
    """The argument that says which object is meant.

    :param model: what it is called: ``offer``, ``bid``, ``contract``.
    """
    parser.add_argument(
        model if nargs is None else f'{model}s',
        metavar=f'<{model}>',
        nargs=nargs,
        help=_('The {model}, by uuid or name.').format(model=i18n.model(model)),
    )


class _KeepsExamples:
    """A help formatter which leaves the lines of examples as they are."""

    def _fill_text(self, text, width, indent):
        if 'Examples::' not in text:
            return super()._fill_text(text, width, indent)
        return text.replace('Examples::\n', 'Examples:\n')


class ServiceMixin:
    """A command that calls the services of FLOCX."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.formatter_class = type(
            'HelpFormatter', (_KeepsExamples, parser.formatter_class), {}
        )
        parser.error = functools.partial(_refuse, parser)
        return parser

    def run(self, parsed_args):
        from flocxclient.sdk import errors

        try:
            return super().run(parsed_args)
        except errors.ERRORS as exc:
            raise exceptions.CommandError(times.sentence(errors.explain(exc))) from exc

    def get_description(self):
        """What the command does: its docstring, in the language of who asks."""
        return i18n.found(super().get_description())

    @property
    def connection(self):
        return self.app.client_manager.sdk_connection

    @property
    def market(self):
        return self._service('market')

    @property
    def provider(self):
        return self._service('provider')

    @property
    def matcher(self):
        return self._service('matcher')

    def node(self, name):
        """A server of the caller's own; its service is asked for only here."""
        return self.provider.get_node(name)

    def _service(self, name):
        # Imported when a service is called: help needs none of it.
        from flocxclient.sdk import services

        version = self.app.api_version.get('market')
        return getattr(services, name)(
            self.connection, None if version in ('1', 'latest') else version
        )

    @functools.cached_property
    def zone(self):
        """The time zone that times are read and shown in."""
        options = getattr(self.app, 'options', None)
        return times.zone(getattr(options, 'os_market_timezone', None) or 'UTC')

    @functools.cached_property
    def now(self):
        """The present, the same throughout the command."""
        return datetime.datetime.now(self.zone).replace(microsecond=0)

    def moment(self, text):
        """A moment as the API takes it; fit for ``argument``."""
        return times.render(times.moment(text, self.now))

    def start(self, text):
        """As ``moment``, but None for now.

        The service's own now is meant: sent as a time, it would be in the
        past when it arrives, or when this machine's clock is slow.
        """
        return None if text.strip().lower() == 'now' else self.moment(text)

    def add_time_range(self, parser, what):
        parser.add_argument(
            '--time-range',
            nargs=2,
            metavar=('<start>', '<end>'),
            type=argument(self.moment),
            help=_(
                '{what} Times are {moments}; without an offset they are UTC, '
                'or as --os-market-timezone says.'
            ).format(what=what, moments=times.MOMENTS),
        )

    @staticmethod
    def period(parsed_args):
        """The parameters of ``add_time_range`` for the API."""
        if not parsed_args.time_range:
            return {}
        return dict(
            zip(('start_time', 'end_time'), parsed_args.time_range, strict=True)
        )

    def add_window(self, parser, end_required, end_help):
        parser.add_argument(
            '--start-time',
            metavar='<time>',
            type=argument(self.start),
            help=_(
                'From when; default now.\nTimes are {moments}.\nWithout an '
                'offset they are UTC, or as --os-market-timezone says.'
            ).format(moments=times.MOMENTS),
        )
        parser.add_argument(
            '--end-time',
            metavar='<time>',
            type=argument(self.moment),
            required=end_required,
            help=end_help,
        )

    def add_wait(self, parser, until, timeout='15m'):
        parser.add_argument(
            '--wait',
            action='store_true',
            help=_('Wait until {until}; progress goes to stderr.').format(until=until),
        )
        parser.add_argument(
            '--wait-timeout',
            metavar='<duration>',
            default=timeout,
            type=argument(times.duration),
            help=_('How long --wait waits: {durations}; default %(default)s.').format(
                durations=times.DURATIONS
            ),
        )


class DisplayMixin(ServiceMixin):
    """A command that prints what it found."""

    #: {field: class of ``columns``}, where it looks so here alone.
    columns = {}
    #: Whether the beginning of an id does, where there is no name.
    short_ids = False

    def values(self, resource, fields):
        """The values of ``fields`` as columns."""
        return columns.values(resource, fields, self.columns, self.zone)

    def column(self, name, value):
        """A value as the column of this name."""
        return columns.wrapped(value, name, self.zone)

    @functools.cached_property
    def names(self):
        """What projects, servers and accounts are called."""
        # Imported when a name is asked for: it loads the SDK.
        from flocxclient.osc import names

        return names.Names(self, self.short_ids)

    def readable(self, cells):
        """The cells of a row of a table: with names for ids, and dashes for nothing."""
        return tuple(columns.readable(self._with_names(cell)) for cell in cells)

    def _with_names(self, cell):
        if isinstance(cell, columns.Named):
            return self.names.name(cell.directory, cell.machine_readable())
        if isinstance(cell, columns.Lines):
            return cell.named(lambda uuid: self.names.name('server', uuid))
        return cell


class Command(ServiceMixin, command.Command):
    """A command without output of its own."""


class ShowOne(DisplayMixin, command.ShowOne):
    """A command that shows one object.

    Its fields are those of ``table``, or the names in ``fields``.
    """

    table = None
    fields = ()

    def shown(self, resource):
        if self.table is None:
            return self.fields, self.values(resource, self.fields)
        fields = [name for name in self.table.shown if resource.has(name)]
        return fields, columns.values(
            resource, fields, {**self.table.columns, **self.columns}, self.zone
        )

    def produce_output(self, parsed_args, column_names, data):
        if parsed_args.formatter in PLAIN_FORMATS:
            data = tuple(map(columns.plain, data))
        elif parsed_args.formatter == 'table':
            data = self.readable(data)
        return super().produce_output(parsed_args, column_names, data)


class Lister(DisplayMixin, command.Lister):
    """A command that lists objects, of ``table``."""

    table = None
    short_ids = True
    #: Fields that this run lists besides those of the table.
    also = ()

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        if self.table and self.table.long:
            parser.add_argument(
                '--long', action='store_true', help=_('Show all the columns.')
            )
        return parser

    def add_filters(self, parser):
        """An option for each field of the table that needs no more than its value."""
        for field in self.table.options:
            parser.add_argument(
                f'--{field.name.replace("_", "-")}',
                metavar=field.metavar,
                help=field.option,
            )
        parser.add_argument(
            '--filter',
            metavar='<field>=<operator>:<value>',
            action='append',
            dest='comparisons',
            default=[],
            type=argument(comparison),
            help=_(
                'Those whose field compares so, as "price=lte:2.50" or '
                '"status=in:active,created"; may be repeated. The operators '
                'are eq, neq, gt, gte, lt, lte, in and nin. Values of other '
                'options are literal.'
            ),
        )

    def filters(self, parsed_args):
        """The parameters of ``add_filters`` for the API."""
        query = given(parsed_args, *(field.name for field in self.table.options))
        if parsed_args.comparisons:
            from flocxclient.sdk import filters

            for name, operator, value in parsed_args.comparisons:
                if name not in self.table.query:
                    raise exceptions.CommandError(
                        _(
                            '--filter: there is no field {name!r} to filter by; there '
                            'are {query}'
                        ).format(name=name, query=', '.join(sorted(self.table.query)))
                    )
                values = value.split(',') if operator in ('in', 'nin') else value
                query.setdefault(name, [])
                if not isinstance(query[name], list):
                    query[name] = [query[name]]
                query[name].append(filters.Comparison(operator, values))
        return query

    def add_paging(self, parser):
        parser.add_argument(
            '--limit',
            metavar='<number>',
            type=argument(count),
            help=_('Show so many at most; default all.'),
        )
        parser.add_argument(
            '--marker',
            metavar='<uuid>',
            help=_('Begin after this one, the last of the list before.'),
        )
        parser.add_argument(
            '--sort',
            metavar='<field>[:asc|:desc]',
            help=_('The field to sort by, as the API names it.'),
        )

    def paging(self, parsed_args):
        """The parameters of ``add_paging`` for the API."""
        query = given(parsed_args, 'limit', 'marker')
        if parsed_args.sort is not None:
            field, _, direction = parsed_args.sort.partition(':')
            query.update(sort_key=field, sort_dir=direction or 'asc')
        return query

    def listed(self, resources, parsed_args):
        fields = self.table.listed + self.also
        # A program, and whoever chooses columns, may want the others too.
        if parsed_args.formatter != 'table' or parsed_args.columns:
            first = ('uuid',) if 'uuid' in self.table.long else ()
            fields = (*first, *fields, *self.table.program)
        if parsed_args.columns or (self.table.long and parsed_args.long):
            fields += tuple(each for each in self.table.long if each not in fields)
        found = list(itertools.islice(resources, getattr(parsed_args, 'limit', None)))
        if 'uuid' not in fields and self.need_uuid(found):
            fields = ('uuid', *fields)
        known = {**self.table.columns, **self.columns}
        return columns.labels(fields), [
            columns.values(resource, fields, known, self.zone) for resource in found
        ]

    def need_uuid(self, found):
        """Whether something without a name is among these, which a uuid has to tell."""
        named = {'uuid', 'name'} <= {*self.table.long, *self.table.listed}
        return named and not all(each.name for each in found)

    def produce_output(self, parsed_args, column_names, data):
        if parsed_args.formatter in PLAIN_FORMATS:
            data = (tuple(map(columns.plain, row)) for row in data)
        elif parsed_args.formatter == 'table' and isinstance(data, list):
            if not data:
                # An empty table would be a blank line.
                self.app.stderr.write(_('Nothing was found.') + '\n')
                return 0
            if not parsed_args.columns:
                column_names = tuple(map(columns.heading, column_names, data[0]))
            data = [self.readable(row) for row in data]
            width = _width(parsed_args)
            if width and not parsed_args.columns:
                data = fitting.fitted(column_names, data, width)
        return super().produce_output(parsed_args, column_names, data)


def _width(parsed_args):
    """How wide a table may be; None where nobody looks at it."""
    if int(parsed_args.max_width) > 0:
        return int(parsed_args.max_width)
    if sys.stdout.isatty() or parsed_args.fit_width:
        return utils.terminal_width()
    return None


class PagedLister(Lister):
    """A command that lists, page by page, what a function of the SDK finds.

    It is called ``collection``.
    """

    collection = ''

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_filters(parser)
        self.add_paging(parser)
        return parser

    def take_action(self, parsed_args):
        query = {**self.filters(parsed_args), **self.paging(parsed_args)}
        found = getattr(self.market, self.collection)(**query)
        return self.listed(found, parsed_args)


class Delete(ServiceMixin, command.Command):
    """A command that ends objects, each by itself."""

    model = ''

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'names',
            metavar=f'<{self.model}>',
            nargs='+',
            help=_(
                'The {model}, by uuid or name; several are ended one after '
                'the other, whatever becomes of the others.'
            ).format(model=i18n.model(self.model)),
        )
        return parser

    def take_action(self, parsed_args):
        from flocxclient.sdk import errors

        failed = 0
        for name in parsed_args.names:
            try:
                self.delete(name, parsed_args)
            except (exceptions.CommandError, *errors.ERRORS) as exc:
                failed += 1
                self.log.error('%s %s: %s', self.model, name, errors.explain(exc))
        if failed:
            raise exceptions.CommandError(
                _('{failed} of {names} {model}s failed').format(
                    failed=failed,
                    names=len(parsed_args.names),
                    model=i18n.model(self.model),
                )
            )

    @abc.abstractmethod
    def delete(self, name, parsed_args):
        """End the object with this uuid or name."""


def count(text):
    """A whole number of things, at least one."""
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ValueError(_('{text!r} is not a number of at least 1').format(text=text))
    return int(text)


def comparison(text):
    """``field=operator:value`` as a triple."""
    name, equals, rest = text.partition('=')
    operator, colon, value = rest.partition(':')
    if not (name and equals and colon):
        raise ValueError(
            _(
                '{text!r} is no comparison: write a field, an operator and a '
                'value such as price=lte:2.50'
            ).format(text=text)
        )
    return name.replace('-', '_'), operator, value


def _refuse(parser, message):
    """Say what is wrong with the arguments, without all that could be given."""
    parser.exit(2, f'{message}\nSee "{parser.prog} --help".\n')

# SPDX-License-Identifier: Apache-2.0
"""What the commands share: services, the present, errors and examples."""

import abc
import argparse
import datetime
import functools
import itertools

from osc_lib import exceptions
from osc_lib.command import command

from flocxclient.osc import columns
from flocxclient.osc import requirements
from flocxclient.osc import times


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
        help=f'{what}; may be repeated. A JMESPath, an operator and a value: '
        + requirements.FORMS.replace('%', '%%')
        + '.',
    )


class _KeepsExamples:
    """A help formatter which leaves the lines of examples as they are."""

    def _fill_text(self, text, width, indent):
        if 'Examples::' not in text:
            return super()._fill_text(text, width, indent)
        return text.replace('Examples::\n', 'Examples:\n')


class ErrorReporting:
    """A command that speaks with the services of FLOCX."""

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.formatter_class = type(
            'HelpFormatter', (_KeepsExamples, parser.formatter_class), {}
        )
        return parser

    def run(self, parsed_args):
        from flocxclient.sdk import errors

        try:
            return super().run(parsed_args)
        except errors.ERRORS as exc:
            raise exceptions.CommandError(errors.explain(exc)) from exc

    @property
    def connection(self):
        return self.app.client_manager.sdk_connection

    @property
    def market(self):
        return self._services.market(self.connection)

    @property
    def provider(self):
        return self._services.provider(self.connection)

    @property
    def matcher(self):
        return self._services.matcher(self.connection)

    def node(self, name):
        """A server of the caller's own; its service is asked for only here."""
        return self.provider.get_node(name)

    @property
    def _services(self):
        # Imported when a service is called: help needs none of it.
        from flocxclient.sdk import services

        return services

    @functools.cached_property
    def now(self):
        """The present, the same throughout the command."""
        return datetime.datetime.now(datetime.UTC).replace(microsecond=0)

    def moment(self, text):
        """A moment as the API takes it; fit for ``argument``."""
        return times.render(times.moment(text, self.now))

    def start(self, text):
        """As ``moment``, but None for now.

        The service's own now is meant: sent as a time, it would be in the
        past when it arrives, or when this machine's clock is slow.
        """
        return None if text.strip() == 'now' else self.moment(text)

    def add_time_range(self, parser, what):
        parser.add_argument(
            '--time-range',
            nargs=2,
            metavar=('<start>', '<end>'),
            type=argument(self.moment),
            help=f'{what} Times are {times.MOMENTS}; without an offset they are UTC.',
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
            help='From when; default now.\nTimes are '
            + times.MOMENTS
            + '.\nWithout an offset they are UTC.',
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
            help=f'Wait until {until}; progress goes to stderr.',
        )
        parser.add_argument(
            '--wait-timeout',
            metavar='<duration>',
            default=timeout,
            type=argument(times.duration),
            help='How long --wait waits: ' + times.DURATIONS + '; default %(default)s.',
        )


class Command(ErrorReporting, command.Command):
    """A command without output of its own."""


class ShowOne(ErrorReporting, command.ShowOne):
    """A command that shows one object."""

    #: The fields, in their order, and how those look that look so here alone.
    fields = ()
    columns = None

    def shown(self, resource):
        return self.fields, columns.values(resource, self.fields, self.columns)


class Lister(ErrorReporting, command.Lister):
    """A command that lists objects."""

    #: The fields by default, those that --long adds, and how those look that look so
    #: here alone.
    fields = ()
    long_fields = ()
    columns = None

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        if self.long_fields:
            parser.add_argument(
                '--long', action='store_true', help='Show all the columns.'
            )
        return parser

    def add_paging(self, parser):
        parser.add_argument(
            '--limit',
            metavar='<number>',
            type=int,
            help='Show so many at most; default all.',
        )
        parser.add_argument(
            '--marker',
            metavar='<uuid>',
            help='Begin after this one, the last of the list before.',
        )
        parser.add_argument(
            '--sort',
            metavar='<field>[:asc|:desc]',
            help='The field to sort by, as the API names it.',
        )

    def paging(self, parsed_args):
        """The parameters of ``add_paging`` for the API."""
        query = given(parsed_args, 'limit', 'marker')
        if parsed_args.sort:
            field, _, direction = parsed_args.sort.partition(':')
            query.update(sort_key=field, sort_dir=direction or 'asc')
        return query

    def listed(self, resources, parsed_args):
        fields = self.fields
        if getattr(parsed_args, 'long', False):
            fields += self.long_fields
        limit = getattr(parsed_args, 'limit', None)
        return columns.labels(fields), [
            columns.values(resource, fields, self.columns)
            for resource in itertools.islice(resources, limit)
        ]


class Delete(ErrorReporting, command.Command):
    """A command that ends objects, each by itself."""

    noun = ''

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'names',
            metavar=f'<{self.noun}>',
            nargs='+',
            help=f'The {self.noun}, by uuid or name; several are ended one '
            'after the other, whatever becomes of the others.',
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
                self.log.error('%s %s: %s', self.noun, name, errors.explain(exc))
        if failed:
            raise exceptions.CommandError(
                f'{failed} of {len(parsed_args.names)} {self.noun}s failed'
            )

    @abc.abstractmethod
    def delete(self, name, parsed_args):
        """End the object with this uuid or name."""

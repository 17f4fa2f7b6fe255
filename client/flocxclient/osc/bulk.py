# SPDX-License-Identifier: Apache-2.0
"""Many objects from a file: CSV with a heading, or a list in YAML.

A row is what would be typed as a command of its own: its columns are the options of the
command, and its cells are understood, and refused, as the values of these are.
"""

from osc_lib import exceptions

from flocxclient import row_files
from flocxclient.i18n import _


class FileMixin:
    """A command that creates one object, or one for each row of ``--file``.

    ``options`` are the columns that there are, by the names of the arguments that they
    stand for, with the options that take them; None for a positional one.
    ``needed`` are those that must be given, and ``alone`` the arguments that do not go
    together with a file.
    """

    options = {}
    needed = ()
    alone = ()
    #: Whether something could not be created, while others could.
    failed = False

    def add_file(self, parser, dry_run):
        """The options ``--file`` and ``--dry-run``.

        :param dry_run: help of the latter.
        """
        parser.add_argument(
            '--file',
            metavar='<file>',
            help=_(
                'Create one for each row of this file, CSV with a heading or '
                'a list in YAML (.yaml). Its columns are called as the '
                'options: {options}. Options beside it are for rows that do '
                'not have them. What became of each row is shown; a row that '
                'fails does not keep the others away. A row that was created '
                'before, with the same cells, is not created again.'
            ).format(options=', '.join(self.options)),
        )
        parser.add_argument('--dry-run', action='store_true', help=dry_run)

    def run(self, parsed_args):
        return super().run(parsed_args) or int(self.failed)

    def require_needed(self, parsed_args):
        """Nothing, if all is given that has to be.

        :raises CommandError: something is not.
        """
        missing = [name for name in self.needed if getattr(parsed_args, name) is None]
        if missing:
            raise exceptions.CommandError(
                _(
                    '{missing} must be given; with --file each row may have its own'
                ).format(
                    missing=' and '.join(
                        self.options[name] or f'<{name}>' for name in missing
                    )
                )
            )

    def create_rows(self, parsed_args):
        """Create what a file says, and return the columns and values to show."""
        for name in self.alone:
            if getattr(parsed_args, name):
                raise exceptions.CommandError(
                    _(
                        '--file and {option} do not go together: leave one of them out'
                    ).format(option=name.replace('_', ' '))
                )
        try:
            rows = row_files.read(parsed_args.file, self.options)
        except (OSError, ValueError) as exc:
            raise exceptions.CommandError(
                _('--file {file}: {exc}').format(file=parsed_args.file, exc=exc)
            ) from exc
        keys = row_files.keys(rows, parsed_args.idempotency_key)
        done = []
        for number, (row, key) in enumerate(zip(rows, keys, strict=True), 1):
            outcome = self._create_row(row, key, parsed_args)
            done.append({'row': number, **outcome})
            self.app.stderr.write(
                f'{number} of {len(rows)}: {self.column("Rows", [done[-1]]).line}\n'
            )
        errors = sum(each['error'] is not None for each in done)
        self.failed = errors > 0
        good = 'accepted' if parsed_args.dry_run else 'created'
        return (good, 'failed', 'rows'), (
            len(done) - errors,
            errors,
            self.column('Rows', done),
        )

    def _create_row(self, row, key, parsed_args):
        """What became of a row: ``name``, ``uuid``, ``result`` and ``error``."""
        from flocxclient.sdk import errors

        name = row.get('name') or row.get('resource')
        outcome = {'name': name, 'uuid': None, 'result': None, 'error': None}
        try:
            given = self._parsed(row, parsed_args)
            self.require_needed(given)
            if parsed_args.dry_run:
                return outcome | {'result': self.preview(given)}
            given.idempotency_key = key
            made = self.create(given)
            return outcome | {'uuid': made.uuid, 'result': 'created'}
        except errors.ERRORS as exc:
            return outcome | {'error': errors.explain(exc)}
        except (ValueError, exceptions.CommandError) as exc:
            return outcome | {'error': str(exc)}

    def _parsed(self, row, parsed_args):
        """The arguments that a row stands for, and those beside ``--file``."""
        parser = self.get_parser('row')
        parser.error = _refuse
        words, positional = [], []
        for name, value in row.items():
            option = self.options[name]
            for each in value if isinstance(value, list) else [value]:
                if not isinstance(each, str):
                    raise ValueError(
                        _('{name}: write text, or a list of texts').format(name=name)
                    )
                if option is None:
                    positional.append(each)
                else:
                    words.append(f'{option}={each}')
        # What comes after two dashes is no option, whatever it looks like.
        given = parser.parse_args(words + (['--', *positional] if positional else []))
        for name in self.options:
            if getattr(given, name) is None:
                setattr(given, name, getattr(parsed_args, name))
        return given


def _refuse(message):
    raise ValueError(message.removeprefix('argument --').removeprefix('argument '))

# SPDX-License-Identifier: Apache-2.0
"""The commands that the documentation shows.

A command stands in a block of its page, after ``$`` and a blank; lines that end in a
backslash go on, and what follows up to the next command is what it prints. Three dots
in that stand for anything, and alone in a line for any number of lines.
"""

import dataclasses
import pathlib
import re
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOTS = re.escape('...')

#: Commands that change nothing, and may be given again.
LOOKS = re.compile(r' market \w+ (list|show) ')

#: Programs that only stand at the beginning of a line if they are meant to be run.
PROGRAMS = re.compile(
    r'(sudo )?(openstack|flocx-[a-z-]+|pip|python3|systemctl|mysql|mariadb|mysqldump|'
    r'mariadb-dump|pg_dump|rabbitmqctl|uwsgi|podman|curl|apt|useradd|tools/\w+|'
    r'export|tox|sphinx-build|oslo[a-z-]*|[A-Z_]+=\S+ \w+)( |$)'
)
_BLOCK = re.compile(
    r'^( *)(?:\.\. code-block:: (\w+)\n|(?!\.\.)(?:.*\S)?::\n)'
    r'((?:\1 +:.*\n)*)\n((?:\1 +.*\n|\n)+)',
    re.MULTILINE,
)


@dataclasses.dataclass(frozen=True)
class Command:
    """A command line, where it stands, and what the page says that it prints."""

    page: str
    line: str
    output: str


def pages():
    """The pages, in the order of their paths."""
    found = [*ROOT.glob('*.rst'), *ROOT.glob('*/README.rst')]
    return sorted([*found, *(ROOT / 'doc/source').rglob('*.rst')])


def blocks(path):
    """The literal blocks of a page: its language, or None, and the text."""
    for match in _BLOCK.finditer(path.read_text()):
        yield match[2], textwrap.dedent(match[4]).strip('\n')


def commands(path):
    """The commands of a page, in order."""
    page = str(path.relative_to(ROOT))
    for _, text in blocks(path):
        for part in re.split(r'(?m)^\$ ', text)[1:]:
            found = re.match(r'(?:.*\\\n)*.*', part)
            line = re.sub(r'\\\n\s*', '', found[0])
            yield Command(page, line, part[found.end() :].strip('\n'))


def difference(command, printed):
    """How what was printed differs from what the page says, or None.

    Three dots stand for anything in a line, and alone for any number of lines.
    """
    if not command.output:
        return None
    pattern = ''.join(
        '(.*\n)*' if line == '...' else re.escape(line).replace(DOTS, '.*') + '\n'
        for line in command.output.splitlines()
    )
    if re.fullmatch(pattern, printed or ''):
        return None
    return f'{command.line}\nexpected:\n{command.output}\ngot:\n{printed}'

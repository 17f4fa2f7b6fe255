# SPDX-License-Identifier: Apache-2.0
"""What can stand where somebody presses Tab: names of what there is.

``openstack complete`` gives a shell the commands and their options. It is written once
and knows no names; these are asked for as they are typed.
"""

import importlib.metadata
import itertools

from flocxclient.i18n import _
from flocxclient.osc import command

#: How many objects are looked at.
LOOKED_AT = 1000

#: What an argument wants, by what help calls it.
KINDS = {
    '<offer>': 'offer',
    '<bid>': 'bid',
    '<contract>': 'contract',
    '<demand>': 'demand',
    '<node>': 'node',
    '<server>': 'node',
    '<resource>': 'node',
    '<class>': 'class',
}
#: What one does to one's own offers alone.
OWN = ('delete', 'set')

BASH = r"""
# Names after "openstack market ..."; everything else as "openstack complete" has it.
_openstack_market() {
    local words=("${COMP_WORDS[@]:1:COMP_CWORD}") at=0
    while [[ $at -lt ${#words[@]} && ${words[at]} != market ]]; do
        at=$((at + 1))
    done
    COMPREPLY=()
    if [[ $((${#words[@]} - at)) -gt 3 && ${words[-1]} != -* ]]; then
        mapfile -t COMPREPLY < <(openstack "${words[@]:0:at}" market complete \
            "${words[@]:at + 1}" 2> /dev/null)
    fi
    if [[ ${#COMPREPLY[@]} -eq 0 ]] && declare -F _openstack > /dev/null; then
        _openstack "$@"
    fi
}
complete -F _openstack_market openstack
"""


class CompleteWord(command.Command):
    """Print what the last of some words may become, for completion in a shell.

    The words are those after "openstack market", as far as they are typed. With --shell
    the function is printed that asks for it.
    """

    _epilog = command.examples(
        'openstack market complete offer claim node-',
        'openstack market complete --shell bash >> openstack-completion.bash',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--shell',
            choices=('bash',),
            help=_(
                'Print the function of this shell, which comes after what '
                '"openstack complete" prints.'
            ),
        )
        parser.add_argument(
            'words',
            metavar='<word>',
            nargs='...',
            help=_('What is typed so far; the last may be empty.'),
        )
        return parser

    def take_action(self, parsed_args):
        if parsed_args.shell:
            self.app.stdout.write(BASH.lstrip())
            return
        *before, begun = parsed_args.words or ['']
        verb, action = _awaited(before)
        found = action and (action.choices or self._names(action.metavar, verb))
        for name in sorted({name for name in found or () if name}):
            if name.startswith(begun):
                self.app.stdout.write(f'{name}\n')

    def _names(self, metavar, verb):
        kind = KINDS.get(metavar)
        if kind == 'class':
            return (depth.resource_class for depth in self.market.book())
        if kind == 'node':
            return self._named(self.provider.nodes())
        if kind == 'bid':
            return self._named(self.market.bids(status='available'))
        if kind == 'demand':
            return self._named(self.market.standing_demands())
        if kind == 'contract':
            return self._named(self.market.contracts())
        if kind == 'offer':
            own = {'project_id': self.connection.current_project_id}
            return self._named(self.market.offers(**(own if verb in OWN else {})))
        return ()

    @staticmethod
    def _named(resources):
        return (each.name for each in itertools.islice(resources, LOOKED_AT))


def _awaited(words):
    """The verb of a command, and the argument that comes after these words, or None."""
    commands = {
        entry_point.name: entry_point
        for entry_point in importlib.metadata.entry_points(group='openstack.market.v1')
    }
    for count in range(min(3, len(words)), 0, -1):
        found = commands.get('_'.join(['market', *words[:count]]))
        if found:
            parser = found.load()(None, None).get_parser('openstack')
            return words[count - 1], _argument(parser, words[count:])
    return None, None


def _argument(parser, words):
    """The action of ``parser`` that the next word is for, or None.

    argparse tells of its actions in private attributes alone.
    """
    options = parser._option_string_actions
    waiting, given = [], 0
    for word in words:
        if waiting:
            waiting.pop()
        elif word in options:
            nargs = options[word].nargs
            waiting = [options[word]] * (nargs if isinstance(nargs, int) else 1)
        elif not word.startswith('-'):
            given += 1
    if waiting:
        return waiting[-1]
    positional = parser._get_positional_actions()
    if given < len(positional):
        return positional[given]
    return positional[-1] if positional and positional[-1].nargs in ('+', '*') else None

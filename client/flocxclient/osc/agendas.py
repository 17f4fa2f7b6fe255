# SPDX-License-Identifier: Apache-2.0
"""Agendas: what is due, in the calendar program that you use anyway."""

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import identity


class CreateAgenda(command.ShowOne):
    """Make an agenda: the address of a calendar with all that is due for your project.

    Let your calendar program subscribe to the url. Whoever knows it can read what is
    due, without a password: keep it to yourself, and delete the agenda when you need it
    no more. It is shown this once.
    """

    table = fields.AGENDA
    _epilog = command.examples('openstack market agenda create --name "my phone"')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            '--name', metavar='<name>', help=_('A name, to tell it from others.')
        )
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'name')
        return self.shown(
            self.market.create_agenda(**command.given(parsed_args, 'name'))
        )


class ListAgendas(command.PagedLister):
    """List the agendas of your project."""

    table = fields.AGENDA
    collection = 'agendas'
    _epilog = command.examples('openstack market agenda list')


class ShowAgenda(command.ShowOne):
    """Show an agenda, without its address."""

    table = fields.AGENDA
    _epilog = command.examples('openstack market agenda show "my phone"')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'agenda', metavar='<agenda>', help=_('The agenda, by uuid or name.')
        )
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_agenda(parsed_args.agenda))


class DeleteAgenda(command.Delete):
    """Delete agendas: their addresses lead to nothing any more."""

    model = 'agenda'
    _epilog = command.examples('openstack market agenda delete "my phone"')

    def delete(self, name, parsed_args):
        self.market.delete_agenda(name)

# SPDX-License-Identifier: Apache-2.0
"""Accounts of projects, and the credits that they are granted and hand on."""

import decimal

from osc_lib import exceptions

from flocxclient import fields
from flocxclient import projects
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import prices

#: What --dry-run shows: the account that pays or, of a grant, gets it.
PREVIEW = ('project', 'balance', 'amount', 'new_balance')


class AccountMixin:
    """Finds the account that an argument means."""

    def add_account(self, parser):
        parser.add_argument(
            'account',
            metavar='<project>',
            nargs='?',
            help=_(
                'The project, by id or name, or the account, by uuid; by '
                'default your own project.'
            ),
        )

    def account(self, given):
        """The account of a project, or of this uuid."""
        found = []
        if given is None:
            project = self.connection.current_project_id
        else:
            project = projects.project_id(self.connection, given)
        # An organisation has an account beside that of its topmost project.
        own = {'project_id': project, 'type': 'project'}
        found = list(self.market.accounts(**own, limit=2))
        if found:
            return found[0]
        if given is not None and identity.is_uuid(given):
            return self.market.get_account(given)
        raise exceptions.CommandError(
            _('project {project} has no account yet: nothing was granted to it').format(
                project=given or project
            )
        )

    def preview(self, project, account, amount):
        """What becomes of the balance of an account, as columns and values.

        :param account: None where there is none yet.
        :param amount: what is added, or taken where it is less than 0.
        :raises CommandError: the account has too little.
        """
        balance, overdraft = (
            decimal.Decimal(account[name] if account else 0)
            for name in ('balance', 'overdraft')
        )
        left = balance + amount
        if amount < 0 and left < -overdraft:
            raise exceptions.CommandError(
                _(
                    'the account of project {project} has {balance:.2f} credits: '
                    '{missing:.2f} are missing'
                ).format(project=project, balance=balance, missing=-overdraft - left)
            )
        return PREVIEW, (
            project,
            *(self.column('Money', f'{each:.6f}') for each in (balance, amount, left)),
        )


def _add_dry_run(parser):
    parser.add_argument(
        '--dry-run',
        action='store_true',
        help=_('Show what would be left on the account, and book nothing.'),
    )


class ListAccounts(command.PagedLister):
    """List accounts: your project's, as an administrator those of all."""

    collection = 'accounts'
    table = fields.ACCOUNT
    _epilog = command.examples('openstack market account list --long')


class ShowAccount(AccountMixin, command.ShowOne):
    """Show what a project has to spend, and what its bids and contracts hold."""

    table = fields.ACCOUNT
    _epilog = command.examples('openstack market account show')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_account(parser)
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'account')
        found = self.account(parsed_args.account)
        return self.shown(self.market.get_account(found.uuid))


class SetAccount(AccountMixin, command.ShowOne):
    """Say by how much an account may be overdrawn (admin)."""

    table = fields.ACCOUNT
    _epilog = command.examples('openstack market account set lab --overdraft 500')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        self.add_account(parser)
        parser.add_argument(
            '--overdraft',
            metavar='<credits>',
            required=True,
            type=command.argument(prices.credits),
            help=_('How many credits below zero its balance may go; required.'),
        )
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'account')
        found = self.account(parsed_args.account)
        return self.shown(
            self.market.update_account(found.uuid, overdraft=parsed_args.overdraft)
        )


class GrantCredits(AccountMixin, command.ShowOne):
    """Grant a project credits, once or as many each month (admin)."""

    table = fields.GRANT
    _epilog = command.examples(
        'openstack market credit grant lab 1000 --reason "spring term"',
        'openstack market credit grant lab 200 --monthly --expires',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'project', metavar='<project>', help=_('The project, by id or name.')
        )
        _add_amount(parser)
        parser.add_argument(
            '--organisation',
            action='store_true',
            help=_('The account of the organisation of this id, a domain.'),
        )
        parser.add_argument(
            '--monthly', action='store_true', help=_('As many again each month.')
        )
        parser.add_argument(
            '--expires',
            action='store_true',
            help=_('With --monthly: what is left at the end of a month lapses.'),
        )
        _add_reason(parser)
        _add_dry_run(parser)
        identity.add_idempotency_key(parser)
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'project', 'reason', 'idempotency_key')
        terms = command.given(parsed_args, 'amount', 'reason')
        if parsed_args.organisation:
            terms |= {'project_id': parsed_args.project, 'account_type': 'organisation'}
        else:
            terms['project_id'] = projects.project_id(
                self.connection, parsed_args.project
            )
        if parsed_args.dry_run:
            own = {
                'project_id': terms['project_id'],
                'type': terms.get('account_type', 'project'),
            }
            (account,) = [*self.market.accounts(**own, limit=1), None][:1]
            amount = decimal.Decimal(parsed_args.amount)
            return self.preview(parsed_args.project, account, amount)
        for name in ('monthly', 'expires'):
            if getattr(parsed_args, name):
                terms[name] = True
        return self.shown(
            self.market.create_grant(parsed_args.idempotency_key, **terms)
        )


class TransferCredits(AccountMixin, command.ShowOne):
    """Hand credits to a project below your own, as a manager of yours."""

    table = fields.TRANSFER
    _epilog = command.examples(
        'openstack market credit transfer lab 100 --reason "for the course"'
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'target',
            metavar='<project>',
            help=_('The project that gets them, by id or name, or an account by uuid.'),
        )
        _add_amount(parser)
        parser.add_argument(
            '--from',
            dest='source',
            metavar='<project>',
            help=_(
                'The project that they come from, by id or name, or an '
                'account by uuid; by default your own project.'
            ),
        )
        parser.add_argument(
            '--month',
            metavar='<month>',
            help=_(
                'Book it in this month, such as 2027-01, which must not be '
                'closed; by default in the present one.'
            ),
        )
        _add_reason(parser)
        _add_dry_run(parser)
        identity.add_idempotency_key(parser)
        return parser

    def take_action(self, parsed_args):
        identity.require_given(
            parsed_args, 'target', 'source', 'month', 'reason', 'idempotency_key'
        )
        if parsed_args.dry_run:
            source = self.account(parsed_args.source)
            amount = -decimal.Decimal(parsed_args.amount)
            return self.preview(parsed_args.source or 'your own', source, amount)
        terms = command.given(parsed_args, 'amount', 'month', 'reason')
        for name in ('source', 'target'):
            given = getattr(parsed_args, name)
            if given is not None:
                terms[name] = projects.project_id(self.connection, given)
        return self.shown(
            self.market.create_transfer(parsed_args.idempotency_key, **terms)
        )


class ListCredits(command.PagedLister):
    """List what was booked on your project's account, or is held on its behalf."""

    collection = 'transfers'
    table = fields.TRANSFER
    _epilog = command.examples(
        'openstack market credit list --type usage --month 2027-01'
    )


class ShowCredit(command.ShowOne):
    """Show a transfer of credits."""

    table = fields.TRANSFER
    _epilog = command.examples('openstack market credit show <uuid>')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'transfer', metavar='<transfer>', help=_('The transfer, by uuid.')
        )
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_transfer(parsed_args.transfer))


class ListGrants(command.PagedLister):
    """List the credits that your project was granted, once or each month."""

    collection = 'grants'
    table = fields.GRANT
    _epilog = command.examples('openstack market grant list')


class ShowGrant(command.ShowOne):
    """Show a grant."""

    table = fields.GRANT
    _epilog = command.examples('openstack market grant show <uuid>')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument('grant', metavar='<grant>', help=_('The grant, by uuid.'))
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_grant(parsed_args.grant))


class DeleteGrant(command.Delete):
    """End monthly grants; what they gave stays (admin)."""

    model = 'grant'
    _epilog = command.examples('openstack market grant delete <uuid>')

    def delete(self, name, parsed_args):
        self.market.delete_grant(name)


def _add_amount(parser):
    parser.add_argument(
        'amount',
        metavar='<credits>',
        type=command.argument(prices.credits),
        help=_('How many credits, a decimal number such as 12.50.'),
    )


def _add_reason(parser):
    parser.add_argument(
        '--reason',
        metavar='<text>',
        help=_('What it is for; it stays with the transfer.'),
    )

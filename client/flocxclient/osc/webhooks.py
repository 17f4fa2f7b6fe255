# SPDX-License-Identifier: Apache-2.0
"""Webhooks: events that are sent to a URL or by e-mail."""

import dataclasses

from osc_lib import exceptions

from flocxclient import fields
from flocxclient.i18n import _
from flocxclient.osc import command
from flocxclient.osc import identity
from flocxclient.osc import waiting

_MAILTO = 'mailto:'


class CreateWebhook(command.ShowOne):
    """Have what happens to your project sent to a URL, or by e-mail.

    Requests to a URL are signed as Standard Webhooks 1.0 describes it. The secret is
    made up unless you give one, and shown only now.
    """

    table = fields.WEBHOOK
    _epilog = command.examples(
        'openstack market webhook create https://hooks.example.org/flocx',
        'openstack market webhook create https://hooks.example.org/flocx '
        "--event-type 'contract.*' --event-type bid.matched --name billing",
        'openstack market webhook create ops@example.org --event-type contract.error',
    )

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        parser.add_argument(
            'url', metavar='<url|address>', help=_('A URL, or an e-mail address.')
        )
        parser.add_argument(
            '--event-type',
            metavar='<type>',
            action='append',
            dest='event_types',
            help=_(
                'Only events of this type, such as contract.active, or '
                'contract.* for all that happens to contracts; may be '
                'repeated.'
            ),
        )
        parser.add_argument(
            '--name', metavar='<name>', help=_('A name for the webhook.')
        )
        parser.add_argument(
            '--secret',
            metavar='<secret>',
            help=_(
                'whsec_ and the base64 of 24 to 64 random bytes; others can '
                'read your command line, so let one be made up where you can.'
            ),
        )
        identity.add_idempotency_key(parser)
        return parser

    def take_action(self, parsed_args):
        identity.require_given(parsed_args, 'idempotency_key')
        url, secret = parsed_args.url, parsed_args.secret
        if '@' in url and '/' not in url and ':' not in url:
            url = _MAILTO + url
        if secret is None and not url.startswith(_MAILTO):
            from flocxclient.sdk import webhook

            secret = webhook.new_secret()
        made = self.market.create_webhook(
            parsed_args.idempotency_key,
            url=url,
            **({'secret': secret} if secret else {}),
            **command.given(parsed_args, 'name', 'event_types'),
        )
        names, values = self.shown(made)
        if not secret:
            return names, values
        after = names.index('url') + 1
        return (
            (*names[:after], 'secret', *names[after:]),
            (*values[:after], secret, *values[after:]),
        )


class ListWebhooks(command.PagedLister):
    """List the webhooks of your project."""

    table = fields.WEBHOOK
    collection = 'webhooks'
    _epilog = command.examples('openstack market webhook list --long')


class ShowWebhook(command.ShowOne):
    """Show a webhook, and why it fails if it does."""

    table = fields.WEBHOOK
    _epilog = command.examples('openstack market webhook show billing')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'webhook')
        return parser

    def take_action(self, parsed_args):
        return self.shown(self.market.get_webhook(parsed_args.webhook))


class SetWebhook(command.ShowOne):
    """Enable a webhook that was disabled, or disable it for a while.

    It begins with what happens from then on; "openstack market event list" has what
    happened before.
    """

    table = fields.WEBHOOK
    _epilog = command.examples('openstack market webhook set billing --enable')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'webhook')
        parser.add_argument('--name', metavar='<name>', help=_('Another name.'))
        state = parser.add_mutually_exclusive_group()
        for word, what in (('enable', _('Enable it.')), ('disable', _('Disable it.'))):
            state.add_argument(
                f'--{word}',
                action='store_const',
                dest='status',
                const=f'{word}d',
                help=what,
            )
        return parser

    def take_action(self, parsed_args):
        changes = command.given(parsed_args, 'name', 'status')
        if not changes:
            raise exceptions.CommandError(_('nothing to change is given'))
        return self.shown(self.market.update_webhook(parsed_args.webhook, **changes))


class TestWebhook(command.ShowOne):
    """Send an event to a webhook, and show what became of it."""

    # No test of this project's.
    __test__ = False

    table = fields.WEBHOOK
    _epilog = command.examples('openstack market webhook test billing')

    def get_parser(self, prog_name):
        parser = super().get_parser(prog_name)
        command.add_name(parser, 'webhook')
        self.add_wait(parser, _('it was taken, or refused'), '1m')
        return parser

    def take_action(self, parsed_args):
        sent = self.market.test_webhook(parsed_args.webhook)
        if not parsed_args.wait:
            return self.shown(sent)
        return self.shown(self._taken(sent, parsed_args.wait_timeout))

    def _taken(self, sent, timeout):
        """The webhook, when it has taken the event.

        :raises CommandError: it has not.
        """

        def look():
            now = self.market.get_webhook(sent.uuid)
            if now.last_event_id >= sent.last_event_id:
                return Outcome('taken', now)
            failed = now.attempts > (sent.attempts or 0) or now.status != sent.status
            return Outcome('refused' if failed else 'waiting', now, now.reason)

        what = f'event {sent.last_event_id}'
        out = self.app.stderr
        return waiting.until(look, ('taken',), ('refused',), what, timeout, out).webhook


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What has become of an event that was sent to a webhook."""

    status: str
    webhook: object
    reason: str | None = None


class DeleteWebhook(command.Delete):
    """Delete webhooks: nothing more is sent to them."""

    model = 'webhook'
    _epilog = command.examples('openstack market webhook delete billing')

    def delete(self, name, parsed_args):
        self.market.delete_webhook(name)

# SPDX-License-Identifier: Apache-2.0
"""/v1/webhooks: to whom a project has its events sent."""

from oslo_utils import uuidutils
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from flocx.core import webhook as core
from market.api import transaction
from market.db import events
from market.db import webhooks
from market.webhooks import urls

_TEXT, _Field = wsme.types.text, fields.Field
_OPTIONAL, _REQUIRED, _NULLABLE = fields.OPTIONAL, fields.REQUIRED, fields.NULLABLE
#: How many types of events a webhook names at most.
_MOST_TYPES = 50
_URL = types.Value(
    'url',
    {
        'type': ['string', 'null'],
        'description': 'a URL with https://, or an e-mail address after mailto:',
        'maxLength': core.LONGEST,
    },
)
_SECRET = types.Value(
    'secret',
    {
        'type': ['string', 'null'],
        'description': 'whsec_ and the base64 of 24 to 64 random bytes',
        'maxLength': 128,
    },
)

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    name=_Field(types.Name, _OPTIONAL, _NULLABLE),
    project_id=_Field(_TEXT),
    url=_Field(_URL, _REQUIRED, filter=None),
    secret=_Field(_SECRET, _OPTIONAL, _OPTIONAL, filter=None, shown=False),
    event_types=_Field([types.Text], _OPTIONAL, _NULLABLE, filter=None),
    status=_Field(types.Choice(core.Status), change=_OPTIONAL, filter=query.text),
    reason=_Field(_TEXT, filter=None),
    last_event_id=_Field(int, filter=None),
    attempts=_Field(int, filter=None),
    failing_since=_Field(types.Instant, filter=None),
    next_attempt_time=_Field(types.Instant, filter=None),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
)
WebhookRequest = FIELDS.request('WebhookRequest')
WebhookChange = FIELDS.change('WebhookChange')
Webhook = FIELDS.answer('Webhook')
WebhookList = types.collection('webhooks', Webhook)


class Tests(routing.Resource):
    """/v1/webhooks/{webhook}/test: see whether it works."""

    @expose.expose(Webhook, status=202, since='1.1')
    @db.retried
    def post(self, ident):
        """Send a webhook an event of the type ``webhook.test``.

        It comes after the events that are waiting. ``last_event_id`` of the answer is
        its id: that of the webhook is the same, or greater, when it was taken. Until
        then ``reason`` of the webhook says what was wrong.
        """
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            found = webhooks.get(session, ident, context)
            _authorize(service, context, 'test', found)
            if found.status != core.Status.ENABLED:
                raise exceptions.Conflict(f'Webhook {found.uuid} is {found.status}')
            events.of_webhook(session, 'test', found, now)
        return Webhook.of(found, last_event_id=events.written(session))


class Webhooks(routing.Resource):
    test = Tests()

    @expose.expose(
        WebhookList,
        rule='market:webhooks:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List the webhooks of the project."""
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = webhooks.page(session, context, asked)
        return paging.page('webhooks', rows, asked.limit, Webhook.of)

    @expose.expose(Webhook, rule='market:webhooks:show', since='1.1')
    def get_one(self, ident):
        """Show a webhook, how far it is, and what is wrong with it.

        ``last_event_id`` is the last event that it has taken. While it fails,
        ``failing_since`` says since when, and ``reason`` why.
        """
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return Webhook.of(webhooks.get(session, ident, context))

    @expose.expose(
        Webhook,
        body=WebhookRequest,
        status=201,
        rule='market:webhooks:create',
        since='1.1',
    )
    @db.retried
    def post(self, body):
        """Have what happens to the project sent to a URL, or to an e-mail address.

        ``event_types`` names some, such as ``contract.active`` or ``contract.*``. A URL
        needs a ``secret``, with which requests are signed as Standard Webhooks 1.0
        describes it; it is not shown again.
        """
        service, context, now = transaction.request_context()
        conf = service.conf.webhooks
        given = {name: value for name, value in body.items() if value is not None}
        _require_good(conf, given)
        # What the project is locked by, while its webhooks are counted.
        service.quotas.organisation(context)
        with transaction.idempotent('/v1/webhooks') as creation:
            if creation.answer is None:
                made = core.Webhook(
                    **given,
                    uuid=uuidutils.generate_uuid(),
                    project_id=context.project_id,
                    last_event_id=events.last_id(creation.session),
                    created_at=now,
                    updated_at=now,
                )
                webhooks.add(creation.session, made, conf.per_project)
                creation.answer = Webhook.of(made)
        return creation.answer

    @expose.expose(Webhook, body=WebhookChange, since='1.1')
    @db.retried
    def patch(self, ident, body):
        """Change the name, the types of events or the secret, or disable or enable it.

        One that is enabled again begins with what happens from then on.
        """
        service, context, now = transaction.request_context()
        values = transaction.changes(body)
        core.require_types(values.get('event_types'))
        if values.get('secret'):
            core.key(values['secret'])
        with service.database.writer() as session:
            found = webhooks.get(session, ident, context)
            _authorize(service, context, 'change', found)
            webhooks.change(session, found, now, **values)
            return Webhook.of(webhooks.get(session, found.uuid, context))

    @expose.expose(status=204, since='1.1')
    @db.retried
    def delete(self, ident):
        """Send it nothing more."""
        service, context, _ = transaction.request_context()
        with service.database.writer() as session:
            found = webhooks.get(session, ident, context)
            _authorize(service, context, 'delete', found)
            webhooks.remove(session, found)


def _authorize(service, context, action, webhook):
    target = {'project_id': webhook.project_id}
    service.policy.authorize(context, f'market:webhooks:{action}', target)


def _require_good(conf, given):
    """Nothing, if a webhook can be made of what is given.

    :param conf: the group ``[webhooks]``.
    :raises Invalid: it cannot.
    """
    schemes = ('https', *(['http'] if conf.allow_http else []))
    schemes += (core.MAILTO,) if conf.smtp_host else ()
    urls.require(given['url'], schemes)
    core.require_types(given.get('event_types'))
    if len(given.get('event_types') or ()) > _MOST_TYPES:
        raise exceptions.Invalid(f'event_types: more than {_MOST_TYPES}')
    is_mail = given['url'].startswith(f'{core.MAILTO}:')
    if is_mail:
        domain = given['url'].rpartition('@')[2].lower()
        if conf.mail_domains and domain not in conf.mail_domains:
            raise exceptions.Invalid(f'url: no e-mail is sent to {domain} here')
    if is_mail == ('secret' in given):
        raise exceptions.Invalid(
            'secret: a URL needs one, and an e-mail address has none'
        )
    if not is_mail:
        core.key(given['secret'])

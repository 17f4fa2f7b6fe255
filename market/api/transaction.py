# SPDX-License-Identifier: Apache-2.0
"""What every writing request does alike: once, and only if nothing has changed."""

import contextlib
import dataclasses
import hashlib
import typing

import pecan

from flocx import exceptions
from flocx.core import money
from flocx.core import window
from market.db import idempotency


def request_context():
    """The service, the caller and the time of the request."""
    request = pecan.request
    service = request.service
    # Published before a transaction begins: it takes one of its own.
    service.published.current()
    return service, request.context, request.now


def key():
    """The request's Idempotency-Key, or None."""
    given = pecan.request.headers.get('Idempotency-Key')
    if given is not None and not (0 < len(given) <= 255 and given.isprintable()):
        raise exceptions.Invalid('Idempotency-Key: 1 to 255 characters are expected')
    return given


@dataclasses.dataclass
class Creation:
    """A transaction that makes what a POST asks for.

    ``answer`` is None, to be set to the JSON of what was made; or it is what the first
    request with the same Idempotency-Key was answered, and there is nothing to do.
    """

    session: typing.Any
    answer: dict | None = None


@contextlib.contextmanager
def idempotent(location):
    """A Creation, which is committed when the block ends well.

    :param location: of the collection that the new object is in.
    :raises Unprocessable: the Idempotency-Key was used for another request.
    """
    request, sent = pecan.request, key()
    service, project_id = request.service, request.context.project_id
    with service.database.writer() as session:
        creation = Creation(session)
        if sent:
            fingerprint = _fingerprint()
            creation.answer = idempotency.answered(
                session, project_id, sent, fingerprint
            )
        known = creation.answer is not None
        if sent and not known:
            # Before the work: another request with the key waits here, and does not
            # find that the first one has taken what it wants itself.
            idempotency.begin(session, project_id, sent, fingerprint, request.now)
        yield creation
        if sent and not known:
            idempotency.keep(session, project_id, sent, creation.answer)
    uuid = creation.answer['uuid']
    pecan.response.location = f'{request.script_name}{location}/{uuid}'


class _Preview(Exception):
    """What would have been changed was only to be shown."""


@contextlib.contextmanager
def changing(dry_run=False):
    """A transaction that is committed when the block ends well.

    :param dry_run: whether everything is taken back instead: the block has found what
        would be.
    """
    try:
        with pecan.request.service.database.writer() as session:
            yield session
            if dry_run:
                # Leaving the transaction by it takes everything back.
                raise _Preview
    except _Preview:
        return


def require_current(model, rule, body=None):
    """Nothing, if the caller may do ``rule`` to an object that is as they believe.

    What they believe is the generation in If-Match, or in the body.

    :raises Forbidden: they may not.
    :raises Conflict: it has changed; the message says what it is like now.
    """
    service, context, _ = request_context()
    service.policy.authorize(context, rule, {'project_id': model.project_id})
    given = (body or {}).get('generation')
    header = pecan.request.headers.get('If-Match', '').strip()
    if header and header != '*':
        try:
            given = int(header.removeprefix('W/').strip('"'))
        except ValueError:
            raise exceptions.Invalid(
                f'If-Match: {header} is not an ETag of ours, a number in quotes'
            ) from None
    if given is None or given == model.generation:
        return
    now = [f'status {model.status}', f'end_time {window.text(model.end_time)}']
    if hasattr(model, 'price'):
        now.append(f'price {money.text(model.price)}')
    raise exceptions.Conflict(
        f'{type(model).__name__} {model.uuid} is at generation {model.generation}, '
        f'not {given}; it now has name {model.name}, {", ".join(now)}',
        code='flocx.conflict.generation',
    )


def changes(body):
    """What a PATCH changes: its body without the generation that it rests on.

    :raises Invalid: there is nothing to change.
    """
    values = {name: value for name, value in body.items() if name != 'generation'}
    if not values:
        raise exceptions.Invalid('Nothing to change is given')
    return values


def _fingerprint():
    given = f'{pecan.request.method}\n{pecan.request.path}\n'.encode()
    return hashlib.sha256(given + pecan.request.body).hexdigest()

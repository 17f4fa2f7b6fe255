# SPDX-License-Identifier: Apache-2.0
"""What every writing request does alike: once, and only if nothing has changed."""

import hashlib

import pecan
import wsme.rest.json

from flocx import db
from flocx import exceptions
from flocx.api import types
from flocx.core import money
from flocx.core import window
from market.db import idempotency


def request_context():
    """The service, the caller and the time of the request."""
    # Published before a transaction begins: it takes one of its own.
    pecan.request.service.published.current()
    return pecan.request.service, pecan.request.context, pecan.request.now


def key():
    """The request's Idempotency-Key, or None."""
    said = pecan.request.headers.get('Idempotency-Key')
    if said is not None and not (0 < len(said) <= 255 and said.isprintable()):
        raise exceptions.Invalid('Idempotency-Key: 1 to 255 characters are expected')
    return said


def idempotent(kind, location, work):
    """Answer a POST with what ``work`` creates, at most once for an Idempotency-Key.

    :param kind: the WSME type of the answer.
    :param location: of the collection that the new object is in.
    :param work: given a session, returns the answer.
    """
    sent, fingerprint = key(), _fingerprint()
    answer = _run(kind, sent, fingerprint, work)
    pecan.response.location = f'{pecan.request.script_name}{location}/{answer.uuid}'
    etag(answer)
    return answer


@db.retried
def _run(kind, key, fingerprint, work):
    service, context = pecan.request.service, pecan.request.context
    with service.database.writer() as session:
        if key:
            said = idempotency.answered(session, context.project_id, key, fingerprint)
            if said is not None:
                return wsme.rest.json.fromjson(kind, said)
            # Before the work: another request with the key waits here, and does not
            # find that the first one has taken what it wants itself.
            idempotency.begin(
                session, context.project_id, key, fingerprint, pecan.request.now
            )
        answer = work(session)
        if key:
            idempotency.keep(session, context.project_id, key, types.plain(answer))
    return answer


def etag(answer):
    """Name the generation of the object in the answer's headers."""
    if isinstance(getattr(answer, 'generation', None), int):
        pecan.response.headers['ETag'] = f'"{answer.generation}"'


def check_if_match(what, noun, said=None):
    """Nothing, if ``noun`` is at the generation that the caller rests on.

    That is the one in If-Match, or ``said`` in the body; without any, it is.

    :raises Conflict: it has changed; the message says what it is like now.
    """
    header = pecan.request.headers.get('If-Match', '').strip()
    if header and header != '*':
        try:
            said = int(header.removeprefix('W/').strip('"'))
        except ValueError:
            raise exceptions.Invalid(
                f'If-Match: {header} is not an ETag of ours, a number in quotes'
            ) from None
    if said is None or said == noun.generation:
        return
    now = [f'status {noun.status}', f'end_time {window.text(noun.end_time)}']
    if hasattr(noun, 'price'):
        now.append(f'price {money.text(noun.price)}')
    raise exceptions.Conflict(
        f'{what} {noun.uuid} is at generation {noun.generation}, not {said}; it now '
        f'has name {noun.name}, {", ".join(now)}',
        code='flocx.conflict.generation',
    )


def _fingerprint():
    request = pecan.request
    said = b'\n'.join((request.method.encode(), request.path.encode(), request.body))
    return hashlib.sha256(said).hexdigest()

# SPDX-License-Identifier: Apache-2.0
"""Webhooks: to whom a project has its events sent, signed, and when it is tried again.

Requests are signed as Standard Webhooks 1.0 describes it
(https://github.com/standard-webhooks/standard-webhooks), so that receivers find
libraries in many languages.
"""

import base64
import binascii
import dataclasses
import datetime
import enum
import hashlib
import hmac
import re

from flocx import exceptions

#: What secrets begin with, and how many bytes they have.
PREFIX, SECRET_BYTES = 'whsec_', range(24, 65)
#: What is sent to one webhook alone, when somebody asks whether it works.
TEST = 'webhook.test'
#: The longest URL or address.
LONGEST = 1024
MAILTO = 'mailto'
_TYPE = re.compile(r'[a-z_]+\.(\*|[a-z_]+)')


class Status(enum.StrEnum):
    ENABLED = 'enabled'
    DISABLED = 'disabled'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A receiver of a project's events.

    :param event_types: those that are sent, such as ``contract.active`` or
        ``contract.*``; None for all.
    :param last_event_id: the last event that was delivered, or not wanted.
    :param attempts: how often the next event was tried in vain.
    :param failing_since: since when that is so.
    """

    uuid: str
    name: str | None = None
    project_id: str
    url: str
    secret: str | None = None
    event_types: list[str] | None = None
    status: Status = Status.ENABLED
    reason: str | None = None
    last_event_id: int
    attempts: int = 0
    failing_since: datetime.datetime | None = None
    next_attempt_time: datetime.datetime | None = None
    created_at: datetime.datetime
    updated_at: datetime.datetime

    @property
    def is_mail(self) -> bool:
        """Whether its events go by e-mail."""
        return self.url.startswith(f'{MAILTO}:')

    def wants(self, event_type: str, object_uuid: str) -> bool:
        """Whether an event of its project is sent to it."""
        if event_type == TEST:
            return object_uuid == self.uuid
        if self.event_types is None:
            return True
        whole = f'{event_type.partition(".")[0]}.*'
        return event_type in self.event_types or whole in self.event_types


def require_types(event_types: list[str] | None) -> None:
    """Nothing, if these may be the types of events.

    :raises Invalid: one may not.
    """
    for each in event_types or ():
        if not _TYPE.fullmatch(each):
            raise exceptions.Invalid(
                f'event_types: {each!r} is no type of events, such as contract.active '
                'or contract.*'
            )


def key(secret: str) -> bytes:
    """The bytes that a secret stands for.

    :raises Invalid: it is none; the message does not repeat it.
    """
    try:
        found = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        found = b''
    if not secret.startswith(PREFIX) or len(found) not in SECRET_BYTES:
        raise exceptions.Invalid(
            f'secret: {PREFIX} and the base64 of {SECRET_BYTES[0]} to '
            f'{SECRET_BYTES[-1]} random bytes are expected'
        )
    return found


def signature(secret: str, ident: str, timestamp: int, body: bytes) -> str:
    """What proves that ``body`` was sent, then, by who knows ``secret``: HMAC-SHA256.

    :param ident: the same each time that one event is sent.
    :param timestamp: seconds since 1970, when this request is sent.
    """
    signed = b'.'.join((ident.encode(), str(timestamp).encode(), body))
    digest = hmac.new(key(secret), signed, hashlib.sha256).digest()
    return f'v1,{base64.b64encode(digest).decode()}'


def pause(attempts: int, first: float, most: float, draw: float) -> float:
    """Seconds until what was tried ``attempts`` times, at least once, is tried again.

    Exponential back-off with equal jitter, so that receivers that failed together are
    not tried again together.

    :param draw: a random number in [0, 1].
    """
    seconds = min(most, first * 2.0 ** min(attempts - 1, 30))
    return seconds * (1 + draw) / 2

# SPDX-License-Identifier: Apache-2.0
"""Tokens that open something to whoever has them: their form, and what is kept."""

import base64
import dataclasses
import datetime
import hashlib
import re

#: How many random bytes a token is made of: nobody guesses 256 bits.
RANDOM_BYTES = 32
_FORM = re.compile(r'[A-Za-z0-9_-]{43}')


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleToken:
    """What is known of a token that opens a serial console, for the time of a line.

    The token itself only its renter has.

    :param expires_at: until when it opens sessions, which may last longer: until
        ``end_time``, when the time of its line is over.
    """

    uuid: str
    token_hash: str
    line_uuid: str
    contract_uuid: str
    project_id: str
    provider_id: str
    resource_type: str
    resource_uuid: str
    created_at: datetime.datetime
    expires_at: datetime.datetime
    end_time: datetime.datetime


def text(random: bytes) -> str:
    """The token that :data:`RANDOM_BYTES` random bytes make: 43 characters of a URL."""
    return base64.urlsafe_b64encode(random).decode().rstrip('=')


def is_token(value: str) -> bool:
    """Whether ``value`` has the form of a token."""
    return _FORM.fullmatch(value) is not None


def hashed(token: str) -> str:
    """What is kept of a token, in hexadecimal: SHA-256, as 256 bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()

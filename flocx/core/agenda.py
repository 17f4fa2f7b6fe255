# SPDX-License-Identifier: Apache-2.0
"""An agenda: what is due for a project, for calendar programs that subscribe to it."""

import dataclasses
import datetime
import hashlib
import hmac
import secrets

#: How many of them a project may have.
MOST = 50


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """Whoever knows its token may read what is due for ``project_id``.

    ``token_hash`` is all that is kept of the token.
    """

    uuid: str
    name: str | None = None
    project_id: str
    user_id: str
    token_hash: str
    created_at: datetime.datetime

    def is_opened_by(self, token: str) -> bool:
        """Whether ``token`` is that of this agenda."""
        return hmac.compare_digest(self.token_hash, hashed(token))


def new_token() -> str:
    """A token that nobody guesses: 256 bits, as characters that a URL may hold."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """What is kept of a token. One that is so long needs no salt."""
    return hashlib.sha256(token.encode()).hexdigest()

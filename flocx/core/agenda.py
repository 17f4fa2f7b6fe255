# SPDX-License-Identifier: Apache-2.0
"""An agenda: what is due for a project, for calendar programs that subscribe to it."""

import dataclasses
import datetime
import hmac

from flocx.core import tokens

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
        return hmac.compare_digest(self.token_hash, tokens.hashed(token))

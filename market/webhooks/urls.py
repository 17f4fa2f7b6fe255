# SPDX-License-Identifier: Apache-2.0
"""What may be the URL of a webhook, or its e-mail address. Pure."""

import re
import urllib.parse

from flocx import exceptions
from flocx.core import webhook as core

#: Not all that RFC 5322 allows: what people have, and nothing that ends a header.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+")


def require(url, schemes):
    """Nothing, if events can be sent to ``url``, as far as it tells.

    Where it leads is known only when somebody connects to it.

    :param schemes: those that are allowed.
    :raises Invalid: it cannot.
    """
    if (
        len(url) > core.LONGEST
        or not url.isascii()
        or not url.isprintable()
        or ' ' in url
    ):
        raise exceptions.Invalid(
            f'url: at most {core.LONGEST} printable ASCII characters without spaces '
            'are expected'
        )
    try:
        parts = urllib.parse.urlsplit(url)
        has_port = parts.port != 0
    except ValueError as error:
        raise exceptions.Invalid(f'url: {error}') from None
    if parts.scheme not in schemes:
        raise exceptions.Invalid(f'url: its scheme is none of {", ".join(schemes)}')
    if parts.scheme == core.MAILTO:
        if not _ADDRESS.fullmatch(parts.path) or parts.query or parts.fragment:
            raise exceptions.Invalid('url: what follows mailto: is no e-mail address')
        return
    if not parts.hostname or not has_port or parts.username is not None:
        raise exceptions.Invalid(
            'url: a host is expected, and neither user nor password'
        )
    if parts.fragment:
        raise exceptions.Invalid('url: a fragment is sent to nobody')

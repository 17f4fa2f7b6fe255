# SPDX-License-Identifier: Apache-2.0
"""What an object may be called: what stands in a URL as it is, and means it alone."""

import uuid

from flocx import exceptions

#: The most characters of a name.
LONGEST = 255

#: What separates the parts of a URL, or starts an escape in one or in a shell.
RESERVED = '/\\%?#;'

_RULE = (
    f'a name has 1 to {LONGEST} printable characters, none of {RESERVED}, and no space '
    'at its ends'
)


def is_uuid(text: str) -> bool:
    """Whether ``text`` is written as a uuid, in small or capital letters."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def identifies(text: str) -> bool:
    """Whether an object could have ``text`` as its uuid or its name."""
    return (
        0 < len(text) <= LONGEST
        and text.isprintable()
        and text == text.strip()
        and text not in ('.', '..')
        and not any(each in text for each in RESERVED)
    )


def name(value: object, field: str) -> str:
    """``value``, if an object may be called so.

    :param field: what to call the value when it is refused.
    :raises Invalid: it is no string, or not what a name may be.
    """
    if not isinstance(value, str) or not identifies(value):
        raise exceptions.Invalid(f'{field}: {_short(value)} is no name; {_RULE}')
    if is_uuid(value):
        raise exceptions.Invalid(
            f'{field}: {value} has the form of a uuid, and would be taken for one'
        )
    return value


def identifier(value: object, field: str) -> str:
    """``value``, if it could be the uuid or the name of an object.

    :raises Invalid: it could not.
    """
    if not isinstance(value, str) or not identifies(value):
        raise exceptions.Invalid(
            f'{field}: {_short(value)} is neither a uuid nor a name; {_RULE}'
        )
    return value


def repaired(text: str, unique: str) -> str:
    """A name for what is called ``text``, which names may not be any more.

    :param unique: what is appended where nothing else is left, such as part of a uuid.
    """
    kept = ''.join(
        '-' if each in RESERVED or not each.isprintable() else each for each in text
    )
    kept = kept.strip()[:LONGEST].strip()
    if kept in ('', '.', '..') or is_uuid(kept):
        return f'{kept[:200]}-{unique}'
    return kept


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f'{text[:77]}...'

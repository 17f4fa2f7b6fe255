# SPDX-License-Identifier: Apache-2.0
"""Other terms by which a bid can be met, and parts of it, as people write them.

Each is written in a line, such as ``quantity=2,duration=12h,price=1.20``, or is one of
a file. Its words are the options of a bid, and are understood, and refused, as these
are.
"""

import argparse
import re

from flocxclient import row_files
from flocxclient.i18n import _

OPTIONS = {
    'quantity': '--quantity',
    'min_quantity': '--min-quantity',
    'start_time': '--start-time',
    'end_time': '--end-time',
    'duration': '--duration',
    'price': '--price',
    'requirements': '--require',
    'resource_class': '--resource-class',
    'min_reclaim_notice': '--min-reclaim-notice',
    'group_by': '--group-by',
    'spread_by': '--spread-by',
    'spread_max': '--spread-max',
}

FORMS = (
    "'resource_class=a100,quantity=2,duration=12h,price=1.20', with require= as often "
    'as needed'
)

#: The words of a part of a bundle.
OF_PARTS = {
    'name': '--name',
    'quantity': '--quantity',
    'min_quantity': '--min-quantity',
    'offset': '--offset',
    'duration': '--duration',
    'price': '--price',
    'requirements': '--require',
    'resource_class': '--resource-class',
    'group_by': '--group-by',
    'spread_by': '--spread-by',
    'spread_max': '--spread-max',
}

FORMS_OF_PARTS = (
    "'name=workers,quantity=16,offset=1h,price=2.50,require=gpus>=1', with require= as "
    'often as needed, and min_quantity, group_by, spread_by or spread_max for what is '
    'asked of the part as of a whole bid'
)


def parse(text, parser, options=OPTIONS, forms=FORMS):
    """The alternatives, or parts, that ``text`` says, as the API has them, a list.

    :param text: the terms of one, or the path of a file with a list of them, in YAML,
        JSON or CSV.
    :param parser: an ArgumentParser with these ``options``.
    :raises ValueError: a word is none of these, or a value not what its option takes.
    """
    if '=' in text:
        return [_one(words(text, options), parser, options)]
    try:
        rows = row_files.read(text, options)
    except OSError as exc:
        raise ValueError(
            _('{text} is neither a file nor terms such as {forms}: {strerror}').format(
                text=text, forms=forms, strerror=exc.strerror
            )
        ) from exc
    return [_one(row, parser, options) for row in rows]


def words(text, options=OPTIONS):
    """The terms of one alternative, as text by name; of ``requirements`` a list.

    :raises ValueError: there is no such word.
    """
    row = {}
    known = {**{name: name for name in options}, **row_files.ALIASES}
    # A comma that is not followed by a word belongs to the value before it.
    comma = r',(?=\s*(?:' + '|'.join(known) + r')\s*=)'
    for part in re.split(comma, text):
        word, _equals, value = part.partition('=')
        word = word.strip().replace('-', '_')
        name = known.get(word)
        if name not in options:
            raise ValueError(
                _('there is no {word!r}; there are {options}').format(
                    word=word, options=', '.join(options)
                )
            )
        if name == 'requirements':
            row.setdefault(name, []).append(value)
        else:
            row[name] = value.strip()
    return row


def _one(row, parser, options):
    words = [
        f'{options[name]}={each}'
        for name, value in row.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    given = parser.parse_args(words)
    return {
        name: getattr(given, name)
        for name in options
        if getattr(given, name) is not None
    }


class Parser(argparse.ArgumentParser):
    """A parser of options that refuses with a ValueError."""

    def __init__(self):
        super().__init__(add_help=False, allow_abbrev=False)

    def error(self, message):
        raise ValueError(message.removeprefix('argument --'))

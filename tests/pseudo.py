# SPDX-License-Identifier: Apache-2.0
"""A language that nobody speaks: what is not translated is seen at once.

Letters of translated texts are wide ones, which have a place of their own in Unicode,
so whatever has narrow letters has not been translated.
"""

import pathlib
import re

from babel.messages import catalog
from babel.messages import extract
from babel.messages import frontend
from babel.messages import mofile

#: What a translator may not change: placeholders, tags and entities.
_KEPT = re.compile(r'(%\(\w+\)[sdr]|%%?[sdr]|%%|\{[^{}]*\}|<[^<>]*>|&\w+;)')
_WIDE = {ord(c): ord(c) + 0xFEE0 for c in map(chr, range(33, 127)) if c.isalpha()}
#: What Django calls its functions besides those that Babel knows.
KEYWORDS = {
    **extract.DEFAULT_KEYWORDS,
    **{'gettext_lazy': None, 'gettext_noop': None},
    **{'ngettext_lazy': (1, 2), 'pgettext_lazy': ((1, 'c'), 2)},
}


def text(message):
    """A message in the language."""
    parts = _KEPT.split(message)
    return ''.join(
        each if number % 2 else each.translate(_WIDE)
        for number, each in enumerate(parts)
    )


def messages(folder, mapping=None):
    """The messages that Babel finds, each (message or (singular, plural), context).

    :param mapping: the configuration file of what extracts which files.
    """
    methods, options = [('**.py', 'python')], {}
    if mapping:
        with open(mapping) as file:
            methods, options = frontend.parse_mapping_cfg(file)
    return {
        (found[2], found[4])
        for found in extract.extract_from_dir(
            folder, methods, options, keywords=KEYWORDS
        )
    }


def write(found, folder, domain, language='de'):
    """Write the catalogue of a language that stands in for this one."""
    made = catalog.Catalog(language)
    for message, context in found:
        several = isinstance(message, tuple | list)
        written = tuple(map(text, message)) if several else text(message)
        made.add(tuple(message) if several else message, written, context=context)
    place = pathlib.Path(folder) / language / 'LC_MESSAGES'
    place.mkdir(parents=True)
    with (place / f'{domain}.mo').open('wb') as file:
        mofile.write_mo(file, made)

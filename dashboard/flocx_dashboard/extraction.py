# SPDX-License-Identifier: Apache-2.0
"""Finds what is to be translated in templates: an extractor for Babel."""

import io

from babel.messages import extract
from django.utils.translation import template


def templates(fileobj, keywords, comment_tags, options):
    """What Babel expects of an extractor, of a template of Django's."""
    code = template.templatize(fileobj.read().decode())
    # Python would take the indentation of HTML for its own.
    code = '\n'.join(map(str.strip, code.splitlines()))
    return extract.extract_python(
        io.BytesIO(code.encode()), [*keywords, *_CALLED], comment_tags, options
    )


#: What Django writes for the tags of a template.
_CALLED = 'gettext', 'ngettext', 'pgettext', 'npgettext'

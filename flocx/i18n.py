# SPDX-License-Identifier: Apache-2.0
"""The language of who asks: what is said of every error of a kind.

Catalogues are where ``FLOCX_LOCALEDIR`` says, or else beside this file. Messages are
marked here and translated where an answer leaves, as each caller has a language.
"""

import functools
import gettext
import os
import pathlib

DOMAIN = 'flocx'
_BESIDE = pathlib.Path(__file__).with_name('locale')


def _(message):
    """``message``, which Babel finds here."""
    return message


def _folder():
    return os.environ.get('FLOCX_LOCALEDIR', str(_BESIDE))


@functools.cache
def _catalogues(folder):
    """{language: what translates to it}."""
    paths = pathlib.Path(folder).glob(f'*/LC_MESSAGES/{DOMAIN}.mo')
    found = sorted(path.parents[1].name for path in paths)
    return {
        each.replace('_', '-'): gettext.translation(DOMAIN, folder, [each])
        for each in found
    }


def languages():
    """The languages besides English that there are."""
    return list(_catalogues(_folder()))


def language(request):
    """The one that a request wants most; None is English."""
    known = ['en', *languages()]
    if len(known) == 1 or not request.accept_language:
        return None
    return request.accept_language.lookup(known, default='en')


def translated(message, wanted):
    """A message in a language; as it is, where there is no translation."""
    catalogue = _catalogues(_folder()).get(wanted)
    return catalogue.gettext(message) if catalogue and message else message

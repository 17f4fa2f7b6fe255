# SPDX-License-Identifier: Apache-2.0
"""What people read of the commands, in their language.

Catalogues are where ``FLOCXCLIENT_LOCALEDIR`` says, or else beside this file.
"""

import os
import pathlib

import oslo_i18n

DOMAIN = 'flocxclient'
LOCALES = os.environ.get(
    'FLOCXCLIENT_LOCALEDIR', str(pathlib.Path(__file__).with_name('locale'))
)
_translators = oslo_i18n.TranslatorFactory(DOMAIN, LOCALES)
_ = _translators.primary

#: What objects are called within a sentence.
MODELS = {
    'account': _('account'),
    'agenda': _('agenda'),
    'bid': _('bid'),
    'contract': _('contract'),
    'demand': _('demand'),
    'grant': _('grant'),
    'maintenance': _('maintenance'),
    'node': _('node'),
    'offer': _('offer'),
    'token': _('token'),
    'webhook': _('webhook'),
}


def model(name):
    """What an object is called within a sentence."""
    return MODELS.get(name, name)


def found(message):
    """A message that is extracted from where it is: from a docstring, say."""
    return _translators.primary(message) if message else message

# SPDX-License-Identifier: Apache-2.0
"""The pages of the panel, one beside the other."""

from django import urls
from django.utils.translation import gettext_lazy as _

SECTIONS = (
    ('index', _('On the market')),
    ('mine', _('My offers')),
    ('servers', _('My servers')),
    ('file', _('Offer from a file')),
    ('hardware', _('Hardware on offer')),
)


def sections(active):
    return [
        {
            'name': title,
            'url': urls.reverse(f'horizon:project:market_offers:{name}'),
            'active': name == active,
        }
        for name, title in SECTIONS
    ]

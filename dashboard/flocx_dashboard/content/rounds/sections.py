# SPDX-License-Identifier: Apache-2.0
"""The pages of the panel, one beside the other."""

from django import urls
from django.utils.translation import gettext_lazy as _

SECTIONS = (
    ('index', _('Rounds')),
    ('health', _('Health')),
    ('audit', _('What looks odd')),
)


def sections(active):
    return [
        {
            'name': title,
            'url': urls.reverse(f'horizon:project:market_rounds:{name}'),
            'active': name == active,
        }
        for name, title in SECTIONS
    ]

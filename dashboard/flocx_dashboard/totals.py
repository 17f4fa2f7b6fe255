# SPDX-License-Identifier: Apache-2.0
"""What something comes to, said before it is done: a piece of a page.

A form shows it while somebody types, by asking ``total_url`` with what it holds.
"""

import dataclasses
import decimal

from django import shortcuts
from django.views import generic

TEMPLATE = 'flocx_dashboard/_total_words.html'


@dataclasses.dataclass(frozen=True)
class Total:
    """From when to when something is had, and for how much; or why it cannot be.

    ``more`` is by how much a change makes it dearer; below zero, cheaper.
    """

    start_time: str | None = None
    end_time: str | None = None
    amount: decimal.Decimal | None = None
    more: decimal.Decimal | None = None
    error: str = ''

    @property
    def is_change(self):
        return self.more is not None


class View(generic.View):
    """Answers a form with the Total of what it holds.

    Subclasses have ``total()``, which returns it, or None where too little is said.
    """

    def post(self, request, *_args, **_kwargs):
        return shortcuts.render(request, TEMPLATE, {'total': self.total()})


def first_error(form):
    """A Total of a form that is not valid: of what is wrong with what was typed."""
    for name, errors in form.errors.items():
        if form.data.get(name):
            return Total(error=f'{form.fields[name].label}: {errors[0]}')
    return None

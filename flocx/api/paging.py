# SPDX-License-Identifier: Apache-2.0
"""Answer a list: its page, and the link to the next one."""

import dataclasses
import urllib.parse

import pecan

from flocx.api import types
from flocx.core import query


def values(fields):
    """The parameters of a request that is not for a list, parsed, by name."""
    return query.values(pecan.request.GET.items(), fields)


def asked(fields, sort_keys, special=(), default_status=()):
    """The query that the list's parameters say, and the values of ``special`` ones.

    :param fields: {name: parser} of the parameters to filter by.
    :param special: names of those that are not columns.
    :param default_status: what ``status`` is when nobody asks for it; with
        ``status=any`` it does not matter.
    """
    parsed = query.parse(
        list(pecan.request.GET.items()),
        fields,
        pecan.request.service.conf.api.max_limit,
        sort_keys,
    )
    plain = query.overlapping(query.status(parsed.filters, default_status))
    values = {name: found[0] for name, _, found in plain if name in special}
    filters = tuple(each for each in plain if each[0] not in special)
    return dataclasses.replace(parsed, filters=filters), values


def page(kind, name, rows, limit, render):
    """The list of type ``kind``: ``rows`` may be one more than ``limit``."""
    more, rows = rows[limit:], rows[:limit]
    answer = kind()
    setattr(answer, name, [render(row) for row in rows])
    setattr(answer, f'{name}_links', _next(rows[-1].uuid, limit) if more else [])
    return answer


def _next(marker, limit):
    # Pairs: there may be several filters of one field.
    params = [
        (name, value)
        for name, value in pecan.request.GET.items()
        if name not in ('marker', 'limit')
    ]
    params += [('marker', marker), ('limit', limit)]
    href = f'{pecan.request.path_url}?{urllib.parse.urlencode(params)}'
    return [types.Link(rel='next', href=href)]

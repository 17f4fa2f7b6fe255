# SPDX-License-Identifier: Apache-2.0
"""What a list is asked for, and its answer: a page, and the link to the next one."""

import dataclasses
import urllib.parse

import pecan

from flocx.api import versions
from flocx.core import gates
from flocx.core import query


def values():
    """The parameters of a request that is not for a list, parsed, by name."""
    return query.values(pecan.request.GET.items(), _parameters())


def asked(special=(), default_status=()):
    """The query that the list's parameters say, and the values of ``special`` ones.

    :param special: names of those that are not columns.
    :param default_status: what ``status`` is when nobody asks for it; with
        ``status=any`` it does not matter.
    """
    parsed = query.parse(
        list(pecan.request.GET.items()),
        _parameters(),
        pecan.request.service.conf.api.max_limit,
        pecan.request.operation.sort_keys,
    )
    plain = query.overlapping(query.status(parsed.filters, default_status))
    query.require_plain(plain, special)
    values = {name: found[0] for name, _, found in plain if name in special}
    filters = tuple(each for each in plain if each[0] not in special)
    return dataclasses.replace(parsed, filters=filters), values


def _parameters():
    """The parameters of the request's operation, at the version that it asks for."""
    request = pecan.request
    return gates.served(request.operation.parameters, versions.asked(request))


def apart(asked, names):
    """``asked`` without its filters by ``names``, and these filters."""
    others = tuple(each for each in asked.filters if each[0] not in names)
    return dataclasses.replace(asked, filters=others), tuple(
        each for each in asked.filters if each[0] in names
    )


def page(name, rows, limit, render):
    """The answer to a list: ``rows`` may be one more than ``limit``."""
    more, rows = rows[limit:], rows[:limit]
    return {
        name: [render(row) for row in rows],
        f'{name}_links': _next(rows[-1].uuid, limit) if more else [],
    }


def _next(marker, limit):
    # Pairs: there may be several filters of one field.
    params = [
        (name, value)
        for name, value in pecan.request.GET.items()
        if name not in ('marker', 'limit')
    ]
    params += [('marker', marker), ('limit', limit)]
    href = f'{pecan.request.path_url}?{urllib.parse.urlencode(params)}'
    return [{'rel': 'next', 'href': href}]

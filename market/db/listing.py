# SPDX-License-Identifier: Apache-2.0
"""Find rows: one by uuid or name, or a page of many in a stable order."""

import dataclasses
import functools

import sqlalchemy as sa

from flocx import exceptions
from flocx.core import names
from market.db import visibility

#: How many rows are read at a time where not all of them are wanted.
_ROWS_PER_READ = 1000

#: The operators of a query in SQL. What has no value is not equal to any.
_COMPARE = {
    'eq': lambda column, values: column == values[0],
    'neq': lambda column, values: sa.or_(column != values[0], _nothing(column)),
    'gt': lambda column, values: column > values[0],
    'gte': lambda column, values: column >= values[0],
    'lt': lambda column, values: column < values[0],
    'lte': lambda column, values: column <= values[0],
    'in': lambda column, values: column.in_(values),
    'nin': lambda column, values: sa.or_(column.not_in(values), _nothing(column)),
}


def _nothing(column):
    return column.is_(None) if column.nullable else sa.false()


def fields(instance):
    """The fields of ``instance`` by name, without those that live in other tables."""
    return {
        field.name: getattr(instance, field.name)
        for field in dataclasses.fields(instance)
        if field.name != 'lines'
    }


def parts(values, size=500):
    """``values`` in lists that fit into one statement."""
    values = list(values)
    return [values[at : at + size] for at in range(0, len(values), size)]


def from_row(model, row, **more):
    """The instance of the class ``model`` that a row holds."""
    values = {name: value for name, value in row._mapping.items() if name != 'id'}
    return model(**values, **more)


def one(session, table, ident, visible, reader, what):
    """The row that a uuid or a name means, among those that ``reader`` may see.

    :param visible: which these are, a function of market.db.visibility.
    :param what: what to call the object in a message.
    :raises NotFound: there is none, or none that may be seen.
    :raises Conflict: the name means several; the message lists their uuids.
    """
    if not names.identifies(ident):
        # Databases disagree on what is equal to it, or do not take it to look for.
        raise exceptions.NotFound(f'{what} {ident} not found')
    named = 'name' in table.c and not names.is_uuid(ident)
    rows = session.execute(
        _found(table, named, visible, visibility.Somebody.like(reader)),
        {'wanted': ident if named else ident.lower(), **visibility.parameters(reader)},
    ).all()
    if not rows:
        raise exceptions.NotFound(f'{what} {ident} not found')
    if len(rows) > 1:
        raise exceptions.Conflict(
            f'{what} {ident}: several have this name, use one of the uuids '
            + ', '.join(row.uuid for row in rows),
            code='flocx.conflict.name',
        )
    return rows[0]


@functools.cache
def _found(table, named, visible, reader):
    """The statement that finds rows by what they are ``wanted`` by."""
    column = table.c.name if named else table.c.uuid
    return (
        sa.select(table)
        .where(column == sa.bindparam('wanted'), visible(reader))
        .order_by(table.c.id.desc())
        .limit(10)
    )


def conditions(table, filters):
    """The filters of a query as SQL conditions on the columns of ``table``."""
    return [
        _COMPARE[operator](table.c[name], values) for name, operator, values in filters
    ]


def page(session, table, visible, reader, query, where=(), **parameters):
    """Rows of ``table``, at most one more than asked for, in the wanted order.

    Pages are found by the key of the row before them, never by counting rows.

    :param visible: which ``reader`` may see, a function of market.db.visibility.
    :param query: a flocx.core.query.Query.
    :param parameters: the parameters of ``where``.
    :raises Invalid: the marker is not a row that may be seen.
    """
    key = table.c[query.sort_key]
    parameters |= visibility.parameters(reader)
    visible = visibility.condition(visible, visibility.Somebody.like(reader))
    select = sa.select(table).where(visible, *where, *conditions(table, query.filters))
    if query.marker is not None:
        row = session.execute(
            sa.select(key, table.c.id).where(table.c.uuid == query.marker, visible),
            parameters,
        ).first()
        if row is None:
            raise exceptions.Invalid(f'marker: {query.marker} not found')
        select = select.where(_after(key, table.c.id, row, query.descending))
    # A column of its own values needs nothing else, and is read from its index.
    order = (key,) if key.unique else (key, table.c.id)
    if query.descending:
        order = [each.desc() for each in order]
    return session.execute(
        select.order_by(*order).limit(query.limit + 1), parameters
    ).all()


def search(session, table, visible, reader, query, where, pick, **parameters):
    """As :func:`page`, of those rows only that ``pick`` lets by.

    :param pick: takes rows and returns those wanted among them, in their order; None
        where all are.
    """
    if pick is None:
        return page(session, table, visible, reader, query, where, **parameters)
    found, step = [], dataclasses.replace(query, limit=_ROWS_PER_READ)
    while True:
        rows = page(session, table, visible, reader, step, where, **parameters)
        for row in pick(rows[:_ROWS_PER_READ]):
            found.append(row)
            if len(found) > query.limit:
                return found
        if len(rows) <= _ROWS_PER_READ:
            return found
        step = dataclasses.replace(step, marker=rows[_ROWS_PER_READ - 1].uuid)


def _after(key, tie, row, descending):
    if key.unique:
        return key < row[0] if descending else key > row[0]
    if descending:
        return sa.or_(key < row[0], sa.and_(key == row[0], tie < row.id))
    return sa.or_(key > row[0], sa.and_(key == row[0], tie > row.id))

# SPDX-License-Identifier: Apache-2.0
"""The market's tables as they were at one moment."""

import collections
import dataclasses
import datetime
import decimal
import json

import sqlalchemy as sa

MICRO = decimal.Decimal(1_000_000)
MONEY = ('price', 'hold', 'charged', 'balance', 'held', 'overdraft', 'amount')

#: What is read of each table; no hardware documents, of which nothing is promised.
COLUMNS = {
    'offers': 'uuid project_id provider_id resource_type resource_uuid lessee_id '
    'sublet_of start_time end_time price status generation created_at',
    'bids': 'uuid project_id quantity min_quantity start_time end_time duration '
    'price status contract_uuid generation created_at hold',
    'contracts': 'uuid bid_uuid project_id start_time end_time status generation '
    'created_at',
    'contract_lines': 'id uuid contract_uuid offer_uuid owner_id provider_id '
    'resource_type resource_uuid project_id start_time end_time price status '
    'extensions notice_seconds fulfill_time expire_time reason sublet_of hold charged',
    'accounts': 'uuid type project_id balance held overdraft',
    'transfers': 'id uuid type debit credit amount holder idempotency_key object_uuid '
    'within_limit',
    'interruptions': 'line_uuid start_time end_time',
    'events': 'id type object_uuid owner_id payload',
}


@dataclasses.dataclass(frozen=True)
class Violation:
    """A promise that is not kept, by the object of that uuid."""

    kind: str
    object: str
    uuid: str
    detail: str


class Row:
    """A row, its columns as attributes."""

    def __init__(self, values):
        self.__dict__.update(values)


class Snapshot:
    """All tables, read in one transaction; ``lines`` has a contract's lines."""

    def __init__(self, engine):
        # What is read last must not know of more than what was read first.
        level = 'SERIALIZABLE' if engine.dialect.name == 'sqlite' else 'REPEATABLE READ'
        with engine.connect().execution_options(isolation_level=level) as connection:
            tables = {name: self._read(connection, name) for name in COLUMNS}
        self.offers = {row.uuid: row for row in tables['offers']}
        self.bids = {row.uuid: row for row in tables['bids']}
        self.contracts = {row.uuid: row for row in tables['contracts']}
        self.all_lines = tables['contract_lines']
        self.lines = _grouped(self.all_lines, 'contract_uuid')
        self.interruptions = _grouped(tables['interruptions'], 'line_uuid')
        self.accounts, self.transfers = tables['accounts'], tables['transfers']
        self.events = _grouped(tables['events'], 'object_uuid')

    @staticmethod
    def _read(connection, table):
        # Both names are ours, and nobody can hand in others.
        columns = COLUMNS[table].split()
        order = 'id' if 'id' in columns else columns[0]
        query = f'SELECT {", ".join(columns)} FROM {table} ORDER BY {order}'
        sqlite = connection.dialect.name == 'sqlite'
        return [
            Row({name: _value(name, row[name], sqlite) for name in columns})
            for row in connection.execute(sa.text(query)).mappings()
        ]

    def counts(self):
        """How much was looked at."""
        return {
            'offers': len(self.offers),
            'bids': len(self.bids),
            'contracts': len(self.contracts),
            'lines': len(self.all_lines),
        }


def segments(line):
    """(start, end, price) of each part of a line's time that has its own price."""
    parts = [(line.start_time, line.price), *(line.extensions or ())]
    ends = [start for start, _ in parts[1:]]
    for (start, price), end in zip(parts, [*ends, line.end_time], strict=True):
        if start < line.end_time:
            yield start, min(end, line.end_time), price


def _grouped(rows, column):
    groups = collections.defaultdict(list)
    for row in rows:
        groups[getattr(row, column)].append(row)
    return groups


def _value(name, value, sqlite):
    if value is None:
        return None
    if name.endswith('_time') or name.endswith('_at'):
        return _moment(value)
    if name in MONEY:
        # SQLite has no decimals; the market keeps millionths there.
        return decimal.Decimal(value) / MICRO if sqlite else decimal.Decimal(value)
    if name == 'extensions':
        pairs = json.loads(value) if isinstance(value, str) else value
        return [(_moment(start), decimal.Decimal(price)) for start, price in pairs]
    if name == 'payload':
        return json.loads(value) if isinstance(value, str) else value
    return value


def _moment(value):
    """Aware UTC; databases without zones keep UTC."""
    if isinstance(value, str):
        value = datetime.datetime.fromisoformat(value)
    if value.tzinfo is None:
        return value.replace(tzinfo=datetime.UTC)
    return value.astimezone(datetime.UTC)

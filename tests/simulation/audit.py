# SPDX-License-Identifier: Apache-2.0
"""Triggers that write down what happens in the database, at the moment it does.

They note every change of a status and what each sale rested on, so that nothing
escapes that is put right afterwards. The tables' names begin with ``audit_``.
"""

#: What may become of what.
LEGAL = {
    'offers': 'available>expired available>cancelled available>error '
    'error>available error>expired error>cancelled',
    'bids': 'available>matched available>expired available>cancelled',
    'contract_lines': 'created>active created>wait_fulfill created>wait_cancel '
    'created>error created>ended created>cancelled wait_fulfill>active '
    'wait_fulfill>wait_cancel wait_fulfill>error wait_fulfill>ended '
    'active>wait_end active>error active>ended wait_end>error wait_end>ended '
    'wait_cancel>error wait_cancel>cancelled error>active error>wait_end '
    'error>wait_cancel error>ended error>cancelled',
}
#: Of these no row ever goes.
FOREVER = ('offers', 'bids', 'contracts', 'contract_lines', 'events')

_SAME_SERVER = (
    'x.provider_id = NEW.provider_id AND x.resource_type = NEW.resource_type '
    'AND x.resource_uuid = NEW.resource_uuid'
)
_SECONDS = "CAST(strftime('%s', {}) AS INTEGER)"


def _overlaps():
    """How many others hold some of the new line's time, turnaround included."""
    start, end = _SECONDS.format('x.start_time'), _SECONDS.format('x.end_time')
    # What has ended is clean, and needs no time for that any more.
    gap = "(CASE x.status WHEN 'ended' THEN 0 ELSE t.turnaround END)"
    new_start, new_end = (
        _SECONDS.format('NEW.start_time'),
        _SECONDS.format('NEW.end_time'),
    )
    return (
        '(SELECT count(*) FROM contract_lines x, audit_terms t WHERE '
        f"x.uuid <> NEW.uuid AND {_SAME_SERVER} AND x.status <> 'cancelled' AND "
        f'{start} < {new_end} + {gap} AND {new_start} < {end} + {gap})'
    )


_SALE = """
CREATE TRIGGER audit_sale AFTER INSERT ON contract_lines BEGIN
INSERT INTO audit_sales SELECT NEW.uuid, {overlaps}, NEW.start_time, NEW.end_time,
o.status, o.start_time, o.end_time, o.price, o.project_id, o.lessee_id,
o.resource_class, o.properties, c.created_at, c.uuid, c.bid_uuid, o.reclaim_notice,
NEW.part, o.ask_schedule, o.ask_falls, o.block, o.block_size
FROM offers o, contracts c WHERE o.uuid = NEW.offer_uuid AND c.uuid = NEW.contract_uuid;
END"""
_BID = """
CREATE TRIGGER audit_filled AFTER INSERT ON contracts
WHEN NEW.bid_uuid IS NOT NULL BEGIN
INSERT INTO audit_fills SELECT NEW.uuid, b.uuid, b.project_id, b.lineage, b.quantity,
b.min_quantity, b.start_time, b.end_time, b.duration, b.price, b.requirements,
b.resource_class, b.status, b.contract_uuid, b.min_reclaim_notice,
b.alternatives, b.alternative, b.group_by, b.group_value, b.spread_by, b.spread_max,
b.parts
FROM bids b WHERE b.uuid = NEW.bid_uuid;
END"""
_MOVED = """
CREATE TRIGGER audit_{table} AFTER UPDATE OF status ON {table}
WHEN OLD.status <> NEW.status BEGIN
INSERT INTO audit_moves VALUES ('{table}', NEW.uuid, OLD.status || '>' || NEW.status);
END"""
_LONGER = """
CREATE TRIGGER audit_longer AFTER UPDATE OF start_time, end_time ON contract_lines
WHEN NEW.end_time > OLD.end_time OR NEW.start_time <> OLD.start_time BEGIN
INSERT INTO audit_longer SELECT NEW.uuid, {overlaps}, NEW.start_time, NEW.end_time,
o.start_time, o.end_time, o.status FROM offers o WHERE o.uuid = NEW.offer_uuid;
END"""
_FROZEN = """
CREATE TRIGGER audit_frozen AFTER UPDATE ON contract_lines
WHEN OLD.price <> NEW.price OR OLD.project_id <> NEW.project_id OR OLD.owner_id <>
NEW.owner_id OR OLD.resource_uuid <> NEW.resource_uuid OR OLD.offer_uuid <>
NEW.offer_uuid OR (OLD.fulfill_time IS NOT NULL AND OLD.fulfill_time <>
NEW.fulfill_time) OR OLD.reclaim_notice IS NOT NEW.reclaim_notice OR
(OLD.reclaim_deadline IS NOT NULL AND (OLD.reclaim_deadline IS NOT
NEW.reclaim_deadline OR NEW.end_time > OLD.end_time)) OR
OLD.status IN ('ended', 'cancelled') BEGIN
INSERT INTO audit_wrong VALUES ('line ' || NEW.uuid || ' was changed for good');
END"""
#: What is sold is neither shorter nor longer than its offer says at that moment; and
#: what is added to it later makes it no longer.
_LET = """
CREATE TRIGGER audit_let AFTER INSERT ON contract_lines
WHEN EXISTS (SELECT 1 FROM offers o WHERE o.uuid = NEW.offer_uuid AND
({length} < o.min_length OR {length} > o.max_length)) BEGIN
INSERT INTO audit_wrong VALUES ('line ' || NEW.uuid || ' is too short, or too long');
END"""
_LET_ON = """
CREATE TRIGGER audit_let_on AFTER UPDATE OF end_time ON contract_lines
WHEN NEW.end_time > OLD.end_time AND EXISTS (SELECT 1 FROM offers o
WHERE o.uuid = NEW.offer_uuid AND {length} > o.max_length) BEGIN
INSERT INTO audit_wrong VALUES ('line ' || NEW.uuid || ' has become too long');
END"""
_LENGTH = '({} - {})'.format(
    *(_SECONDS.format(f'NEW.{name}') for name in ('end_time', 'start_time'))
)
_GONE = """
CREATE TRIGGER audit_gone_{table} AFTER DELETE ON {table} BEGIN
INSERT INTO audit_wrong VALUES ('{table}: a row was deleted');
END"""
_TABLES = (
    'CREATE TABLE audit_terms (turnaround)',
    'CREATE TABLE audit_moves (resource_type, uuid, move)',
    'CREATE TABLE audit_wrong (message)',
    'CREATE TABLE audit_sales (line, overlaps, start, end, offer_status, offer_start, '
    'offer_end, ask, owner, lessee, class, properties, time, contract, bid, notice, '
    'part, ask_schedule, ask_falls, block, block_size)',
    'CREATE TABLE audit_fills (contract, bid, project, lineage, quantity, '
    'min_quantity, start, end, duration, ceiling, requirements, class, status, '
    'filled_by, least, alternatives, alternative, group_by, group_value, '
    'spread_by, spread_max, parts)',
    'CREATE TABLE audit_longer (line, overlaps, start, end, offer_start, offer_end, '
    'offer_status)',
)
#: The tables that it is written down in.
TABLES = [text.split()[2] for text in _TABLES]


def install(engine):
    """Begin to write down what happens in the database of ``engine``."""
    with engine.begin() as connection:
        for text in _TABLES:
            connection.exec_driver_sql(text)


def begin(connection, turnaround):
    """Forget what happened so far; rows are deleted before this."""
    for name in TABLES:
        connection.exec_driver_sql(f'DELETE FROM {name}')
    connection.exec_driver_sql('INSERT INTO audit_terms VALUES (?)', (turnaround,))


def triggers():
    """{name: SQL} of the triggers."""
    texts = [_SALE.format(overlaps=_overlaps()), _BID, _FROZEN]
    texts.append(_LONGER.format(overlaps=_overlaps()))
    texts += [each.format(length=_LENGTH) for each in (_LET, _LET_ON)]
    texts += [_MOVED.format(table=table) for table in LEGAL]
    texts += [_GONE.format(table=table) for table in FOREVER]
    return {text.split()[2]: text for text in texts}

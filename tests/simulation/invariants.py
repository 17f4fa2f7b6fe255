# SPDX-License-Identifier: Apache-2.0
"""What has to hold, whatever happened; it shares no code with the services."""

import collections
import datetime
import decimal
import fractions
import json
import math

from tests.simulation import asked
from tests.simulation import audit
from tests.simulation import books
from tests.simulation import changes
from tests.simulation import unfilled

#: In these a line holds its server.
OPEN_LINES = 'created wait_fulfill active wait_end wait_cancel error'.split()
_UNDELIVERABLE = 'not_delivered node_gone node_in_use owner_changed'.split()
_SHOWN_FIRST = (
    'error wait_cancel wait_fulfill wait_end active created ended cancelled'.split()
)


class Checker:
    """Looks at one world that has come to rest; ``wrong`` is what does not hold."""

    def __init__(self, engine):
        self.wrong = []
        with engine.connect() as connection:
            self._rows = {
                name: _rows(connection.connection, name)
                for name in (
                    *audit.FOREVER,
                    *audit.TABLES,
                    'interruptions',
                    'cleaning_times',
                    'maintenances',
                    'accounts',
                    'transfers',
                )
            }
        self._rows['audit_fills'] = [
            unfilled.awarded(fill) for fill in self._rows['audit_fills']
        ]
        self._lines = collections.defaultdict(list)
        for line in self._rows['contract_lines']:
            self._lines[line['contract_uuid']].append(line)

    def check(self, accepted):
        """All that the database alone can tell.

        :param accepted: triples of what people were told, a kind and the object.
        """
        self.wrong += [row['message'] for row in self._rows['audit_wrong']]
        self._sold_once()
        self._moves()
        self._contracts()
        self._reclaimed()
        self._displaced()
        self._outages()
        self._fills()
        self._blocks()
        self._accepted(accepted)
        self._wishes()
        self._events()
        self.wrong += books.wrong(self._rows)
        return self.wrong

    def _require(self, holds, label):
        if not holds:
            self.wrong.append(label)

    def _sold_once(self):
        for sale in self._rows['audit_sales'] + self._rows['audit_longer']:
            line = f'line {sale["line"]}'
            self._require(not sale['overlaps'], f'{line}: its time was sold already')
            self._require(
                sale['offer_start'] <= sale['start'] < sale['end'] <= sale['offer_end'],
                f'{line}: is not within its offer',
            )
        for sale in self._rows['audit_sales']:
            line = f'line {sale["line"]}'
            self._require(
                sale['offer_status'] == 'available', f'{line}: of a closed offer'
            )
            self._require(sale['start'] >= sale['time'], f'{line}: begins in the past')
        known = {sale['line'] for sale in self._rows['audit_sales']}
        for line in self._rows['contract_lines']:
            self._require(line['uuid'] in known, f'line {line["uuid"]}: of no offer')

    def _moves(self):
        for move in self._rows['audit_moves']:
            legal = audit.LEGAL[move['resource_type']].split()
            self._require(
                move['move'] in legal,
                f'{move["resource_type"]} {move["uuid"]}: {move["move"]}',
            )
        for line in self._rows['contract_lines']:
            closed = line['status'] not in OPEN_LINES
            self._require(
                closed == (line['expire_time'] is not None)
                or line['status'] == 'cancelled',
                f'line {line["uuid"]}: {line["status"]}, expired {line["expire_time"]}',
            )
            if line['status'] == 'ended':
                self._require(
                    line['end_time'] <= line['expire_time'],
                    f'line {line["uuid"]}: ended {line["expire_time"]}, before its '
                    f'end {line["end_time"]}',
                )

    def _contracts(self):
        offers = {offer['uuid']: offer for offer in self._rows['offers']}
        for contract in self._rows['contracts']:
            label, lines = f'contract {contract["uuid"]}', self._lines[contract['uuid']]
            self._require(lines, f'{label}: no lines')
            shown = min(
                (line['status'] for line in lines), key=_SHOWN_FIRST.index, default=None
            )
            self._require(
                contract['status'] == shown,
                f'{label}: {contract["status"]}, its lines {shown}',
            )
            servers = {line['resource_uuid'] for line in lines}
            self._require(len(servers) == len(lines), f'{label}: one server twice')
            for line in lines:
                offer = offers[line['offer_uuid']]
                self._require(
                    line['project_id'] == contract['project_id'] != line['owner_id']
                    and line['owner_id'] == offer['project_id']
                    and line['resource_uuid'] == offer['resource_uuid'],
                    f'{label}: line {line["uuid"]} is not what was sold',
                )

    def _reclaimed(self):
        """Nobody loses a server earlier than agreed, or pays for it after that."""
        told = {
            row['object_uuid']
            for row in self._rows['events']
            if row['type'] == 'contract.reclaiming' and row['project_id']
        }
        for line in self._rows['contract_lines']:
            if line['reclaim_time'] is None:
                continue
            label = f'line {line["uuid"]}, reclaimed'
            asked, deadline = (
                unfilled.moment(line[name])
                for name in ('reclaim_time', 'reclaim_deadline')
            )
            notice = line['reclaim_notice']
            self._require(
                notice is not None
                and deadline >= asked + datetime.timedelta(seconds=notice),
                f'{label}: at {asked} by {deadline}, with a notice of {notice}',
            )
            self._require(
                line['status'] == 'cancelled'
                or unfilled.moment(line['end_time']) <= deadline
                # It keeps a second where it had just begun.
                or unfilled.moment(line['start_time']) >= asked,
                f'{label}: ends {line["end_time"]}, after {deadline}',
            )
            self._require(not line['notice_seconds'], f'{label}: billed for a notice')
            self._require(line['contract_uuid'] in told, f'{label}: nobody was told')

    def _displaced(self):
        """A firm contract is never displaced, and others with their notice.

        Nobody pays for a time that they have lost; and another has the server then.
        """
        contracts = {each['uuid']: each for each in self._rows['contracts']}
        told = {
            (row['object_uuid'], line['uuid']): unfilled.moment(row['time'])
            for row in self._rows['events']
            if row['type'] == 'contract.displaced' and row['project_id']
            for line in json.loads(row['payload'])['lines']
        }
        firm = {
            (
                unfilled.server(line),
                unfilled.moment(contracts[line['contract_uuid']]['created_at']),
            )
            for line in self._rows['contract_lines']
            if contracts[line['contract_uuid']]['interruptible_notice'] is None
        }
        for line in self._rows['contract_lines']:
            if line['reclaim_deadline'] is None or line['reclaim_time'] is not None:
                continue
            contract, label = contracts[line['contract_uuid']], f'line {line["uuid"]}'
            notice, when = (
                contract['interruptible_notice'],
                told.get((contract['uuid'], line['uuid'])),
            )
            self._require(notice is not None, f'{label}: is firm, and was displaced')
            self._require(when, f'{label}: displaced, and nobody was told')
            if notice is None or when is None:
                continue
            soonest = when + datetime.timedelta(seconds=notice)
            ended = unfilled.moment(line['end_time'])
            start, deadline = (
                unfilled.moment(line[name])
                for name in ('start_time', 'reclaim_deadline')
            )
            self._require(
                min(deadline, start) >= soonest
                if line['reason'] == 'displaced' and line['status'] == 'cancelled'
                else deadline >= soonest,
                f'{label}: displaced at {when} by {deadline}, notice of {notice}',
            )
            self._require(
                line['status'] == 'cancelled' or ended <= deadline,
                f'{label}: ends {ended}, after {deadline}',
            )
            self._require(not line['notice_seconds'], f'{label}: billed for a notice')
            self._require(
                (unfilled.server(line), when) in firm, f'{label}: displaced for nobody'
            )

    def _outages(self):
        """A planned outage is told in time; of it nothing is billed, and nothing sold.

        What happens in the same second may have come before or after it.
        """
        broken = collections.defaultdict(list)
        for row in self._rows['interruptions']:
            broken[row['maintenance_uuid']].append(row)
        sold = {sale['line']: sale['time'] for sale in self._rows['audit_sales']}
        told = {
            row['object_uuid']
            for row in self._rows['events']
            if row['type'] == 'contract.maintenance_announced' and row['project_id']
        }
        lines = {line['uuid']: line for line in self._rows['contract_lines']}
        for outage in self._rows['maintenances']:
            label = f'outage {outage["uuid"]}'
            start, end = (
                unfilled.moment(outage[name]) for name in ('start_time', 'end_time')
            )
            called_off = outage['status'] == 'cancelled'
            for row in broken[outage['uuid']]:
                line = lines[row['line_uuid']]
                self._require(
                    start
                    >= unfilled.moment(outage['created_at'])
                    + datetime.timedelta(seconds=changes.NOTICE),
                    f'{label}: begins {start}, announced {outage["created_at"]}',
                )
                self._require(
                    (row['start_time'], row['end_time'])
                    == (outage['start_time'], outage['end_time']),
                    f'{label}: interrupts line {line["uuid"]} at another time',
                )
                self._require(
                    line['contract_uuid'] in told, f'{label}: nobody was told'
                )
            interrupted = {row['line_uuid'] for row in broken[outage['uuid']]}
            for line in lines.values():
                overlaps = (
                    unfilled.server(line) == unfilled.server(outage)
                    and unfilled.moment(line['start_time']) < end
                    and start < unfilled.moment(line['end_time'])
                )
                closed = line['expire_time'] or line['status'] == 'cancelled'
                if called_off or not overlaps or closed:
                    continue
                self._require(
                    sold[line['uuid']] <= outage['created_at'],
                    f'{label}: its time was sold to line {line["uuid"]}',
                )
                self._require(
                    sold[line['uuid']] == outage['created_at']
                    or line['uuid'] in interrupted,
                    f'{label}: line {line["uuid"]} is billed for it',
                )

    def _fills(self):
        fills = {fill['contract']: fill for fill in self._rows['audit_fills']}
        contracts = {each['uuid']: each for each in self._rows['contracts']}
        prices = {each['uuid']: each['price'] for each in self._rows['contract_lines']}
        for sale in self._rows['audit_sales']:
            fill = fills.get(sale['contract'])
            fill = fill and unfilled.of_part(fill, sale['part'])
            price = prices[sale['line']]
            ask = asked.of(sale)
            ceiling = fill['ceiling'] if fill else ask
            self._require(
                ask <= price <= ceiling,
                f'line {sale["line"]}: {price} is not in {ask}..{ceiling}',
            )
            if fill:
                self._suits(fill, sale)
                self._is_together(fill, sale)
        for fill in fills.values():
            servers = len(self._lines[fill['contract']])
            for part in _numbers(fill):
                self._is_apart(unfilled.of_part(fill, part), part)
            self._is_bundled(fill)
            replaced = len(self._given_up(fill['contract']))
            self._require(
                fill['min_quantity'] <= servers <= fill['quantity'] + replaced,
                f'bid {fill["bid"]}: {servers} servers, {replaced} replaced',
            )
            self._require(
                (fill['alternatives'] is None) == (fill['alternative'] is None),
                f'bid {fill["bid"]}: filled, and nobody knows by which alternative',
            )
        filled = {fill['bid']: fill['contract'] for fill in fills.values()}
        self._require(
            len(filled) == len(fills), 'two alternatives of a bid were awarded'
        )
        for bid in self._rows['bids']:
            self._require(
                bid['contract_uuid'] == filled.get(bid['uuid'])
                and (bid['status'] == 'matched') == (bid['uuid'] in filled)
                and bid['contract_uuid'] in (None, *contracts),
                f'bid {bid["uuid"]}: {bid["status"]}, contract {bid["contract_uuid"]}',
            )

    def _blocks(self):
        """At every instant a block is let whole, to one contract, or not at all.

        But for servers that were not delivered, or are not what was sold any more.
        """
        lines = {each['uuid']: each for each in self._rows['contract_lines']}
        found = collections.defaultdict(list)
        for sale in self._rows['audit_sales']:
            if sale['block'] is not None:
                of = sale['contract'], sale['owner'], sale['block']
                found[of].append(sale)
        for (contract, _, block), sales in found.items():
            label = f'contract {contract}: block {block}'
            size = sales[0]['block_size']
            self._require(len(sales) == size, f'{label}: {len(sales)} of {size}')
            times = {(sale['start'], sale['end']) for sale in sales}
            self._require(len(times) == 1, f'{label}: sold for different times')
            lost = {each['uuid'] for each in self._undelivered(contract)}
            left = [lines[sale['line']] for sale in sales if sale['line'] not in lost]
            ends = {each['end_time'] for each in left}
            self._require(len(ends) <= 1, f'{label}: its servers end at {sorted(ends)}')

    def _undelivered(self, contract):
        return [
            line
            for line in self._lines[contract]
            if line['reason'] in (*_UNDELIVERABLE, 'hardware_changed')
        ]

    def _given_up(self, contract):
        """Its lines in the place of each of which there may be another."""
        return [
            line
            for line in self._lines[contract]
            if line['reclaim_deadline']
            or line['reason'] == 'hardware_changed'
            or line['reason'] in _UNDELIVERABLE
            and line['fulfill_time'] is None
        ]

    def _follows(self, sale):
        """Whether the line of ``sale`` begins when another one is taken back.

        Or when one ended whose server was not what was asked for any more.
        """
        return any(
            sale['start'] >= (lost['reclaim_deadline'] or lost['end_time'])
            for lost in self._lines[sale['contract']]
            if (lost['reclaim_deadline'] or lost['reason'] == 'hardware_changed')
            and lost['uuid'] != sale['line']
        )

    def _is_together(self, fill, sale):
        if fill['group_by'] is not None:
            found = json.loads(sale['properties']).get(fill['group_by'])
            self._require(
                str(found) == fill['group_value'],
                f'line {sale["line"]}: is of {found}, not together with the others',
            )

    def _is_bundled(self, fill):
        """All parts of a bundle are there, and they begin together."""
        sales = [
            (sale['part'], sale['start'])
            for sale in self._rows['audit_sales']
            if sale['contract'] == fill['contract'] and sale['part'] is not None
        ]
        servers = collections.Counter(number for number, _ in sales)
        for number, part in enumerate(fill['parts']):
            self._require(
                servers[number] >= part['min_quantity'],
                f'bid {fill["bid"]}: {servers[number]} servers of part {number}',
            )
        whole = unfilled.moment(fill['end']) - unfilled.moment(fill['start'])
        # Who asks for all of the window gets what is left of each part.
        self._require(
            whole == datetime.timedelta(seconds=fill['duration'])
            or len(unfilled.begun(fill, sales)) <= 1,
            f'bid {fill["bid"]}: its parts do not begin together',
        )

    def _is_apart(self, fill, part):
        if fill['spread_by'] is None:
            return
        gone = {line['uuid'] for line in self._given_up(fill['contract'])}
        groups = collections.Counter(
            json.loads(sale['properties']).get(fill['spread_by'])
            for sale in self._rows['audit_sales']
            if sale['contract'] == fill['contract']
            and sale['part'] == part
            and sale['line'] not in gone
        )
        for group, servers in groups.items():
            self._require(
                servers <= fill['spread_max'] and group is not None,
                f'bid {fill["bid"]}: {servers} servers of {group}, not apart',
            )

    def _suits(self, fill, sale):
        label = f'bid {fill["bid"]}, line {sale["line"]}'
        for lost in self._given_up(fill['contract']):
            first, last = lost['start_time'], lost['end_time']
            if first < sale['start'] and sale['end'] == last:
                # In its place, for the time that was left of it.
                sale = {**sale, 'start': first}
        length = unfilled.moment(sale['end']) - unfilled.moment(sale['start'])
        whole = unfilled.moment(fill['end']) - unfilled.moment(fill['start'])
        asked = datetime.timedelta(seconds=fill['duration'])
        self._require(
            self._follows(sale)
            or fill['start'] <= sale['start']
            and sale['end'] <= fill['end']
            and (length == asked or asked == whole and sale['end'] == fill['end']),
            f'{label}: not the time that was asked for',
        )
        self._require(
            fill['project'] != sale['owner'], f'{label}: trades with themselves'
        )
        self._require(
            sale['lessee'] in (None, *json.loads(fill['lineage'])),
            f'{label}: the offer is for somebody else',
        )
        self._require(
            unfilled.agreed(fill['least'], sale['notice']),
            f'{label}: can be reclaimed sooner than the bidder agreed to',
        )
        self._require(
            fill['class'] in (None, sale['class'])
            and all(
                json.loads(sale['properties']).get(name, 0) >= least
                for name, _, least in json.loads(fill['requirements'])
            ),
            f'{label}: not the hardware that was asked for',
        )

    def _accepted(self, accepted):
        tables = {
            kind: {row['uuid']: row for row in self._rows[kind]}
            for kind in ('offers', 'bids', 'contracts')
        }
        told = {row['object_uuid'] for row in self._rows['events']}
        seen = collections.Counter()
        for action, kind, resource in accepted:
            row = tables[kind].get(resource['uuid'])
            what = f'{kind} {resource["uuid"]}'
            if row is None:
                self.wrong.append(f'{what}: accepted, and not there')
                continue
            self._require(
                resource['uuid'] in told, f'{what}: accepted, and no event of it'
            )
            if action == 'created':
                seen[kind, resource['uuid']] += 1
                self._require(
                    row['project_id'] == resource['project_id']
                    and seen[kind, resource['uuid']] == 1,
                    f'{what}: one object for two requests',
                )
            elif kind != 'contracts':
                self._require(
                    row['status'] == 'cancelled',
                    f'{what}: cancelled, and now {row["status"]}',
                )

    def _wishes(self):
        """A request that was sent again, with its key, made one object."""
        names = collections.Counter(
            row['name']
            for row in (
                *self._rows['offers'],
                *self._rows['bids'],
                # Of a bid, a contract has the name of the bid.
                *(each for each in self._rows['contracts'] if not each['bid_uuid']),
            )
        )
        # What nobody waits for an answer of has none.
        names.pop(None, None)
        for name, many in names.items():
            self._require(many == 1, f'{name}: {many} objects of one request')

    def _events(self):
        ids = sorted(row['id'] for row in self._rows['events'])
        self._require(
            ids == list(range(1, len(ids) + 1)), 'events: their ids have gaps'
        )
        kinds = {(row['type'], row['object_uuid']) for row in self._rows['events']}
        for kind, table in (
            ('offer.published', 'offers'),
            ('bid.placed', 'bids'),
            ('contract.created', 'contracts'),
        ):
            for row in self._rows[table]:
                self._require(
                    (kind, row['uuid']) in kinds, f'{table} {row["uuid"]}: no {kind}'
                )

    # What others have to agree with

    def settled(self, now, terms):
        """Nothing, if no bid waits that what is on offer ``now`` could fill.

        :param terms: the options of ``[contracts]``.
        """
        gaps = self._gaps(terms)
        held = collections.defaultdict(list)
        for line in self._rows['contract_lines']:
            if line['status'] in OPEN_LINES:
                gap = datetime.timedelta(seconds=gaps[line['resource_class'] or ''])
                end = max(unfilled.moment(line['end_time']), now)
                held[unfilled.server(line)].append(
                    (unfilled.moment(line['start_time']) - gap, end + gap)
                )
        for outage in self._rows['maintenances']:
            if outage['status'] == 'announced':
                held[unfilled.server(outage)].append(
                    tuple(
                        unfilled.moment(outage[name])
                        for name in ('start_time', 'end_time')
                    )
                )
        for bid in self._rows['bids']:
            for terms in unfilled.options(bid) if bid['status'] == 'available' else ():
                if terms['parts']:
                    # What is best for several at once takes a search to find.
                    continue
                most = unfilled.most(terms, self._rows['offers'], held, now)
                self._require(
                    most < terms['min_quantity'],
                    f'bid {bid["uuid"]}: waits, though {most} servers are free',
                )

    def hardware(self, documents):
        """Nothing, if each server that is rented for a bid is what that asked for.

        :param documents: {uuid of a node: its properties}.
        """
        asked = {
            (fill['contract'], part): json.loads(
                unfilled.of_part(fill, part)['requirements']
            )
            for fill in self._rows['audit_fills']
            for part in _numbers(fill)
        }
        for line in self._rows['contract_lines']:
            document = documents[line['resource_uuid']]
            if line['status'] not in ('created', 'wait_fulfill', 'active'):
                continue
            if line['reason'] == 'hardware_changed':
                continue
            self._require(
                all(
                    document.get(name, 0) >= least
                    for name, _, least in asked.get(
                        (line['contract_uuid'], line['part']), ()
                    )
                ),
                f'line {line["uuid"]}: on {document}, which is not what was asked for',
            )

    def _gaps(self, terms):
        """{resource class: what stays free around a contract}, in seconds."""
        gaps = collections.defaultdict(lambda: terms.turnaround)
        for row in self._rows['cleaning_times']:
            taken = sorted(json.loads(row['seconds']))
            if terms.max_turnaround > terms.turnaround and len(taken) >= 3:
                usual = decimal.Decimal(taken[math.ceil(len(taken) * 3 / 4) - 1])
                digits = decimal.Context(prec=2, rounding=decimal.ROUND_CEILING)
                usual = max(terms.turnaround, int(digits.plus(usual)))
                gaps[row['resource_class']] = min(terms.max_turnaround, usual)
        return gaps

    def closed(self):
        """Nothing, if all that could end has ended, and was paid."""
        self.wrong += books.unpaid(self._rows, paid, segments)
        for line in self._rows['contract_lines']:
            self._require(
                line['status'] not in OPEN_LINES,
                f'line {line["uuid"]}: still {line["status"]} ({line["reason"]})',
            )
        for table in ('bids', 'offers'):
            for row in self._rows[table]:
                self._require(
                    row['status'] not in ('available', 'error'),
                    f'{table} {row["uuid"]}: still {row["status"]}',
                )

    def bills(self, usage):
        """Compare ``usage``, as the market answers, with the contracts."""
        broken = collections.defaultdict(list)
        for row in self._rows['interruptions']:
            end = row['end_time'] and unfilled.moment(row['end_time'])
            broken[row['line_uuid']].append((unfilled.moment(row['start_time']), end))
        due = collections.Counter()
        for line in self._rows['contract_lines']:
            for start, end, price in segments(line):
                seconds = paid(line, start, end, broken[line['uuid']])
                # Prices are kept in millionths, and amounts are shown in them.
                amount = round(fractions.Fraction(price * seconds, 3600))
                due[line['project_id'], 'renter'] += amount
                due[line['owner_id'], 'owner'] += amount
        billed = {
            (row['project_id'], row['role']): row['amount'] for row in usage['usage']
        }
        for party in {*due, *billed}:
            shown = decimal.Decimal(due[party]).scaleb(-6)
            self._require(
                billed.get(party, '0.000000') == f'{shown:.6f}',
                f'usage of {party}: {billed.get(party)}, its contracts {shown:.6f}',
            )

    def lessees(self, nodes):
        """Compare the lessees of ``nodes``, {uuid: lessee}, with the contracts."""
        explained = {
            (line['resource_uuid'], line['project_id'])
            for line in self._rows['contract_lines']
            if line['status'] in OPEN_LINES
        }
        for node, lessee in nodes.items():
            self._require(
                lessee is None or (node, lessee) in explained,
                f'node {node}: its lessee {lessee} has no contract',
            )
        for line in self._rows['contract_lines']:
            self._require(
                line['status'] != 'active'
                or nodes[line['resource_uuid']] == line['project_id'],
                f'line {line["uuid"]}: active, and the lessee is another',
            )


def _numbers(fill):
    """The numbers of its parts; None of what has none."""
    return range(len(fill['parts'])) if fill['parts'] else (None,)


def _rows(connection, table):
    found = connection.execute(f'SELECT * FROM {table}')
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found]


def segments(line):
    """(start, end, price in millionths) of what has a price of its own."""
    parts = [(unfilled.moment(line['start_time']), line['price'])]
    for start, price in json.loads(line['extensions'] or '[]'):
        millionths = int(decimal.Decimal(price).scaleb(6))
        parts.append((datetime.datetime.fromisoformat(start), millionths))
    over = unfilled.moment(line['end_time'])
    ends = [*(start for start, _ in parts[1:]), over]
    return [
        (start, min(end, over), price)
        for (start, price), end in zip(parts, ends, strict=True)
        if start < over
    ]


def paid(line, start, end, broken):
    """For how many of the seconds from ``start`` to ``end`` somebody pays."""
    if line['status'] == 'cancelled':
        notice = datetime.timedelta(seconds=line['notice_seconds'])
        until = min(end, unfilled.moment(line['start_time']) + notice)
        return max(0, int((until - start).total_seconds()))
    return served(line, start, end, broken) if line['fulfill_time'] else 0


def served(line, start, end, broken):
    """For how many seconds the server of ``line`` served, from start to end."""
    start = max(start, unfilled.moment(line['fulfill_time']))
    if line['expire_time']:
        end = min(end, unfilled.moment(line['expire_time']))
    edges, seconds = sorted({start, end, *_inside(broken, start, end)}), 0
    for first, last in zip(edges, edges[1:], strict=False):
        if start <= first and last <= end:
            if not any(
                one <= first and (two is None or last <= two) for one, two in broken
            ):
                seconds += int((last - first).total_seconds())
    return seconds


def _inside(broken, start, end):
    return [
        moment
        for each in broken
        for moment in each
        if moment is not None and start < moment < end
    ]

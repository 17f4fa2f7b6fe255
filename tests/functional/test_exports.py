# SPDX-License-Identifier: Apache-2.0
"""What is exported is read by the columns that its readers publish, and adds up."""

import argparse
import collections
import csv
import datetime
import decimal
import io
import json
import math
import pathlib
import types

import fixtures
import prometheus_client
import tenacity
import webob
import webob.dec

from flocx.core import ledger as core
from flocx.core import window
from market import export_commands
from market.exports import cloudkitty
from provider import reconciliation
from tests import fixtures as market_fixtures
from tests.functional import ledgers
from tests.functional import test_ledger

OWNER, RENTER = ledgers.OWNER, ledgers.RENTER

#: As github.com/CCI-MOC/nerc-rates has them, cut short.
RATES = """
- name: BM FC430 SU Rate
  type: "Decimal"
  history:
    - value: "24.16"
      from: 2025-02
      until: 2025-05
    - value: "0.75"
      from: 2025-06
- name: vCPUs in BM FC430 SU
  history:
    - value: "40"
      from: 2023-06
"""


#: What a renter does with the power, and for how many seconds. One that is on again
#: within a minute counts as on in between; nothing is known of an error.
POWER = (
    *(('power on', 600), ('power off', 1800), ('power on', 300), ('power off', 30)),
    *(('rebooting', 60), ('error', 60), ('power off', 3 * 3600)),
)


class CloudKitty:
    """As much of CloudKitty's v2 API as takes frames and gives them back.

    A real one does not lose what it answers: ``faults`` are what becomes of the next
    POSTs, ``refused`` before or ``lost`` after the frames were stored. ``asked`` counts
    what it was asked for.
    """

    def __init__(self):
        self.frames, self.faults, self.asked = [], [], 0

    @webob.dec.wsgify
    def __call__(self, request):
        if request.path != '/v2/dataframes':
            return webob.Response(status=404)
        if request.method == 'GET':
            return self._page(request.GET)
        fault = self.faults.pop(0) if self.faults else None
        if fault == 'refused':
            return webob.Response(status=503)
        self.frames += request.json_body['dataframes']
        return webob.Response(status=504 if fault == 'lost' else 204)

    def _page(self, asked):
        self.asked += 1
        name, _, value = asked['filters'].partition(':')
        period = {key: asked[key] for key in ('begin', 'end')}
        found = [
            frame
            for frame in self.frames
            if name == 'type' and value in frame['usage'] and frame['period'] == period
        ]
        if not found:
            return webob.Response(status=404)
        first, most = int(asked['offset']), int(asked['limit'])
        page = {'total': len(found), 'dataframes': found[first : first + most]}
        return webob.Response(json_body=page)


class ExportTest(test_ledger.BookkeepingCase):
    OPTIONS = (*ledgers.LedgerTestCase.OPTIONS, ('ledger', 'close_after', '0'))

    def setUp(self):
        super().setUp()
        self.keep(months=1)
        self.began = self.clock()
        self.month = core.month(self.began)
        self.fund('umbrella', 1000)
        self.folder = pathlib.Path(self.useFixture(fixtures.TempDir()).path)
        now = self.clock
        # Not oslo.utils' own: a keystonemiddleware before 11.0 asks that otherwise.
        clock = types.SimpleNamespace(utcnow=lambda with_timezone: now())
        self.useFixture(fixtures.MonkeyPatch('market.export_commands.timeutils', clock))
        self.useFixture(fixtures.MonkeyPatch('sys.stderr', io.StringIO()))

    def switch(self, contract, state):
        """The renter switches their server, and the provider looks."""
        provider = self.marketplace.provider
        (line,) = self.lines(contract)
        provider.nodes._change(line['resource_uuid'], power_state=state)
        reconciliation.Reconciliation(
            self.marketplace.conf, provider.nodes, provider.marketplace, self.clock
        ).run(self.clock())

    def served(self, hours, **terms):
        """The line of a contract that has ended."""
        self.began = self.clock()
        contract = self.claim(
            self.sell(notice=None, **terms), end_time=self.time(hours)
        )
        self.pass_time(60)
        self.pass_time(hours * 3600)
        (line,) = self.lines(contract)
        return line

    def export(self, action, **options):
        """What a command writes to its file."""
        output = self.folder / 'output'
        arguments = ['export', action, '--output', str(output)]
        for name, value in options.items():
            arguments += [f'--{name}', str(value)]
        self.run_export(arguments)
        return output.read_text()

    def run_export(self, arguments):
        parser = argparse.ArgumentParser()
        export_commands.add(parser.add_subparsers())
        parsed = parser.parse_args(arguments)
        parsed.run(self.marketplace.database, parsed)

    def written(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def own(self, rows, line, key='UUID'):
        return [row for row in rows if row[key] == line['uuid']]

    # The NERC's

    def test_the_nightly_leases_are_read_as_the_scripts_do(self):
        line = self.served(3)
        # The columns and their types of models.py.
        rows = json.loads(self.export('leases'))
        (row,) = self.own(rows, line)
        for name in ('UUID', 'Resource', 'Resource Class', 'Project'):
            self.assertIsInstance(row[name], str)
        start, end = (
            datetime.datetime.fromisoformat(row[name])
            for name in ('Start Time', 'Expire Time')
        )
        self.assertIsNone(start.tzinfo)
        self.assertEqual(
            (self.kind, 'umbrella'), (row['Resource Class'], row['Project'])
        )
        # And what billing.py makes of it.
        seconds = self.billed(line)[0]
        self.assertEqual(
            math.ceil(seconds / 3600), math.ceil((end - start).total_seconds() / 3600)
        )

    def invoice(self, **options):
        text = self.export('invoice', month=self.month, **options)
        return [
            row
            for row in csv.DictReader(io.StringIO(text))
            if row['SU Type'] == self.su
        ]

    def test_an_invoice_of_what_was_agreed_is_the_statement(self):
        self.su = self.kind
        lines = [self.served(2, price='1.234567'), self.served(3, price='0.333333')]
        (row,) = self.invoice()
        self.assertEqual(
            (self.month, 'umbrella', 'bm'),
            (row['Invoice Month'], row['Project - Allocation'], row['Cluster Name']),
        )
        path = f'/v1/statements/{self.month}'
        found = self.good(self.market(RENTER).get(path), 200)['lines']
        uuids = {line['uuid'] for line in lines}
        stated = sum(
            decimal.Decimal(each['amount'])
            for each in found
            if each['line_uuid'] in uuids
        )
        self.assertEqual(-stated, decimal.Decimal(row['Cost']))

    def test_an_invoice_by_rates_and_outages(self):
        self.su = 'BM FC430'
        line = self.served(3, price='9')
        start = window.instant(line['fulfill_time'], 'start')
        types = self.written('types', json.dumps({self.kind: self.su}))
        rates = self.written('rates', RATES)
        (row,) = self.invoice(rates=rates, types=types)
        self.assertEqual(('3', '0.75', '2.25'), _billed(row))
        outages = self.written(
            'outages',
            '- url: https://example.org\n  timeframes:\n'
            f'  - from: "{window.text(start)}"\n'
            f'    until: "{window.text(start + datetime.timedelta(hours=2))}"\n'
            '    affected_services: [bm]\n'
            # As it was published once: it ends before it starts.
            '  - from: "2025-10-14T12:00:00Z"\n    until: "2024-10-14T21:00:00Z"\n'
            '    affected_services: [bm]\n',
        )
        (row,) = self.invoice(rates=rates, types=types, outages=outages, service='bm')
        self.assertEqual(('1', '0.75', '0.75'), _billed(row))
        (row,) = self.invoice(rates=rates, types=types, outages=outages, service='x')
        self.assertEqual(('3', '0.75', '2.25'), _billed(row))

    def test_wrong_files_are_refused_and_nothing_is_written(self):
        for name, text in (
            ('rates', 'x: 1'),
            ('rates', '- name: A SU Rate\n  history: [{value: NaN, from: 2025-01}]'),
            ('rates', '- name: A SU Rate\n  history: [{value: "-1", from: 2025-01}]'),
            (
                'rates',
                '- name: A SU Rate\n  history: [{value: "1e400", from: 2025-01}]',
            ),
            ('rates', '- name: A SU Rate\n  history: [{value: "1"}]'),
            ('rates', '- name: A SU Rate\n  history: [{value: "1", from: 2025-13}]'),
            ('rates', '{'),
            ('outages', '- timeframes: [{from: "2025-01-01T00:00:00Z"}]'),
            ('outages', '- timeframes: [{from: x, until: y}]'),
            ('types', '{'),
        ):
            path = self.written(name, text)
            arguments = ['export', 'invoice', '--month', self.month]
            output = self.folder / 'none'
            arguments += ['--output', str(output), f'--{name}', str(path)]
            ended = self.assertRaises(SystemExit, self.run_export, arguments)
            self.assertNotIn(ended.code, (0, None), text)
            self.assertFalse(output.exists())

    # OSAC's

    def test_the_meters(self):
        self.began = self.clock()
        contract = self.claim(self.sell(notice=None), end_time=self.time(3))
        self.pass_time(60)
        for state, seconds in POWER:
            self.switch(contract, state)
            self.pass_time(seconds)
        unknown = self.served(1)
        period = core.month_window(self.month)
        options = {'start': window.text(period.start), 'end': window.text(period.end)}
        texts = [self.export('meters', **options) for _ in range(2)]
        self.assertEqual(*texts)
        (line,) = self.lines(contract)
        start = window.instant(line['fulfill_time'], 'start')
        rows = self.own(map(json.loads, texts[0].splitlines()), line, 'lease_id')
        values = {row['meter']: row['value'] for row in rows}
        held = window.instant(line['expire_time'], 'end') - start
        self.assertEqual(
            {
                'host-type-seconds': int(held.total_seconds()),
                'bare-metal-compute-seconds': 600 + 300 + 30 + 120,
            },
            values,
        )
        rows = self.own(map(json.loads, texts[0].splitlines()), unknown, 'lease_id')
        self.assertEqual(['host-type-seconds'], [row['meter'] for row in rows])

    # CloudKitty's

    def test_frames_are_pushed_once_whatever_is_lost(self):
        for _ in range(3):
            self.served(1)
        kitty = CloudKitty()
        url = self.useFixture(market_fixtures.Served(kitty)).url
        kitty.faults = ['refused', 'lost']
        self.useFixture(
            fixtures.MonkeyPatch(
                'market.exports.cloudkitty.Push.__init__.__defaults__',
                (tenacity.wait_none(), 5),
            )
        )
        self.useFixture(fixtures.MonkeyPatch('market.exports.cloudkitty._PAGE', 2))
        printed = io.StringIO()
        self.useFixture(fixtures.MonkeyPatch('sys.stdout', printed))
        for _ in range(2):
            arguments = ['export', 'cloudkitty', '--month', self.month]
            self.run_export([*arguments, '--endpoint', url])
        first, second = map(json.loads, printed.getvalue().splitlines())
        self.assertGreaterEqual(first['transfers'], 3)
        self.assertEqual(0, second['pushed'])
        # Once before each try, a page or two of frames, and not frame by frame.
        pages = -(-first['transfers'] // 2)
        self.assertEqual(2 + 2 * pages, kitty.asked)
        found = collections.Counter(
            point['groupby']['id']
            for frame in kitty.frames
            for point in frame['usage'][cloudkitty.METRIC]
        )
        self.assertEqual({1}, set(found.values()))
        path = f'/v1/statements/{self.month}'
        statement = self.good(self.market(RENTER).get(path), 200)
        billed = {
            each['transfer_uuid']: -decimal.Decimal(each['amount'])
            for each in statement['lines']
            if each['role'] == 'renter'
        }
        pushed = {
            point['groupby']['id']: decimal.Decimal(str(point['rating']['price']))
            for frame in kitty.frames
            for point in frame['usage'][cloudkitty.METRIC]
            if point['groupby']['project_id'] == 'umbrella'
        }
        self.assertEqual(billed, pushed)

    # Prometheus'

    def test_what_is_booked_is_counted(self):
        def counted(name, **labels):
            found = prometheus_client.REGISTRY.get_sample_value(name, labels)
            return found or 0

        names = ('flocx_ledger_transfers_total', 'flocx_ledger_credits_total')
        before = [counted(name, type='usage') for name in names]
        seconds = counted('flocx_ledger_served_seconds_total')
        line = self.served(2, price='1.5')
        after = [counted(name, type='usage') for name in names]
        self.assertEqual(1, after[0] - before[0])
        served, amount = self.billed(line)
        self.assertAlmostEqual(float(amount), after[1] - before[1], 6)
        self.assertEqual(served, counted('flocx_ledger_served_seconds_total') - seconds)


def _billed(row):
    return row['SU Hours (GBhr or SUhr)'], row['Rate'], row['Cost']

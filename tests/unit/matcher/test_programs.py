# SPDX-License-Identifier: Apache-2.0
"""The programs read and write what the documentation says."""

import contextlib
import io
import json
import pathlib
import re
import unittest
from unittest import mock

from matcher import book
from matcher import clear
from matcher import diagnostics
from matcher import marketfile
from matcher import mechanisms
from matcher import plugins
from matcher.mechanisms import call
from tests.unit.matcher import markets

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / 'doc/source/admin/engine.rst'


def example(number):
    """The JSON blocks of the page, in order."""
    blocks = re.findall(
        r'\.\. code-block:: json\n\n((?:   .*\n|\n)+)', PAGE.read_text()
    )
    return json.loads(blocks[number])


def run(payload, *argv):
    """The status, the output and the errors of flocx-matcher-clear."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch('sys.stdin', io.StringIO(payload)),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        status = clear.main(list(argv))
    return status, out.getvalue(), err.getvalue()


class ClearTest(unittest.TestCase):
    def test_the_documented_market_gives_the_documented_result(self):
        status, out, _ = run(json.dumps(example(0)), '--moves', '50')
        result = json.loads(out)
        del result['seconds']
        expected = example(1)
        del expected['seconds']
        self.assertEqual((0, expected), (status, result))

    def test_same_input_and_seed_give_the_same_bytes(self):
        payload = json.dumps(example(0))
        first, second = (
            json.loads(run(payload, '--moves', '50', '--seed', '7')[1])
            for _ in range(2)
        )
        first['seconds'] = second['seconds'] = 0
        self.assertEqual(first, second)

    def test_what_is_wrong_is_named(self):
        payload = example(0)
        payload['bids'][0]['price'] = 1.5
        status, _, err = run(json.dumps(payload))
        self.assertEqual(1, status)
        self.assertIn('bids[0].price', err)

    def test_what_is_written_can_be_read(self):
        market = marketfile.read(example(0))
        again = marketfile.read(json.loads(json.dumps(marketfile.written(market))))
        self.assertEqual(set(market.bids), set(again.bids))
        self.assertEqual(
            [market.free(each) for each in market.offers],
            [again.free(each) for each in again.offers],
        )


class InstalledTest(unittest.TestCase):
    def test_every_mechanism_says_what_it_is(self):
        for namespace in (plugins.ALLOCATIONS, plugins.PRICINGS):
            for name, kind in plugins.installed(namespace):
                self.assertEqual(name, kind.NAME)
                self.assertTrue(kind.DESCRIPTION)
                self.assertTrue(kind.__doc__)


class WhyTest(unittest.TestCase):
    def test_sealed_prices_stay_sealed(self):
        """What a bidder is told is the same whatever the other bid offers."""
        payload = []
        for price in ('5', '6.5'):
            market = book.Book(
                markets.NOW,
                [markets.make_offer(0, price='1')],
                {},
                [
                    markets.make_bid(0, price='2'),
                    markets.make_bid(1, price=price, project_id='green'),
                ],
            )
            status = call.Call().allocate(
                market, mechanisms.Budget(seconds=None, moves=20)
            )
            payload.append(diagnostics.unmatched(market, status.awards))
        self.assertEqual(payload[0], payload[1])
        self.assertEqual(['b0'], [each.bid_uuid for each in payload[0]])

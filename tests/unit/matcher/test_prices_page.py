# SPDX-License-Identifier: Apache-2.0
"""The examples of the page on prices are computed.

The awards are those of the default allocation, or of ``exact`` where the page says so.
"""

import decimal
import pathlib
import re
import unittest

from matcher import book
from matcher import mechanisms
from matcher import plugins
from matcher.mechanisms import call
from matcher.mechanisms import exact
from tests.unit.matcher import markets

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / 'doc/source/user/prices.rst'
HOUR, HOURS = 3600, 10
ALLOCATIONS = {'': call.Call(), 'exact': exact.Exact()}
BUDGET = mechanisms.Budget(seconds=None, moves=1000)

_BLOCK = re.compile(r'^( *)\.\. code-block:: text\n\n((?:\1   .*\n)+)', re.MULTILINE)
_SERVER = re.compile(r'server asks (\S+)')
_BID = re.compile(
    r'(?P<name>\w+) offers (?P<price>[\d.]+)(?: from (?P<start>\d+) to (?P<end>\d+))?'
    r'(?: for (?P<quantity>\d+))?: (?:pays (?P<paid>.+)|gets nothing)'
)


def examples():
    """The rule and the lines of each example of the page."""
    for _, block in _BLOCK.findall(PAGE.read_text()):
        rule, *lines = (line.strip() for line in block.splitlines())
        yield rule, lines


def read(lines):
    """The market that the lines describe, and what each bid pays by its name."""
    offers, bids, expected = [], [], {}
    for line in lines:
        if found := _SERVER.fullmatch(line):
            number = len(offers)
            end = HOURS * HOUR
            offers.append(markets.make_offer(number, end=end, price=found[1]))
            continue
        found = _BID.fullmatch(line)
        quantity = int(found['quantity'] or 1)
        bids.append(
            markets.make_bid(
                len(bids),
                int(found['start'] or 0) * HOUR,
                int(found['end'] or HOURS) * HOUR,
                found['price'],
                uuid=found['name'],
                project_id=found['name'],
                quantity=quantity,
                min_quantity=quantity,
            )
        )
        if found['paid']:
            prices = re.split(' and ', found['paid'])
            expected[found['name']] = tuple(map(decimal.Decimal, prices))
    return book.Book(markets.NOW, offers, {}, bids), expected


class PricesPageTest(unittest.TestCase):
    def test_every_example_is_what_the_rule_computes(self):
        found = list(examples())
        for rule, lines in found:
            with self.subTest(rule=rule, lines=lines):
                market, expected = read(lines)
                rule, _, allocation = rule.partition(' with ')
                best = ALLOCATIONS[allocation].allocate(market, BUDGET)
                pricing = plugins.with_parameters(plugins.PRICINGS, rule, {})
                settled = pricing.settle(market, best)
                paid = {
                    award.bid.uuid: rates
                    for award, rates in zip(settled.awards, settled.pays, strict=True)
                }
                self.assertEqual(expected, paid)
        self.assertGreater(len(found), 10)

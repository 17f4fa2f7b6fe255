# SPDX-License-Identifier: Apache-2.0
"""What the instruments say of what they have measured."""

import dataclasses
import pathlib
import unittest

from benchmarks import deployed
from benchmarks import growth
from benchmarks import latency
from benchmarks import scaling


class GrowthTest(unittest.TestCase):
    def test_the_exponent_is_that_of_a_power_law(self):
        for power in (0, 0.5, 1, 2):
            points = [(size, 3e-4 * size**power) for size in growth.SIZES]
            self.assertAlmostEqual(power, growth.exponent(points))

    def test_what_nobody_waits_for_is_said(self):
        found = {'show': {10: 0.001, 100: 0.001}, 'rebuild': {10: 0.1, 100: 1.0}}
        summary = growth.report(found)['operations']
        self.assertEqual(
            (0, True), (summary['show']['exponent'], summary['show']['waited'])
        )
        self.assertEqual(1, summary['rebuild']['exponent'])
        self.assertFalse(summary['rebuild']['waited'])
        self.assertEqual({10: 100.0, 100: 1000.0}, summary['rebuild']['median_ms'])


class SummaryTest(unittest.TestCase):
    def test_quantiles_are_values_that_were_measured(self):
        values = [number / 1000 for number in range(100, 0, -1)]
        summary = deployed.summary(values)
        self.assertEqual(
            {'count': 100, 'median_ms': 50, 'p99_ms': 99, 'most_ms': 100}, summary
        )
        self.assertEqual(7, deployed.quantile([7], 0.99))
        self.assertEqual({'count': 0}, deployed.summary([]))


class LatencyTest(unittest.TestCase):
    PLACED = {'a': (10.0, 10.01), 'b': (11.0, 11.01)}

    def test_from_when_a_bid_was_due(self):
        summary = latency.report(
            self.PLACED, {'a': 10.03, 'b': 11.2}, {'a': 10.05, 'b': 11.21}
        )
        self.assertEqual((30, 200), self.of(summary['contract']))
        self.assertEqual((10, 20), self.of(summary['event']))
        self.assertTrue(summary['reached'])

    def test_a_bid_without_a_contract_misses_the_target(self):
        summary = latency.report(self.PLACED, {'a': 10.03}, {})
        self.assertEqual((1, 1), (summary['missed'], summary['unheard']))
        self.assertFalse(summary['reached'])

    def test_who_hears_of_it_before_it_is_seen_waits_no_negative_time(self):
        summary = latency.report(
            self.PLACED, {'a': 10.03, 'b': 11.02}, {'a': 10.0, 'b': 11.02}
        )
        self.assertEqual((0, 0), self.of(summary['event']))

    @staticmethod
    def of(summary):
        return summary['median_ms'], summary['p99_ms']


if __name__ == '__main__':
    unittest.main()


class ScalingTest(unittest.TestCase):
    SIZES = ((10, 1000), (100, 10_000), (1000, 10_000))

    def test_the_page_has_what_the_model_says(self):
        page = (
            pathlib.Path(__file__).parents[2] / 'doc/source/admin/scaling.rst'
        ).read_text()
        needed = [scaling.needs(scaling.Workload(*size)) for size in self.SIZES]
        for name in needed[0]:
            row = [
                f'   * - ``{name}``',
                *(f'     - {each[name]:.2f}' for each in needed),
            ]
            self.assertIn('\n'.join(row), page)
        most, first = scaling.largest(scaling.Workload(), 64, 4000)
        self.assertIn(f'{most:,} deployments of 10,000 servers', page)
        self.assertEqual('disk of each', first)
        for name, cost in scaling.COSTS.items():
            self.assertIn(
                f'     - {cost.api:.1f}\n     - {cost.database:.1f}\n', page, name
            )

    def test_twice_as_many_servers_need_twice_as_much(self):
        once, twice = (
            scaling.needs(scaling.Workload(servers=servers)) for servers in (500, 1000)
        )
        for name in set(once) - {'feed'}:
            self.assertAlmostEqual(2 * once[name], twice[name])
        self.assertEqual(once['feed'], twice['feed'])

    def test_what_is_full_at_the_most_is_full(self):
        for kept_days in (1, 90, 3650):
            workload = scaling.Workload(kept_days=kept_days)
            most, first = scaling.largest(workload, 16, 1000)
            for deployments, fits in ((most, True), (most + 1, False)):
                full = dataclasses.replace(workload, deployments=deployments)
                used = scaling.shares(scaling.needs(full), 16, 1000)
                self.assertEqual(first, max(used, key=used.get))
                self.assertEqual(fits, used[first] <= 1)

# SPDX-License-Identifier: Apache-2.0
import datetime
import types
import unittest
from unittest import mock

from flocx import exceptions
from provider import heartbeat
from provider import marketplace

NOON = datetime.datetime(2027, 1, 1, 12, tzinfo=datetime.UTC)


class HeartbeatTest(unittest.TestCase):
    def beats(self, fulfil_interval, moments):
        """The intervals that are stated by passes at ``moments``, in seconds."""
        market = mock.create_autospec(marketplace.Marketplace, instance=True)
        conf = types.SimpleNamespace(fulfil_interval=fulfil_interval)
        beating, told = heartbeat.Heartbeat(conf, market), []
        for seconds in moments:
            before = market.present.call_count
            beating.beat(NOON + datetime.timedelta(seconds=seconds))
            if market.present.call_count > before:
                told.append(seconds)
        (interval,) = {call.args[0] for call in market.present.call_args_list}
        return interval, told

    def test_it_is_told_at_a_bounded_rate_however_often_there_is_a_pass(self):
        self.assertEqual((60, [0, 30, 60, 90]), self.beats(0.1, range(100)))

    def test_passes_that_are_rare_are_each_told(self):
        self.assertEqual((900, [0, 900, 1800]), self.beats(900, (0, 900, 1800)))

    def test_a_clock_that_was_put_back_does_not_make_it_silent(self):
        self.assertEqual((60, [0, -3600]), self.beats(10, (0, -3600)))

    def test_a_market_that_does_not_answer_keeps_no_pass_from_its_work(self):
        market = mock.create_autospec(marketplace.Marketplace, instance=True)
        market.present.side_effect = exceptions.Unavailable('away')
        conf = types.SimpleNamespace(fulfil_interval=10)
        heartbeat.Heartbeat(conf, market).beat(NOON)
        market.present.assert_called_once_with(60)

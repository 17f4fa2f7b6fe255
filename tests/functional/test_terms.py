# SPDX-License-Identifier: Apache-2.0
"""The terms of contracts are configured at the market, and nowhere else."""

import datetime

from oslo_config import cfg
import sqlalchemy as sa

from flocx import config
from flocx.core import contract as contract_core
from flocx.core import turnaround
from market import terms as market_terms
from market.db import schema
from market.db import terms
from matcher import conf as matcher_conf
from matcher import rounds
from tests.functional import base

HOUR = datetime.timedelta(hours=1)


class TermsTest(base.MarketplaceTestCase):
    def setUp(self):
        super().setUp()
        self.kind = self.id().rpartition('.')[2]
        self.addCleanup(self.configure, turnaround=0)

    def configure(self, **values):
        """The market's operator changes the options, and starts a process."""
        for name, value in values.items():
            self.marketplace.conf.set_override(name, value, 'contracts')
            self.addCleanup(self.marketplace.conf.clear_override, name, 'contracts')
        market_terms.publish_at_start(self.marketplace.conf)

    def engine(self, text=''):
        """An engine with a configuration of its own."""
        path = self.marketplace.folder / 'matcher.conf'
        path.write_text('[matcher]\nround_seconds = 0.2\n' + text)
        conf = cfg.ConfigOpts()
        config.register(conf)
        matcher_conf.register(conf)
        conf(['--config-file', str(path)])
        return rounds.Rounds(conf, self.marketplace.database)

    def sell(self, engine, start, hours):
        """Begin and end of the contract that a bid gets, or None."""
        bid = self.bid(
            resource_class=self.kind,
            start_time=self.time(start),
            hours=start + hours,
            duration=3600,
        )
        engine.run(self.clock())
        uuid = self.show('bids', bid['uuid'])['contract_uuid']
        if uuid is None:
            self.good(
                self.market('umbrella-member').delete(f'/v1/bids/{bid["uuid"]}'), 204
            )
            return None
        contract = self.show('contracts', uuid)
        return base.parsed(contract['start_time']) - self.began.replace(microsecond=0)

    def published(self):
        with self.marketplace.database.reader() as session:
            return terms.published(session)

    def test_an_engine_keeps_to_what_the_market_publishes(self):
        self.configure(turnaround=1800)
        self.offer(node=self.add_node(resource_class=self.kind), hours=48)
        engine = self.engine()
        self.assertEqual(10 * HOUR, self.sell(engine, 10, 1))
        # An hour, but not half an hour from the contract before it.
        self.assertIsNone(self.sell(engine, 11, 1.25))
        self.assertEqual(11.5 * HOUR, self.sell(engine, 11, 2))
        # As long as it runs, and not only when it starts.
        self.configure(turnaround=0)
        self.assertEqual(12.5 * HOUR, self.sell(engine, 12.5, 1))

    def test_an_option_of_the_engine_is_ignored_and_said_to_be(self):
        self.configure(turnaround=60)
        engine = self.engine('[contracts]\nturnaround = 7200\n')
        with self.assertLogs('matcher.terms', 'WARNING') as logged:
            engine.run(self.clock())
            engine.run(self.clock())
        (line,) = logged.output
        for part in ('[contracts] turnaround = 7200', 'ignored', '60'):
            self.assertIn(part, line)
        self.assertEqual(turnaround.Turnaround(60), engine._reader.turnaround)

    def test_before_a_market_of_this_release_starts_the_option_holds(self):
        with self.marketplace.database.writer() as session:
            session.execute(sa.delete(schema.contract_terms))
        engine = self.engine('[contracts]\nturnaround = 7200\n')
        engine.run(self.clock())
        self.assertEqual(turnaround.Turnaround(7200), engine._reader.turnaround)

    def test_a_market_that_starts_before_its_database_publishes_later(self):
        self.configure(turnaround=0)
        conf = self.marketplace.conf
        connection = conf.database.connection
        conf.set_override('turnaround', 300, 'contracts')
        conf.set_override('connection', 'sqlite:////nowhere/at/all', 'database')
        with self.assertLogs('market.terms', 'INFO'):
            market_terms.publish_at_start(conf)
        conf.set_override('connection', connection, 'database')
        self.assertEqual(0, self.published().turnaround)
        self.good(self.market('acme-member').get('/v1/offers'), 200)
        self.assertEqual(
            contract_core.Terms(turnaround=300, max_lead=7776000), self.published()
        )


class FirstUseTest(base.MarketplaceTestCase):
    def test_the_first_use_may_be_within_a_transaction(self):
        node = self.add_node()
        self.offer(node=node, start_time=self.time(1), hours=3)
        # What is left of the second one is reckoned where it is written.
        second = self.offer(node=node, start_time=self.time(5), hours=7)
        self.assertEqual('available', second['status'])

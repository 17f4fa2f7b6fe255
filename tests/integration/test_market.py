# SPDX-License-Identifier: Apache-2.0
"""What depends on how a database locks: the market's tests on those of sites."""

from tests.functional import test_feed
from tests.functional import test_idempotency
from tests.functional import test_lists
from tests.functional import test_publishing
from tests.functional import test_replacement
from tests.integration import daemons
from tests.integration import test_databases


class MariaDBIdempotencyTest(test_databases.MarketOn, test_idempotency.IdempotencyTest):
    DAEMON = daemons.MariaDB


class PostgreSQLIdempotencyTest(
    test_databases.MarketOn, test_idempotency.IdempotencyTest
):
    DAEMON = daemons.PostgreSQL


class MariaDBSeveralTest(test_databases.MarketOn, test_idempotency.SeveralTest):
    DAEMON = daemons.MariaDB


class PostgreSQLSeveralTest(test_databases.MarketOn, test_idempotency.SeveralTest):
    DAEMON = daemons.PostgreSQL


class MariaDBFeedTest(test_databases.MarketOn, test_feed.FeedTest):
    DAEMON = daemons.MariaDB


class PostgreSQLFeedTest(test_databases.MarketOn, test_feed.FeedTest):
    DAEMON = daemons.PostgreSQL


class MariaDBFilterTest(test_databases.MarketOn, test_lists.FilterTest):
    DAEMON = daemons.MariaDB


class PostgreSQLFilterTest(test_databases.MarketOn, test_lists.FilterTest):
    DAEMON = daemons.PostgreSQL


class MariaDBPublishingTest(test_databases.MarketOn, test_publishing.PublishingTest):
    DAEMON = daemons.MariaDB


class PostgreSQLPublishingTest(test_databases.MarketOn, test_publishing.PublishingTest):
    DAEMON = daemons.PostgreSQL


class MariaDBReplacementTest(test_databases.MarketOn, test_replacement.ReplacementTest):
    DAEMON = daemons.MariaDB


class PostgreSQLReplacementTest(
    test_databases.MarketOn, test_replacement.ReplacementTest
):
    DAEMON = daemons.PostgreSQL

# SPDX-License-Identifier: Apache-2.0
"""Send what happens to whoever has a webhook for it: at least once, and in order.

How far each receiver is, stands in the database, so that nothing is left out whatever
dies when. Each is by itself: one that does not answer waits, longer each time, and is
sent to by threads that receivers which answer do not need.
"""

from concurrent import futures
import datetime
import random
import threading
import time

from oslo_log import log
from oslo_utils import timeutils

from flocx import db
from flocx import metrics
from flocx.core import webhook as core
from flocx.core import window
from market.db import events
from market.db import webhooks
from market.webhooks import http_sender

LOG = log.getLogger(__name__)

#: How many events of a receiver are read at a time.
_BATCH = 100
#: For how many seconds a receiver is sent to before others have their turn, and after
#: how many it is among the slow ones.
_TURN, _SLOW = 10, 2
#: For how many seconds other workers stay away from a receiver whose worker has died:
#: longer than a turn, the last request of it and the look-up of its name.
_LOCK = 120


class Dispatcher:
    """Sends events to receivers; :meth:`run` is a step of a loop."""

    def __init__(self, conf, database, senders, clock=timeutils.utcnow):
        """What sends the events of one database.

        :param conf: the group ``[webhooks]``.
        :param senders: {whether it is for e-mail: what has ``send(webhook, event)``}.
        :param clock: called with ``with_timezone=True``, returns aware UTC.
        """
        self._conf, self._database, self._senders = conf, database, senders
        self._clock = clock
        slow = conf.workers // 2
        self._pools = {
            False: futures.ThreadPoolExecutor(conf.workers - slow, 'webhooks'),
            True: futures.ThreadPoolExecutor(slow, 'webhooks-slow'),
        }
        self._lock = threading.Lock()
        #: {uuid: when it is due}, and those that somebody is at now.
        self._due, self._busy = {}, set()
        #: Those that failed, or were slow.
        self._slow = set()
        self._last = None

    def run(self, now):
        """Send what is new, and what is due again; return when to look next."""
        self._find(now)
        with self._lock:
            due = sorted(
                uuid
                for uuid, moment in self._due.items()
                if moment <= now and uuid not in self._busy
            )
            for uuid in due:
                del self._due[uuid]
            self._busy.update(due)
        for uuid in due:
            self._pools[uuid in self._slow].submit(self._take_turn, uuid)
        return now + datetime.timedelta(seconds=self._conf.interval)

    def start(self):
        """Nothing: its threads begin with the first request."""

    def stop(self):
        """Wait for the requests that are under way."""
        for pool in self._pools.values():
            pool.shutdown(cancel_futures=True)

    def _find(self, now):
        """Note who may have something to be sent."""
        with self._database.reader() as session:
            if self._last is None:
                self._last = events.last_id(session)
                found = webhooks.behind(session, self._last)
            else:
                found = self._of_new_events(session)
            metrics.RECEIVERS_FAILING.set(webhooks.failing(session))
        with self._lock:
            for uuid, moment in found.items():
                self._due.setdefault(uuid, moment or now)

    def _of_new_events(self, session):
        projects = set()
        while rows := events.parties(session, self._last):
            projects |= {party for row in rows for party in row[1:] if party}
            self._last = rows[-1].id
        return webhooks.of_projects(session, projects) if projects else {}

    def _take_turn(self, uuid):
        again = None
        try:
            again = self._turn(uuid)
        except Exception:
            LOG.exception('Webhook %s is tried again', uuid)
            again = self._now() + datetime.timedelta(seconds=self._conf.retry_interval)
        finally:
            with self._lock:
                self._busy.discard(uuid)
                if again is not None:
                    self._due[uuid] = again

    def _turn(self, uuid):
        """Send to a receiver for a while.

        :returns: when it is due again; None: with the next event.
        """
        now = self._now()
        webhook, is_there = self._locked(uuid, now)
        if webhook is None:
            # Another worker is at it; or it is disabled, or gone.
            pause = datetime.timedelta(seconds=self._conf.interval)
            return now + pause if is_there else None
        try:
            if webhook.next_attempt_time and webhook.next_attempt_time > now:
                # Another worker has tried meanwhile.
                return webhook.next_attempt_time
            return self._send_all(webhook)
        finally:
            self._unlock(uuid)

    def _send_all(self, webhook):
        """Send what there is, for a while; return as :meth:`_turn` does."""
        until = time.monotonic() + _TURN
        while True:
            rows, last = self._read(webhook)
            for row in rows:
                again = self._send(webhook, row)
                if again is not None:
                    return again
                webhook = self._delivered(webhook, row.id)
                if webhook is None:
                    # Somebody has changed it: they begin anew.
                    return self._now()
                if time.monotonic() > until:
                    return self._now()
            if len(rows) < _BATCH:
                # What was not for it need not be looked at again.
                if last > webhook.last_event_id:
                    self._delivered(webhook, last)
                return None

    def _send(self, webhook, row):
        """Send one event; when it is tried again, None where it was taken.

        What is not wanted is taken without being sent.
        """
        if not webhook.wants(row.type, row.object_uuid):
            return None
        begun = time.monotonic()
        try:
            self._senders[webhook.is_mail].send(webhook, _event(row, webhook))
        except http_sender.NotTaken as error:
            self._slow.add(webhook.uuid)
            _count(webhook, 'failed')
            return self._failed(webhook, error)
        _count(webhook, 'ok')
        slow = time.monotonic() - begun > _SLOW
        (self._slow.add if slow else self._slow.discard)(webhook.uuid)
        return None

    # The transactions, of which none is open while something is sent.

    @db.retried
    def _locked(self, uuid, now):
        with self._database.writer() as session:
            webhook = webhooks.lock(session, uuid, now, _LOCK)
            return webhook, webhook or webhooks.is_enabled(session, uuid)

    @db.retried
    def _unlock(self, uuid):
        with self._database.writer() as session:
            webhooks.unlock(session, uuid)

    def _read(self, webhook):
        """Events that come next, and the last id that was looked at."""
        with self._database.reader() as session:
            until = events.last_id(session)
            rows = events.of_project(
                session, webhook.project_id, webhook.last_event_id, until, _BATCH
            )
        return rows, until

    @db.retried
    def _delivered(self, webhook, event_id):
        """The webhook after it has an event; None where it was changed or is gone."""
        with self._database.writer() as session:
            return webhooks.delivered(session, webhook, event_id)

    @db.retried
    def _failed(self, webhook, error):
        now = self._now()
        longest = datetime.timedelta(days=self._conf.give_up_days)
        since = webhook.failing_since
        reason = str(error)[:255]
        # It keeps receivers apart that failed together; nobody gains by guessing it.
        draw = random.random()  # noqa: S311
        seconds = core.pause(
            webhook.attempts + 1,
            self._conf.retry_interval,
            self._conf.retry_max_interval,
            draw,
        )
        until = now + datetime.timedelta(seconds=seconds)
        with self._database.writer() as session:
            if error.is_final or (since and error.counts and now - since >= longest):
                LOG.warning('Webhook %s is disabled: %s', webhook.uuid, reason)
                webhooks.give_up(session, webhook, reason, now)
                return now
            webhooks.failed(session, webhook, now, until, reason, counts=error.counts)
        LOG.info('Webhook %s has failed: %s', webhook.uuid, reason)
        return until

    def _now(self):
        return self._clock(with_timezone=True)


def _count(webhook, outcome):
    receiver = 'mail' if webhook.is_mail else 'http'
    metrics.DELIVERIES.labels(receiver, outcome).inc()


def _event(row, webhook):
    """An event as it is sent, JSON: as ``GET /v1/events`` has it, and to whom."""
    return {
        'id': row.id,
        'type': row.type,
        'time': window.text(row.time),
        'object_type': row.object_type,
        'object_uuid': row.object_uuid,
        'project_id': row.project_id,
        'owner_id': row.owner_id,
        'payload': row.payload,
        'webhook_uuid': webhook.uuid,
    }

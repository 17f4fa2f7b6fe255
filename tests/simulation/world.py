# SPDX-License-Identifier: Apache-2.0
"""One world: its processes, who is in it, and what happens next."""

import contextlib
import datetime
import decimal
import functools
import gc
import logging
from unittest import mock
import urllib.parse
import uuid

from oslo_db import api as oslo_db_api
import requests
import sqlalchemy as sa
from tenacity import nap

from flocx import exceptions
from flocx import rpcapi
from flocx.core import ledger as ledger_core
from market.db import ledger
from market.db import schema
from matcher import endpoints as matcher_endpoints
from matcher import rounds
from provider import backoff
from provider import endpoints as provider_endpoints
from provider import fulfilment
from provider import nodes
from provider import reconciliation
from tests.simulation import audit
from tests.simulation import changes
from tests.simulation import invariants
from tests.simulation import ironic
from tests.simulation import network
from tests.simulation import people
from tests.simulation import processes
from tests.simulation import scheduler
from tests.simulation import stage
from tests.simulation import storm

_BEGIN = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)
#: What lessees write on a node, or have Ironic do to it, besides deploying.
_WRITTEN = ('extra', 'an allocation', 'maintenance')
_STAGES = []


class World:
    """What follows from ``seed``; ``wrong`` is what did not hold in the end."""

    def __init__(self, seed, steps=220):
        self._stage = _the_stage()
        self._stage.world, self._steps, self._seed = self, steps, seed
        self.storm, self.now = storm.Storm(seed), _BEGIN
        self.tasks = scheduler.Scheduler(self.storm)
        self.network = network.Network(self.tasks, self.storm)
        self.room = ironic.Room(self.tasks, self.storm, lambda: self.now)
        self.people = people.People(self)
        self.changes = changes.Changes(self, seed)
        self._crowd = scheduler.Process('people')
        self._processes = {
            name: [scheduler.Process(f'{name}-{number}') for number in (1, 2)]
            for name in ('market', 'provider', 'engine', 'fulfiller')
        }
        self._loops, self._listening = {}, {}
        self.wrong, self._actions_left, self._drafts = [], 24, 0

    def run(self):
        """Live; return what does not hold."""
        with self._rules():
            self._prepare()
            for _ in range(self._steps):
                self.changes.step()
                self._next()
            self._rest()
        return self.wrong

    @contextlib.contextmanager
    def _rules(self):
        """Everything that would be left to chance or to the wall follows from us."""
        handler = processes.Failures(self)
        with contextlib.ExitStack() as stack:
            executor = scheduler.Executor(self.tasks)
            waits = functools.partial(backoff.Backoff, draw=self.storm.draw)
            time = processes.Time(self)
            for target, name, value in (
                (uuid, 'uuid4', lambda: uuid.UUID(self.storm.uuid())),
                (oslo_db_api, 'time', time),
                (rounds, 'time', time),
                (nap, 'time', time),
                (fulfilment.futures, 'ThreadPoolExecutor', executor),
                (fulfilment.backoff, 'Backoff', waits),
            ):
                stack.enter_context(mock.patch.object(target, name, value))
            logging.getLogger().addHandler(handler)
            stack.callback(logging.getLogger().removeHandler, handler)
            stack.callback(self.tasks.end)
            yield

    def _prepare(self):
        database = self._stage.database
        database.tasks = database.storm = None
        with database.engine.begin() as connection:
            for name in audit.triggers():
                connection.exec_driver_sql(f'DROP TRIGGER IF EXISTS {name}')
            for table in reversed(schema.metadata.sorted_tables):
                if table not in (schema.event_sequence, schema.ledger_state):
                    connection.execute(sa.delete(table))
            connection.execute(sa.update(schema.event_sequence).values(last=0))
            turnaround = self.storm.pick((0, 0, 60))
            longest = self.storm.pick((0, 0, 900))
            audit.begin(connection, turnaround)
            for text in audit.triggers().values():
                connection.exec_driver_sql(text)
        conf = self._stage.conf
        conf.set_override('turnaround', turnaround, group='contracts')
        conf.set_override('max_turnaround', longest, group='contracts')
        conf.set_override('notice', self.storm.pick((0, 300, 900)), group='contracts')
        self._stage.terms.publish()
        self._stage.organisations.forget()
        self._fund(conf, database)
        database.tasks, database.storm = self.tasks, self.storm
        self._first = self.storm.pick((2, 3, 5))
        for number in range(self._first):
            self.room.add(
                nodes.Node(
                    uuid=f'node-{number}',
                    owner=people.OWNERS[number % 2],
                    resource_class=self.storm.pick(('large', 'small')),
                    properties={'cpus': self.storm.pick((16, 64))},
                )
            )
        self.changes.prepare()
        for name in ('engine', 'fulfiller'):
            for process in self._processes[name]:
                self._start(process)
        self.changes.begin()

    def _fund(self, conf, database):
        """Every second world has budgets, which in some of these are soon spent."""
        conf.set_override('enforce', self._seed % 2 == 0, group='ledger')
        amount = decimal.Decimal(30 if self._seed % 10 == 8 else 100_000)
        with database.writer() as session:
            for project in people.RENTERS:
                account = ledger.open_account(
                    session, ledger_core.AccountType.PROJECT, project, self.now
                )
                # Nothing of it is left to chance: the storm is what it would be.
                grant = ledger_core.Transfer(
                    uuid=account.uuid,
                    type=ledger_core.TransferType.GRANT,
                    debit=ledger_core.OPERATOR,
                    credit=account.uuid,
                    amount=amount,
                    month=ledger_core.month(self.now),
                    time=self.now,
                )
                ledger.book(session, [grant], self.now)

    def _start(self, process):
        """Begin the life of an engine or a fulfiller, with nothing in its memory."""
        conf, provider = self._stage.conf, self._stage.provider
        if process in self._processes['engine']:
            loop = processes.Loop(self, process, 'round', conf.matcher.round_interval)
            clearing = rounds.Rounds(conf, self._stage.database)
            loop.step = functools.partial(self._clear, clearing)
            listener = matcher_endpoints.Endpoints(loop, clearing)
            self._loops[process], topic = [loop], rpcapi.MatcherAPI.TOPIC
        else:
            parts = provider.nodes, provider.marketplace
            loop = processes.Loop(
                self, process, 'fulfilment', conf.provider.fulfil_interval
            )
            loop.step = fulfilment.Fulfilment(conf, *parts, clock=self._clock).run
            looking = processes.Loop(
                self, process, 'reconciliation', conf.provider.reconcile_interval
            )
            looking.step = reconciliation.Reconciliation(
                conf, *parts, clock=self._clock
            ).run
            listener = provider_endpoints.Endpoints(loop)
            self._loops[process] = [loop, looking]
            topic = rpcapi.ProviderAPI.topic(stage.PROVIDER)
        self._listening[process] = topic, listener

    def _clock(self, with_timezone=True):
        return self.now

    # What happens next

    def _next(self):
        ready = [loop for loops in self._loops.values() for loop in loops if loop.ready]
        chances = {
            self.tasks.step: 20 if self.tasks.runnable() else 0,
            self._deliver: 4 if self.network.waiting else 0,
            self._act: 4 if self._actions_left else 0,
            self._pass_time: 2.5,
            self._machines: 1.5,
            self.room.serve: 1.5 if self.room.waiting else 0,
            self._crash: 1,
            lambda: self.storm.pick(ready).start(): 2 if ready else 0,
        }
        self.storm.weighted(chances)()

    def _deliver(self):
        listeners = {}
        for topic, listener in self._listening.values():
            listeners.setdefault(topic, []).append(listener)
        self.network.deliver(listeners)

    def _act(self):
        self._actions_left -= 1
        name = self.storm.weighted(self.people.ACTIONS)
        if self._first:
            # Where nothing is on offer nothing can happen.
            self._first, name = self._first - 1, 'publish'
        self.tasks.spawn(self._crowd, name, getattr(self.people, name))

    def act(self, name, action, *arguments):
        """Let somebody begin with something, from which others do not keep them."""
        task = functools.partial(action, *arguments)
        self.tasks.spawn(self._crowd, name, task)

    def _pass_time(self):
        seconds = self.storm.pick((1, 1, 10, 60, 600, None, None))
        # Most happens where something begins or ends.
        soon = None if seconds else self._next_moment()
        self.now = soon or self.now + (seconds or 1) * storm.Storm.SECOND
        self.tasks.note(f'it is {self.now:%d %H:%M:%S}')
        self.room.work()

    def _machines(self):
        """Lessees ask Ironic for this and that, and now and then somebody meddles."""
        for uuid_ in self.room.uuids():
            if self.room.now(uuid_).lessee and self.storm.toss():
                self.room.ask(
                    uuid_, self.storm.pick(('deploy', 'deploy', 'media', *_WRITTEN))
                )
        uuid_ = self.storm.pick(self.room.uuids())
        if self.storm.strikes('meddling'):
            change = self.storm.pick(
                ({'lessee': None}, {'maintenance': True}, {'maintenance': False})
            )
            self.tasks.note(f'somebody changes {uuid_}: {change}')
            self.room.meddle(uuid_, **change)

    def _crash(self):
        if not self.storm.strikes('crash'):
            return
        process = self.storm.pick(
            [each for all_ in self._processes.values() for each in all_]
        )
        self.tasks.note(f'{process.name} dies')
        process.crash()
        self.network.crashed(process)
        if process in self._loops:
            self._start(process)

    # The end

    def _rest(self):
        """Let the storm pass, and see that everything comes to its end."""
        self.storm.calm = True
        self.room.away_until = None
        self._finish()
        self.room.repair()
        self._look()
        self._passes('round', 'fulfilment', 'reconciliation')
        # Of awards that are too close on one server, the second waits for a round; and
        # a round that messages wake looks at no more than what they tell of.
        for _ in range(4):
            idle = not self._drafts
            self._passes('round')
            if idle and not self._drafts:
                break
        self._look(settled=True)
        for number in range(120):
            moment = self._next_moment()
            if moment is None:
                break
            self.now = max(moment, self.now + storm.Storm.SECOND)
            self.room.work()
            if number < 20:
                # Later on nobody puts off any more what has to end.
                self._machines()
                self._reclaim()
            while self.room.waiting:
                self.room.serve()
            self._stop(number)
        self._empty_quarantine()
        self._look(closed=True)

    def _empty_quarantine(self):
        """What no line explains is taken back by and by."""
        for _ in range(10):
            nodes_there = map(self.room.now, self.room.uuids())
            if not any(node.lessee == ironic.QUARANTINE for node in nodes_there):
                break
            self.now += datetime.timedelta(hours=1)
            self.room.work()
            self._passes('reconciliation')
            while self.room.waiting:
                self.room.serve()

    def _reclaim(self):
        """Contracts run by now: an owner may want a server back, or a renter leave."""
        name = self.storm.pick(('reclaim', 'reclaim', 'release', None))
        if name:
            self.tasks.spawn(self._crowd, name, getattr(self.people, name))
            self._finish()

    def _stop(self, number):
        """What there is to do at a moment of the rest; at every fourth, all."""
        due = self._stage.database.due
        if number % 4 == 3:
            self._passes('fulfilment', 'round', 'reconciliation')
        elif due(self.now):
            self._passes('fulfilment')
            if due(self.now):
                # Nobody may get what is still waited for.
                self._passes('round')

    def pass_calmly(self):
        """Let what was begun come to its end, and a round clear, with no fault."""
        self.storm.calm = True
        self._finish()
        self._passes('round')
        self.storm.calm = False

    def _finish(self):
        while self.tasks.drain() or self.network.waiting:
            if self.network.waiting:
                self._deliver()

    def _clear(self, clearing, now):
        done = clearing.run(now)
        self._drafts = done.contracts + done.conflicts

    def _passes(self, *names):
        """One pass of each loop of these names, in the first of its processes."""
        for kind in ('fulfiller', 'engine'):
            for loop in self._loops[self._processes[kind][0]]:
                if loop.name in names:
                    loop.start()
                    self._finish()

    def _next_moment(self):
        """When something that is open begins or ends, or a machine has done."""
        many, soon = self._stage.database.moments(self.now)
        found = self.room.moments()
        if soon:
            found.append(soon)
        if not many:
            return None
        return min((each for each in found if each > self.now), default=self.now)

    def _look(self, settled=False, closed=False):
        checker = invariants.Checker(self._stage.database.engine)
        checker.check(self.people.accepted)
        if settled:
            checker.settled(self.now, self._stage.conf.contracts)
            checker.hardware(
                {uuid_: self.room.now(uuid_).properties for uuid_ in self.room.uuids()}
            )
        if closed:
            checker.closed()
            checker.wrong += self.room.left()
            checker.lessees(
                {uuid_: self.room.now(uuid_).lessee for uuid_ in self.room.uuids()}
            )
            task = self.tasks.spawn(self._crowd, 'usage', self._usage)
            self._finish()
            checker.bills(task.answer)
        self.wrong += [each for each in checker.wrong if each not in self.wrong]

    def _usage(self):
        def text(moment):
            return moment.strftime('%Y-%m-%dT%H:%M:%SZ')

        return self.people.usage(text(_BEGIN), text(self.now))

    def failed(self, error):
        """A part of a service has raised ``error``."""
        if not isinstance(error, processes.EXPECTED):
            self.wrong.append(f'{type(error).__name__}: {error}')

    # What the processes ask each other

    def request(self, service, method, path, headers, body):
        """What ``service`` answers, a webob response.

        :raises Away: nothing.
        """
        processes = self._processes[{'marketplace': 'market'}.get(service, 'provider')]
        application = self._stage.applications[service]
        return self.network.request(processes, application, method, path, headers, body)

    def answer_to_provider(self, method, path, headers, body, params):
        """What the market answers the provider, as the session would give it."""
        if params:
            path = f'{path}?{urllib.parse.urlencode(params)}'
        try:
            response = self.request('marketplace', method, path, headers, body)
        except network.Away as error:
            raise exceptions.Unavailable(f'The market is away: {error}') from None
        answer = requests.Response()
        answer.status_code, answer._content = response.status_int, response.body
        return answer


def _the_stage():
    if not _STAGES:
        _STAGES.append(stage.Stage())
        engine = _STAGES[0].database.engine
        audit.install(engine)
        with engine.begin() as connection:
            # Each world begins with an empty ledger.
            connection.exec_driver_sql('DROP TRIGGER transfers_no_DELETE')
        # It lives as long as the process, with all that was imported for it: nothing
        # that the collector has to walk through again and again.
        gc.collect()
        gc.freeze()
    return _STAGES[0]

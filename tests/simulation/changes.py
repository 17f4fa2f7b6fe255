# SPDX-License-Identifier: Apache-2.0
"""What happens besides: outages, other hardware, Ironic away, alternatives, bundles.

All of it is drawn from random numbers of its own, and happens in some worlds only. The
others are what they were before there was any of this, so that a fault which was
planted is found where it was.
"""

import datetime
import random

from provider import nodes
from tests.simulation import people

#: In such a part of the worlds it happens, and so likely with each step of them.
WORLDS = {'outages': 0.3, 'hardware': 0.3, 'ironic away': 0.2}
STEPS = {'outages': 0.04, 'hardware': 0.02, 'ironic away': 0.02}
AWAY = datetime.timedelta(hours=1)
#: In such a part of the worlds bids have alternatives: half of them.
FLEXIBLE = 0.3
#: And in such a part of them a third are bundles.
BUNDLED = 0.1
#: In such a part of the worlds servers are let to who may be displaced; and so likely
#: with each step of them, somebody else wants one of these.
INTERRUPTIBLE, OFTEN = 0.1, 0.02
#: In such a part of them half of the offers are let for some lengths only.
MEASURED = 0.2
#: In such a part of the worlds, and so likely with each step of them, an owner offers
#: two servers that are sold only together, or somebody takes such servers.
BLOCKED, TOGETHER = 0.2, 0.1
#: In minutes; hours pass between what two people do.
DAY = 1440
#: Seconds; ``[contracts] maintenance_notice``.
NOTICE = 300


class Changes:
    """The changes of one world; ``happened`` has the names of those that there were."""

    def __init__(self, world, seed):
        self._world, self._random = world, random.Random(f'changes of {seed}')
        self._possible = [
            name for name, part in WORLDS.items() if self._random.random() < part
        ]
        self._actions = {
            'outages': self._outage,
            'hardware': self._hardware,
            'ironic away': self._away,
        }
        self.happened = set()
        # Of its own again: the worlds with other changes are older.
        self._wishes = random.Random(f'alternatives of {seed}')
        self._flexible = self._wishes.random() < FLEXIBLE
        self._bundles = random.Random(f'bundles of {seed}')
        self._bundled = self._bundles.random() < BUNDLED
        self._modest = random.Random(f'interruptible of {seed}')
        self._interruptible = self._modest.random() < INTERRUPTIBLE
        self._owners = random.Random(f'owners of {seed}')
        self._measured = self._owners.random() < MEASURED
        self._kinds = random.Random(f'bundles of one kind of {seed}')
        self._falls = random.Random(f'falls of {seed}')
        self._racks = random.Random(f'blocks of {seed}')
        self._blocked, self._blocks = self._racks.random() < BLOCKED, 0

    def prepare(self):
        """Give each owner servers that are sold in a way of their own."""
        for owner in people.OWNERS if self._blocked else ():
            for number in range(2):
                cpus = self._racks.choice((16, 64))
                self._add(self._racked(owner, number), owner, 'large', cpus)
        for owner in people.OWNERS if self._interruptible else ():
            self._add(self._spare(owner), owner, self._spare(owner), 16)

    def begin(self):
        """Let servers to who may be displaced, before the storm: it blows for hours."""
        if self._interruptible:
            for owner in people.OWNERS:
                self._let_spare(owner)
                self._world.pass_calmly()
            for owner in people.OWNERS:
                self._want_spare(owner)

    def _add(self, uuid, owner, resource_class, cpus):
        node = nodes.Node(
            uuid=uuid,
            owner=owner,
            resource_class=resource_class,
            properties={'cpus': cpus},
        )
        self._world.room.add(node)

    @staticmethod
    def _racked(owner, number):
        return f'{owner}{people.APART}rack-{number}'

    @staticmethod
    def _spare(owner):
        """The name of a server, and of its class."""
        return f'{owner}{people.APART}spare'

    def step(self):
        """What happens before the next step of the world, if anything does."""
        if self._interruptible and self._modest.random() < OFTEN:
            self.happened.add('interruptible')
            self._want_spare(self._modest.choice(people.OWNERS))
        if self._blocked and self._racks.random() < TOGETHER:
            self.happened.add('blocks')
            owner = self._racks.choice(people.OWNERS)
            self._world.act('block', *self._of_block(owner))
        for name in self._possible:
            if self._random.random() < STEPS[name]:
                self.happened.add(name)
                self._actions[name]()

    def _of_block(self, owner):
        """What somebody does, drawn before others have their turn."""
        pick = self._racks.choice
        who = pick([each for each in people.RENTERS if each != owner])
        if self._racks.random() < 0.4:
            drawn = self._racks.random(), self._racks.random() < 0.3
            return self._take_block, who, owner, *drawn
        if self._racks.random() < 0.4:
            terms = {'quantity': pick((2, 3)), 'min_quantity': pick((1, 2))}
            end = self._world.people.time(pick((90, 400)))
            terms |= {'price': pick(('2', '5')), 'min_reclaim_notice': 0}
            return self._bid, who, {**terms, 'end_time': end}
        self._blocks += 1
        terms = {
            'block': f'rack-{self._blocks}',
            'block_size': 2,
            'end_time': self._world.people.time(pick((600, 3000))),
            'price': pick(('0.000001', '1')),
        }
        if pick((False, True)):
            terms['reclaim_notice'] = pick((0, 60))
        return self._offer_block, owner, terms

    def _offer_block(self, owner, terms):
        """One after the other: whoever offers them may die in between.

        What is there of a block already is made whole.
        """
        seen = self._world.people.seen(owner, 'offers', f'project_id={owner}')
        found = {each['resource_uuid']: each for each in seen if each['block']}
        for there in found.values():
            names = ('block', 'block_size', 'end_time', 'price', 'reclaim_notice')
            terms = {name: there[name] for name in names if there[name] is not None}
        servers = {self._racked(owner, number) for number in range(2)}
        for uuid in sorted(servers - found.keys()):
            body = {**terms, 'resource_uuid': uuid}
            self._offer(owner, body)

    def _take_block(self, who, owner, drawn, part):
        """Somebody claims a block, or tries to have a ``part`` of it."""
        found = self._world.people.seen(who, 'offers', f'project_id={owner}')
        blocks = sorted({each['block'] for each in found if each['block']})
        if not blocks:
            return
        block = blocks[int(drawn * len(blocks))]
        first, *others = (e['uuid'] for e in found if e['block'] == block)
        body = {'offers': [] if part else others, 'min_reclaim_notice': 0}
        path = f'/v1/offers/{first}/claim'
        self._world.people.ask(who, 'POST', path, body)

    def _let_spare(self, owner):
        """Offer a server, and have somebody want it who may be displaced."""
        pick, time, spare = self._modest.choice, self._world.people.time, self._spare
        offer = {'resource_uuid': spare(owner), 'end_time': time(100 * DAY)}
        offer['price'] = pick(('0.000001', '1'))
        self._world.act('offer', self._offer, owner, offer)
        self._world.pass_calmly()
        bid = {'resource_class': spare(owner), 'end_time': time(pick((20, 40)) * DAY)}
        bid['interruptible_notice'] = pick((1, 60, 600))
        bid['on_displaced'] = pick(('end', 'move'))
        bid['price'] = pick(('1', '1.333333'))
        self._world.act('bid', self._bid, self._other(owner), bid)

    def _want_spare(self, owner):
        """Have somebody want it for whom it is worth more than the other loses."""
        pick, time = self._modest.choice, self._world.people.time
        end = time(pick((10, 15)) * DAY)
        bid = {'resource_class': self._spare(owner), 'end_time': end, 'price': '20'}
        if self._modest.random() < 0.5:
            bid['duration'] = pick((2, 5)) * DAY * 60
        self._world.act('bid', self._bid, self._other(owner), bid)

    def _other(self, owner):
        return self._modest.choice([each for each in people.RENTERS if each != owner])

    def _offer(self, owner, body):
        path = '/v1/offers'
        self._world.people.ask(owner, 'POST', path, body, 'marketplace-provider')

    def _bid(self, who, body):
        self._world.people.ask(who, 'POST', '/v1/bids', body)

    def or_else(self, body):
        """The bid ``body``, in some worlds with alternatives, or a bundle instead."""
        if self._bundled and self._bundles.random() < 1 / 3:
            return self._bundle(body)
        if not self._flexible or self._wishes.random() < 0.5:
            return body
        self.happened.add('alternatives')
        number = self._wishes.choice((1, 1, 2, 3))
        wish = self._wishes.random()
        if wish < 0.5:
            body = {**body, 'group_by': 'cpus'}
        elif wish < 0.75:
            body = {**body, 'spread_by': 'cpus', 'quantity': 2, 'min_quantity': 1}
        return {**body, 'alternatives': [self._alternative() for _ in range(number)]}

    def offered(self, body):
        """The offer ``body``, in some worlds let for some lengths only."""
        if not self._measured or self._owners.random() < 0.5:
            return body
        self.happened.add('lengths')
        least, most = (
            self._owners.choice(each) for each in ((None, 60, 1800), (1800, 7200, None))
        )
        terms = {'min_length': least, 'max_length': most}
        if self._owners.random() < 0.5:
            self.happened.add('asks by the hour')
            terms['ask_schedule'] = [self._entry() for _ in range(2)]
        if self._falls.random() < 0.3:
            self.happened.add('asks that fall')
            before = self._falls.choice((3600, 36000, 172_800))
            terms['ask_falls'] = {'before': before, 'price': '0.000001'}
            terms['price'] = self._falls.choice(('1', '2.5'))
        return body | {name: each for name, each in terms.items() if each}

    def _entry(self):
        """Another price for some hours; those of a world are of a day or two."""
        first = self._owners.randrange(24)
        last = (first + self._owners.choice((1, 5, 14))) % 24
        price = self._owners.choice(('0', '0.1', '1.5', '2.000001'))
        return {'start': f'{first:02}:00', 'end': f'{last:02}:00', 'price': price}

    def changed(self, body):
        """What is to change of an offer, in some worlds its lengths instead."""
        if not self._measured or self._owners.random() < 0.5:
            return body
        return {'max_length': self._owners.choice((None, 600, 3600))}

    def _bundle(self, body):
        self.happened.add('bundles')
        kept = ('start_time', 'end_time', 'price', 'min_reclaim_notice')
        head = {'duration': self._bundles.choice((240, 1800))}
        workers = {
            'offset': self._bundles.choice((0, 60)),
            'duration': self._bundles.choice((120, 1799)),
            'quantity': self._bundles.choice((1, 1, 2)),
            'price': self._bundles.choice((None, '5')),
            'requirements': [['cpus', '>=', self._bundles.choice((0, 16, 64))]],
        }
        bundle = {name: body[name] for name in kept if name in body}
        if self._bundles.random() < 0.5:
            bundle['price'] = '7'
        if self._bundles.random() < 0.3:
            bundle['alternatives'] = [{'parts': [], 'duration': 60}]
        wish = self._kinds.random()
        if wish < 0.25:
            self.happened.add('bundles of one kind')
            bundle['group_by'] = 'cpus'
        elif wish < 0.5:
            self.happened.add('parts of one kind')
            workers.update(group_by='cpus', quantity=2, requirements=[])
        elif wish < 0.7:
            workers.update(spread_by='cpus', quantity=2, min_quantity=1)
        return {**bundle, 'parts': [head, workers]}

    def _alternative(self):
        terms = {
            'quantity': self._wishes.choice((1, 2)),
            'price': self._wishes.choice(('0.5', '2', '5')),
            'duration': self._wishes.choice((60, 1800)),
            'end_time': self._world.people.time(self._wishes.choice((120, 600))),
            'requirements': [['cpus', '>=', self._wishes.choice((0, 16, 64))]],
            'min_reclaim_notice': self._wishes.choice((None, 0)),
        }
        kept = self._wishes.sample(sorted(terms), self._wishes.randint(1, 4))
        return {name: terms[name] for name in kept}

    def _outage(self):
        owner = self._random.choice(people.OWNERS)
        if self._random.random() < 0.25:
            self._world.act('call off', self._call_off, owner)
            return
        start = self._random.choice((0, 4, 5, 6, 30, 90))
        length = self._random.choice((1, 20, 120))
        self._world.act('announce', self._announce, owner, start, start + length)

    def _announce(self, owner, start, end):
        found = self._world.people.seen(owner, 'offers', f'project_id={owner}')
        if found:
            body = {
                'offer': self._random.choice(found)['uuid'],
                'start_time': self._world.people.time(start),
                'end_time': self._world.people.time(end),
            }
            self._world.people.ask(owner, 'POST', '/v1/maintenances', body)

    def _call_off(self, owner):
        found = self._world.people.seen(owner, 'maintenances', f'project_id={owner}')
        if found:
            path = f'/v1/maintenances/{self._random.choice(found)["uuid"]}'
            self._world.people.ask(owner, 'DELETE', path)

    def _hardware(self):
        """Memory fails, so to say, or is mended."""
        uuid = self._random.choice(self._world.room.uuids())
        cpus = self._random.choice((4, 16, 64))
        self._world.tasks.note(f'{uuid} has {cpus} processors')
        self._world.room.meddle(uuid, properties={'cpus': cpus})

    def _away(self):
        if self._world.room.away_until is None:
            self._world.tasks.note('Ironic is away for an hour')
            self._world.room.away_until = self._world.now + AWAY

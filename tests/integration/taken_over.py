# SPDX-License-Identifier: Apache-2.0
"""What esi-leap has on a real Ironic is taken over, and ends where it should."""

import concurrent.futures
import datetime
import itertools
import json

from tests import profiles
from tests import waiting
from tests.integration import esi_leap_site
from tests.integration import people
from tools.rigging import fleet

#: How many offers and leases there are, and from which seed they are drawn.
NUMBER = profiles.number('FLOCX_ESI_LEAP_LEASES', 100, 1000)
SEED = profiles.number('FLOCX_ESI_LEAP_SEED', 1, 1)
#: What becomes of the lease of a server that runs; of so many servers, the first.
PARTS = ('ends', 'is sub-let', 'goes on', 'is deleted', 'its sub-lease ends')
FULFILLERS = ('fulfiller-1', 'fulfiller-2')
KINDS = ('offers', 'leases')
ADMIN, OWNERS, RENTERS = (
    esi_leap_site.ADMIN,
    tuple(esi_leap_site.OWNERS.values()),
    esi_leap_site.RENTERS,
)


class TakenOver:
    maxDiff = None

    def test_what_esi_leap_has_is_taken_over_and_ends(self):
        """Through its own API it gets offers and leases, and its manager serves them.

        All lists are the same with both. Of what runs, some has ended when the
        fulfillers start and some is deleted; all else is left alone.
        """
        self.site = esi_leap_site.Site(self.rig)
        self.addCleanup(self.site.down)
        self.told = people.People(self.rig)
        servers = -(-NUMBER // esi_leap_site.PER_SERVER)
        enrolled = fleet.Fleet(self.rig, 'baremetal.leased').enrol(servers + 2)
        later = enrolled['umbrella'].pop()
        enrolled['acme'].pop()
        self.owners = {
            node: esi_leap_site.OWNERS[owner]
            for owner, nodes in enrolled.items()
            for node in nodes
        }
        self.site.open()
        self.fill()
        self.assertLessEqual(NUMBER, self.made)
        self.parts = dict(zip(self.owners, itertools.cycle(PARTS), strict=False))
        for node in self.those('is sub-let', 'its sub-lease ends'):
            self.sublet(node)
        self.running = self.until_all_run(self.owners)
        self.site.stop_manager()
        for name in FULFILLERS:
            self.rig.process(name).stop()
        self.end_some()
        given = self.give(later)
        before = {node: self.node(node) for node in self.owners}
        self.compare()
        self.listener = self.site.listen()
        self.addCleanup(self.listener.close)
        self.rig.start(*FULFILLERS)
        for node in self.those('is deleted'):
            lease = self.running[node][0]
            self.ask(self.lessee(lease), 'DELETE', f'leases/{lease["uuid"]}')
        for node in self.those('ends', 'is deleted'):
            self.becomes_free(node)
        for node in self.those('its sub-lease ends'):
            parent = self.running[node][0]
            found = self.told.until(node, lessee=parent['project_id'])
            self.assertEqual(parent['uuid'], found['properties']['lease_uuid'])
        self.becomes_leased(later, given)
        self.is_told('delete.end', self.those('ends', 'is deleted'))
        self.is_told('fulfill.end', [later])
        for node in self.those('goes on', 'is sub-let'):
            self.assertEqual(before[node], self.node(node), self.parts[node])
        self.assertHolds()
        self.end_all()
        for node in [*self.owners, later]:
            self.becomes_free(node)
        self.assertHolds()

    # How it comes to be there

    def fill(self):
        """Have people use esi-leap, until each server has enough and all runs."""
        stories = [
            esi_leap_site.Story(self.site, node, owner, f'{SEED} {number}')
            for number, (node, owner) in enumerate(self.owners.items())
        ]
        with concurrent.futures.ThreadPoolExecutor(esi_leap_site.PROCESSES) as pool:
            list(pool.map(esi_leap_site.Story.run, stories))
        self.made = sum(story.made for story in stories)
        self.running = self.until_all_run(self.owners)

    def sublet(self, node):
        """Who leases the server leases it to somebody else."""
        (lease,) = self.running[node]
        (other,) = set(RENTERS) - {self.lessee(lease)}
        end = datetime.datetime.fromisoformat(lease['end_time'])
        body = {
            'resource_uuid': node,
            'project_id': self.site.project_ids[other],
            'end_time': esi_leap_site.iso(end - datetime.timedelta(minutes=5)),
        }
        made = self.site.ask(self.site.old, self.lessee(lease), 'POST', 'leases', body)
        self.assertEqual(201, made[0], made)
        self.made += 1

    def end_some(self):
        """Let leases have ended of which nobody takes notice yet."""
        end = esi_leap_site.now() + datetime.timedelta(seconds=1)
        body = {'end_time': esi_leap_site.iso(end)}
        self.ended_of = set()
        for node in self.those('ends', 'its sub-lease ends'):
            lease = self.running[node][-1]
            self.ended_of.add(lease['offer_uuid'])
            path = f'leases/{lease["uuid"]}'
            done = self.site.ask(self.site.old, ADMIN, 'PATCH', path, body)
            self.assertEqual(200, done[0], done)

    def give(self, node):
        """A lease that begins now, and that nobody has handed over yet."""
        body = {
            'resource_uuid': node,
            'project_id': self.site.project_ids[RENTERS[0]],
        }
        made = self.site.ask(self.site.old, 'umbrella-owner', 'POST', 'leases', body)
        self.assertEqual(201, made[0], made)
        self.made += 1
        return made[1]

    def until_all_run(self, nodes):
        """{server: its leases that run}, the one of its owner first."""
        path = 'leases?view=all'

        def look():
            # All others begin in hours; this second has parts.
            soon = esi_leap_site.now() + datetime.timedelta(minutes=1)
            soon = esi_leap_site.iso(soon)
            found = self.site.get(self.site.old, ADMIN, path)['leases']
            return [each for each in found if each['start_time'] <= soon]

        def done(found):
            return {each['status'] for each in found} == {'active'}

        found = waiting.until(look, done, seconds=600)
        self.assertTrue(done(found), found)
        running = {node: [] for node in nodes}
        for each in sorted(found, key=lambda each: each['start_time']):
            running[each['resource_uuid']].append(each)
        self.assertNotIn([], running.values())
        return running

    # What is compared

    def compare(self):
        """All lists, of esi-leap before it is taken over, and of ours after it."""
        soon = esi_leap_site.now() + datetime.timedelta(hours=2)
        self.soon = esi_leap_site.iso(soon)
        asked = list(self.lists())
        theirs = [self.site.get(self.site.old, *each) for each in asked]
        report = self.site.take_over()
        # Some had been taken when it was killed.
        self.assertLess(0, report['offers']['known'])
        everything = self.site.get(self.site.old, ADMIN, 'offers?status=any')
        self.offers = {each['uuid'] for each in everything['offers']}
        self.assertEqual(
            (self.made, [], []),
            (
                sum(report[kind][how] for kind in KINDS for how in ('known', 'taken')),
                report['offers']['refused'],
                report['leases']['refused'],
            ),
        )
        for each, there in zip(asked, theirs, strict=True):
            here = self.site.get(self.site.new, *each)
            if each[1] == 'nodes':
                self.hide(each[0], there)
            self.assertEqual(self.plain(there), self.plain(here), each)

    def hide(self, user, document):
        """Leave out offers that are for somebody else, which esi-leap tells all of."""
        seen = self.site.get(self.site.new, user, 'offers')['offers']
        seen = {each['uuid'] for each in seen}
        for node in document['nodes']:
            node['future_offers'] = [
                uuid for uuid in node['future_offers'] if uuid in seen
            ]
            if node.get('offer_uuid') not in seen:
                node['offer_uuid'] = None

    def lists(self):
        """Pairs: who asks, and for which list."""
        node, lease = next(iter(self.running)), next(iter(self.running.values()))[0]
        now = esi_leap_site.now()
        start, end = (
            esi_leap_site.iso(now + datetime.timedelta(hours=hours))
            for hours in (30, 60)
        )
        during = f'start_time={start}&end_time={end}'
        for user in (ADMIN, *OWNERS, *RENTERS):
            for path in ('offers', 'leases', 'events', f'events?resource_uuid={node}'):
                yield user, path
            for query in (
                f'resource_uuid={node}',
                'resource_class=baremetal.leased',
                during,
                'status=available',
            ):
                yield user, f'offers?{query}'
            for query in (f'resource_uuid={node}', during, 'status=any'):
                yield user, f'leases?{query}'
        yield ADMIN, f'offers?available_start_time={start}&available_end_time={end}'
        yield ADMIN, 'offers?status=any'
        for query in ('', '&status=any', '&status=deleted', '&status=active'):
            yield ADMIN, f'leases?view=all{query}'
        offer = lease['offer_uuid'] or lease['uuid']
        yield ADMIN, f'leases?view=all&offer_uuid={offer}'
        yield ADMIN, f'leases?owner_id={lease["owner"]}'
        for user in (*OWNERS, *RENTERS):
            yield user, 'nodes'
        for user in OWNERS:
            yield user, f'offers?status=any&project_id={user.removesuffix("-owner")}'

    def plain(self, document):
        """A list but for what the table of differences in admin/esi.rst has."""
        ((kind, found),) = document.items()
        found = [self.same(each) for each in found]
        if kind == 'offers':
            # Those that are behind what was given have no place in esi-leap.
            found = [each for each in found if each['uuid'] in self.offers]
        return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))

    def same(self, each):
        """An object, with times in seconds."""
        each = {name: esi_leap_site.seconds(value) for name, value in each.items()}
        if 'future_leases' in each:
            # Of a node it leaves out what there is not, and orders nothing.
            each = {name: value for name, value in each.items() if value is not None}
            for name in ('future_leases', 'future_offers'):
                each[name] = sorted(each[name])
        if each.get('event_type'):
            del each['id']
        if each.get('availabilities'):
            # What is free now, is so from when somebody asks.
            # And what a lease has just left, esi-leap leaves out.
            left = each['uuid'] in self.ended_of
            each['availabilities'] = [
                [start if start > self.soon else 'now', end]
                for start, end in each['availabilities']
                if start > self.soon or not left
            ]
        if each.get('offer_uuid') and each['offer_uuid'] not in self.offers:
            each['offer_uuid'] = None
        return each

    # What comes of it

    def end_all(self):
        """As the owners: all that is still open."""
        for owner in OWNERS:
            for kind in KINDS:
                found = self.site.get(self.site.new, owner, kind)[kind]
                for each in found:
                    project = each['project_id' if kind == 'offers' else 'owner_id']
                    if project == self.site.project_ids[
                        owner.removesuffix('-owner')
                    ] and each['status'] in ('available', 'active', 'created'):
                        self.ask(owner, 'DELETE', f'{kind}/{each["uuid"]}')

    def those(self, *parts):
        return [node for node, part in self.parts.items() if part in parts]

    def lessee(self, lease):
        """The user whose project has a lease."""
        names = {uuid: name for name, uuid in self.site.project_ids.items()}
        return names[lease['project_id']]

    def ask(self, user, method, path):
        status, document = self.site.ask(self.site.new, user, method, path)
        self.assertEqual(200, status, (user, path, document))
        return document

    def node(self, node):
        """What Ironic has of a server, but for when it was asked."""
        found = self.told.ask('admin', 'GET', node)[1]
        return {name: found[name] for name in found if not name.endswith('_at')}

    def becomes_leased(self, node, lease):
        found = waiting.until(
            lambda: self.node(node), lambda found: found['lessee'], seconds=120
        )
        logs = [self.rig.process(name).log.read_text() for name in FULFILLERS]
        said = [
            line
            for log in logs
            for line in log.splitlines()
            if lease['uuid'] in line or node in line
        ]
        status = self.site.get(self.site.new, ADMIN, f'leases/{lease["uuid"]}')
        self.assertEqual(lease['project_id'], found['lessee'], (status, said[-5:]))

    def is_told(self, action, nodes):
        """Scripts of those who listen to esi-leap's notifications run for ``nodes``."""

        def told():
            return {
                data['node_uuid']
                for event, data in self.listener.look()
                if event == f'esi_leap.lease.{action}'
            }

        found = waiting.until(told, set(nodes).issubset, seconds=60)
        self.assertLessEqual(set(nodes), found)

    def becomes_free(self, node):
        found = self.told.until(node, lessee=None, provision_state='available')
        self.assertNotIn('lease_uuid', found['properties'])

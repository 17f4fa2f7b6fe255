# SPDX-License-Identifier: Apache-2.0
"""What leases were rendered as is kept, and never beyond what it is true of."""

import contextlib
import datetime
import json
import types
import unittest
from unittest import mock

from lease.api import fields
from lease.api import renderings
from market.db import leases

NOW = datetime.datetime(2027, 1, 4, 12, tzinfo=datetime.UTC)
HOUR = datetime.timedelta(hours=1)


class RenderingsTest(unittest.TestCase):
    def setUp(self):
        server = types.SimpleNamespace(
            name='rack-1', resource_class='gpu', properties={'cpus': 4}
        )
        self.servers, self.projects = {'server': server}, {'umbrella': 'Umbrella'}
        #: {uuid: (generation, lease)}, as the database would have them.
        self.there = {}
        self.read = self.enterContext(
            mock.patch.object(
                leases, 'with_versions', autospec=True, side_effect=self.with_versions
            )
        )
        database = types.SimpleNamespace(reader=contextlib.nullcontext)
        directory = types.SimpleNamespace(
            nodes=self.nodes, project_names=lambda: self.projects
        )
        self.kept = renderings.Renderings(database, directory, 'provider', most=3)

    def nodes(self, uuids=()):
        """All servers; those that are asked for and not known are looked for."""
        if not set(uuids) <= self.servers.keys():
            self.servers = dict(self.servers)
        return self.servers

    def with_versions(self, _, uuids, reader, provider_id, now):
        self.assertEqual('provider', provider_id)
        return {
            uuid: (self.version(uuid, now), self.there[uuid][1])
            for uuid in uuids
            if uuid in self.there
        }

    def version(self, uuid, now=NOW):
        generation, lease = self.there[uuid]
        return uuid, generation, lease.line.end_time <= now

    def put(self, uuid, generation=1, **values):
        line = {
            'uuid': uuid,
            'project_id': 'umbrella',
            'resource_uuid': 'server',
            'start_time': NOW - HOUR,
            'end_time': NOW + HOUR,
            'status': 'active',
            **values,
        }
        line = leases.Shown(*map(line.get, leases.Shown._fields))
        self.there[uuid] = generation, leases.Lease(line, f'name of {uuid}', 'course')

    def rendered(self, *uuids, now=NOW):
        """How many were read and rendered, and the leases."""
        return self.of([self.version(uuid, now) for uuid in uuids], now)

    def of(self, versions, now=NOW):
        with mock.patch.object(
            fields, '_lease', autospec=True, side_effect=fields._lease
        ) as render:
            found = self.kept.of(versions, now)
        shown = [json.loads(each.json) for each in found]
        for each, document in zip(found, shown, strict=True):
            self.assertEqual(
                (each.status, each.resource_class),
                (document['status'], document['resource_class']),
            )
        read = sum(len(call.args[1]) for call in self.read.call_args_list)
        self.read.reset_mock()
        self.assertEqual(read, render.call_count)
        return read, shown

    def test_only_what_has_changed_is_read_and_rendered(self):
        self.put('one')
        self.put('two')
        count, shown = self.rendered('one', 'two')
        self.assertEqual(2, count)
        self.assertEqual(
            ('one', 'Umbrella', 'rack-1', 'gpu', 'course'),
            tuple(
                shown[0][name]
                for name in (
                    *('uuid', 'project', 'resource', 'resource_class', 'purpose'),
                )
            ),
        )
        self.assertEqual((0, shown), self.rendered('one', 'two'))
        self.put('two', generation=2, end_time=NOW + 2 * HOUR)
        count, changed = self.rendered('one', 'two')
        self.assertEqual((1, shown[0]), (count, changed[0]))
        self.assertNotEqual(shown[1], changed[1])

    def test_time_passes(self):
        self.put('one', reason='released')
        for now, status in ((NOW, 'active'), (NOW + HOUR, 'wait cancel')) * 2:
            self.assertEqual(status, self.rendered('one', now=now)[1][0]['status'])
        self.assertEqual(0, self.rendered('one')[0])

    def test_what_changes_meanwhile_is_kept_as_what_it_is_by_then(self):
        self.put('one')
        seen = self.version('one')
        self.put('one', generation=2, status='error')
        for versions in [seen], [self.version('one')]:
            self.assertEqual('error', self.of(versions)[1][0]['status'])
        self.assertEqual(0, self.rendered('one')[0])

    def test_what_is_purged_meanwhile_is_left_out(self):
        self.put('one')
        self.put('two')
        seen = [self.version('one'), self.version('two')]
        del self.there['one']
        found = self.kept.of(seen, NOW)
        self.assertEqual(['two'], [json.loads(each.json)['uuid'] for each in found])

    def test_names_change(self):
        self.put('one')
        self.rendered('one')
        self.projects = {'umbrella': 'Parasol'}
        count, (shown,) = self.rendered('one')
        self.assertEqual((1, 'Parasol'), (count, shown['project']))
        self.servers = {}
        count, (shown,) = self.rendered('one')
        self.assertEqual((1, 'unknown-name'), (count, shown['resource']))

    def test_no_more_is_kept_than_is_said(self):
        for number in range(10):
            uuids = [f'{number}-{each}' for each in range(2)]
            for uuid in uuids:
                self.put(uuid)
            self.rendered(*uuids)
            self.assertLessEqual(len(self.kept._kept), 3)

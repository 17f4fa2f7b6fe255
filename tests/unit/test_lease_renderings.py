# SPDX-License-Identifier: Apache-2.0
"""What leases were rendered as is kept, and never beyond what it is true of."""

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
        self.directory = types.SimpleNamespace(
            nodes=lambda _: self.servers, project_names=lambda: self.projects
        )
        self.kept = renderings.Renderings(most=3)

    def row(self, uuid, is_over=False, **values):
        line = {
            'uuid': uuid,
            'project_id': 'umbrella',
            'resource_uuid': 'server',
            'start_time': '2027-01-04 12:00:00.000000',
            'end_time': '2027-01-04 13:00:00.000000',
            'status': 'active',
            **values,
        }
        shown = map(line.get, leases.Shown._fields)
        return (*shown, f'name of {uuid}', 'course', is_over)

    def rendered(self, *rows, now=NOW):
        """How many were rendered, and the leases."""
        with mock.patch.object(
            fields, '_lease', autospec=True, side_effect=fields._lease
        ) as render:
            found = self.kept.of(rows, self.directory, now)
        shown = [json.loads(each.text) for each in found]
        for each, document in zip(found, shown, strict=True):
            self.assertEqual(
                (each.status, each.resource_class),
                (document['status'], document['resource_class']),
            )
        return render.call_count, shown

    def test_only_what_has_changed_is_rendered(self):
        rows = [self.row('one'), self.row('two')]
        count, shown = self.rendered(*rows)
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
        self.assertEqual((0, shown), self.rendered(*rows))
        later = self.row('two', end_time='2027-01-04 14:00:00+00')
        count, changed = self.rendered(rows[0], later)
        self.assertEqual((1, shown[0]), (count, changed[0]))
        self.assertNotEqual(shown[1], changed[1])

    def test_time_passes(self):
        for now, status in ((NOW, 'active'), (NOW + HOUR, 'wait cancel')) * 2:
            row = self.row('one', now > NOW, reason='released')
            self.assertEqual(status, self.rendered(row, now=now)[1][0]['status'])
        self.assertEqual(0, self.rendered(row)[0])

    def test_names_change(self):
        row = self.row('one')
        self.rendered(row)
        self.projects = {'umbrella': 'Parasol'}
        count, (shown,) = self.rendered(row)
        self.assertEqual((1, 'Parasol'), (count, shown['project']))
        self.servers = {}
        count, (shown,) = self.rendered(row)
        self.assertEqual((1, 'unknown-name'), (count, shown['resource']))

    def test_no_more_is_kept_than_is_said(self):
        for number in range(10):
            self.rendered(*(self.row(f'{number}-{each}') for each in range(2)))
            self.assertLessEqual(len(self.kept._kept), 3)

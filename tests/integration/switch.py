# SPDX-License-Identifier: Apache-2.0
"""The page *Coming from ESI*: the commands of its switch, one after the other."""

import json
import pathlib
import re
import shlex
import subprocess
import sys

from tests import waiting
from tests.integration import esi_leap_site
from tools.lab import accounts
from tools.rigging import fleet
from tools.testing import console

PAGE = console.ROOT / 'doc/source/admin/esi.rst'
#: What stands for something else on the page, and is the same here.
SAME = {'America/New_York': 'UTC'}
#: With these the page ends: what people see, at esi-leap before and at ours after it.
SEEN = ('openstack esi offer list', 'openstack esi lease list --long')
#: Who leases something.
LESSEE = 'umbrella-renter'
_PROVIDER = re.compile(r'(?<=--provider )[0-9a-f]{32}\b')
_URL = re.compile(r'mysql\S+/esi_leap')
_ID = re.compile(r'\b[0-9a-f]{32}\b')
_COMMAND = re.compile(r'^ +[$#] ((?:.*\\\n)*.*)$', re.MULTILINE)


def commands():
    """The command lines of the section, in order."""
    text = PAGE.read_text()
    section = text[text.index('.. _esi-switch:') : text.index('.. _esi-import:')]
    return [re.sub(r'\\\n\s*', '', line) for line in _COMMAND.findall(section)]


class Switch:
    def test_the_switch_as_its_page_has_it(self):
        self.site = esi_leap_site.Site(self.rig)
        self.addCleanup(self.site.down)
        self.site.open()
        (node,) = fleet.Fleet(self.rig, 'baremetal.switched').enrol(2)['acme']
        made = self.filled(node)
        folder, ports = self.rig.folder, self.rig.ports
        accounts.publish(folder, ports | {'lease': self.site.old_port})
        before = waiting.until(
            lambda: [self.seen(line) for line in SEEN],
            # esi-leap's manager looks once a minute.
            lambda seen: seen[1] and seen[1][0]['Status'] == 'active',
            seconds=300,
        )
        self.assertEqual(made, [{each['UUID'] for each in rows} for rows in before])
        self.printed, self.performed = {}, []
        for line in commands():
            self.perform(line)
        self.assertEqual(list(SEEN), self.performed[-2:])
        self.assertEqual(9, len(self.performed))
        self.assertEqual(before, [self.seen(line) for line in SEEN])
        self.assertEqual(self.site.new, self.listed_endpoints().pop())

    def filled(self, node):
        """The uuids of an offer, and of a lease of it that runs, at esi-leap."""
        ask = self.site.ask
        status, offer = ask(
            *(self.site.old, 'acme-owner', 'POST', 'offers'), {'resource_uuid': node}
        )
        self.assertEqual(201, status, offer)
        status, lease = ask(
            *(self.site.old, LESSEE, 'POST'),
            f'offers/{offer["uuid"]}/claim',
            {},
        )
        self.assertEqual(201, status, lease)
        return [{offer['uuid']}, {lease['uuid']}]

    def perform(self, line):
        """Do what a line of the page says, with what there is here."""
        self.performed.append(line)
        words = shlex.split(line)
        if words[0] == 'systemctl':
            {
                'flocx-lease-api': self.site.start_lease,
                'flocx-lease-notifier': self.notify,
            }[words[-1]]()
        elif words[:3] == ['openstack', 'endpoint', 'set']:
            for each in _ID.findall(self.printed['openstack endpoint list']):
                self.run_line(
                    line.replace(
                        'https://flocx.example.org:7783', self.site.new
                    ).replace('LEASE_ENDPOINT', each)
                )
        elif words[0] == 'flocx-market-manage':
            self.take(line, dry='--dry-run' in words)
        else:
            self.printed[' '.join(words[:3])] = self.run_line(line)

    def notify(self):
        self.addCleanup(self.site.listen().close)

    def take(self, line, dry):
        if not dry:
            self.site.stop()
        provider = self.printed['openstack user show'].strip()
        line = _PROVIDER.sub(provider, _URL.sub(self.site.database, line))
        configuration = str(self.rig.folder.etc / 'market.conf')
        line = line.replace('/etc/flocx/market.conf', configuration)
        report = json.loads(self.run_line(line))
        self.assertEqual(
            (dry, (1, []), (1, [])),
            (
                report['dry_run'],
                *(
                    (report[kind]['taken'], report[kind]['refused'])
                    for kind in ('offers', 'leases')
                ),
            ),
        )

    def listed_endpoints(self):
        """The URLs that the catalogue has for leases."""
        out = self.run_line('openstack endpoint list --service lease -f value -c URL')
        return set(out.split())

    def seen(self, line):
        """What a command of people prints: rows, their times in seconds."""
        rows = json.loads(self.run_line(f'{line} -f json'))
        return [
            {name: esi_leap_site.seconds(value) for name, value in row.items()}
            for row in rows
        ]

    def run_line(self, line):
        for there, here in SAME.items():
            line = line.replace(there, here)
        folder = self.rig.folder
        environment = folder.environment(
            OS_CLIENT_CONFIG_FILE=str(folder.clouds),
            OS_CLOUD=LESSEE if ' esi ' in line else 'admin',
        )
        program, *words = shlex.split(line)
        # The unmodified client of esi-leap is where the tests are.
        programs = pathlib.Path(sys.executable).parent
        place = programs if program == 'openstack' else folder.venv / 'bin'
        done = subprocess.run(
            [str(place / program), *words],
            env=environment,
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, done.returncode, (line, done.stdout, done.stderr))
        return done.stdout

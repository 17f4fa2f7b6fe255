# SPDX-License-Identifier: Apache-2.0
"""What a finance office has beside the marketplace: a real ColdFront and CloudKitty."""

import datetime
import decimal
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest
from unittest import mock

from keystoneauth1 import session as sessions
from keystoneauth1.identity import v3
import openstack

from flocx.core import ledger as core
from flocx.core import money
from flocx.core import window
from flocxclient.sdk import services
from market.db import ledger
from market.exports import cloudkitty
from tests import profiles
from tests import waiting
from tests.integration import allocations
from tests.integration import rating
from tests.integration import test_quickstart
from tools.lab import accounts
from tools.lab import bringup
from tools.lab import folder as folders
from tools.lab import keystone
from tools.lab import rest
from tools.rigging import daemons

OWNER, RENTER = 'acme-owner', 'umbrella-renter'


class Lab(bringup.Lab):
    """A lab in which whoever rents needs credits."""

    def _populate_keystone(self):
        super()._populate_keystone()
        path = self.folder.etc / 'flocx.conf'
        folders.write_private(path, f'{path.read_text()}\n[ledger]\nenforce = true\n')


@profiles.only_nightly('installs ColdFront and CloudKitty')
class BillingTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        test_quickstart.FOLDER.parent.mkdir(exist_ok=True)
        cls.lab = Lab(test_quickstart.FOLDER)
        cls.addClassCleanup(cls.lab.down)
        # The ledger of an earlier run has what a ColdFront granted that is no more.
        cls.lab.down()
        cls.lab.folder.create()
        cls.lab.folder.forget_data()
        cls.lab.up()
        cls.folder, cls.ports = cls.lab.folder, cls.lab.ports
        made = accounts.projects(cls.folder, cls.ports)
        cls.owner, cls.renter = (
            made[accounts.PEOPLE[name][0]] for name in (OWNER, RENTER)
        )
        cls.operator = services.market(cls.cloud('operator'))

    @classmethod
    def cloud(cls, name):
        clouds = {'OS_CLIENT_CONFIG_FILE': str(cls.folder.clouds)}
        with mock.patch.dict(os.environ, clouds):
            return openstack.connect(cloud=name)

    def rent(self, price):
        """Rent a server for some seconds and give it back."""
        owner, renter = self.cloud(OWNER), services.market(self.cloud(RENTER))
        node = next(
            each
            for each in owner.baremetal.nodes(details=True)
            if each.owner == self.owner
            and each.provision_state == 'available'
            and not each.lessee
        )
        offer = services.provider(owner).create_offer(
            resource_uuid=node.id, price=price, end_time=_hours(5)
        )
        contract = renter.claim_offer(offer.id, end_time=_hours(1))
        self.becomes(renter, contract, 'active')
        renter.delete_contract(contract)
        self.becomes(renter, contract, 'ended')
        services.market(owner).delete_offer(offer.id)

    def becomes(self, market, contract, status):
        found = waiting.until(
            lambda: market.get_contract(contract.id).status, lambda now: now == status
        )
        self.assertEqual(status, found)

    def spent(self):
        """What the renter has spent, by its statements."""
        return -sum(
            decimal.Decimal(
                self.operator.get_statement(each.month, project_id=self.renter).spent
            )
            for each in self.operator.statements(project_id=self.renter)
        )

    # ColdFront

    def granted(self):
        found = self.operator.grants(project_id=self.renter, status='any')
        return sum(
            decimal.Decimal(each.amount)
            for each in found
            if (each.reason or '').startswith('ColdFront')
        )

    def test_an_approved_allocation_is_a_budget_and_its_usage_flows_back(self):
        temporary = self.enterContext(tempfile.TemporaryDirectory())
        front = allocations.ColdFront(pathlib.Path(temporary), self.folder.clouds)
        number = front.site('request', self.renter, '1500.5')
        front.run('flocx_sync')
        # What nobody has approved.
        self.assertEqual(0, self.granted())
        front.site('approve', number)
        front.work()
        self.assertEqual(decimal.Decimal('1500.5'), self.granted())
        front.site('change', number, '2000')
        # The daily task is faster, then the others find nothing to do.
        front.run('flocx_sync')
        front.work()
        self.assertEqual(2000, self.granted())
        (account,) = self.operator.accounts(project_id=self.renter)
        self.assertGreaterEqual(decimal.Decimal(account.balance), 2000)
        self.rent('997.123456')
        spent = self.spent()
        self.assertGreater(spent, 0)
        front.run('flocx_sync')
        self.assertEqual(float(spent), float(front.site('usage', number)))
        # No number, of another allocation: it is told, and keeps nobody from theirs.
        wrong = front.site('request', self.renter, 'NaN')
        front.site('approve', wrong)
        front.work()
        self.assertEqual('1', front.site('failed'))
        front.run('flocx_sync')
        self.assertEqual(2000, self.granted())

    # CloudKitty

    def rated(self, kitty, month, **filters):
        """What CloudKitty says that a month comes to, to six places."""
        period = core.month_window(month)
        query = {'begin': period.start, 'end': period.end}
        words = [f'{name}={window.text(each)}' for name, each in query.items()]
        words += [f'filters={name}:{value}' for name, value in filters.items()]
        token = accounts.log_in(self.folder, self.ports, 'admin', 'admin')
        found = rest.get(
            f'{kitty.url}/v2/summary?response_format=object&{"&".join(words)}', token
        )
        return money.quantised(
            sum(
                (decimal.Decimal(repr(row['rate'])) for row in found['results']),
                core.ZERO,
            )
        )

    def push(self, month):
        command = [self.folder.python, self.folder.venv / 'bin' / 'flocx-market-manage']
        command += ['--config-file', self.folder.etc / 'flocx.conf']
        command += ['export', 'cloudkitty', '--month', month]
        done = subprocess.run(
            list(map(str, command)),
            env=self.folder.environment(),
            capture_output=True,
            text=True,
        )
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def test_the_summary_of_cloudkitty_is_the_statement(self):
        kitty = rating.CloudKitty(self.folder, self.ports)
        try:
            kitty.install()
        except daemons.Missing as error:
            # InfluxDB comes from the system, with what bindep.txt lists.
            self.skipTest(str(error))
        kitty.start(self.addCleanup)
        kitty.publish(self.addCleanup)
        self.operator.create_grant(project_id=self.renter, amount='5000')
        for price in ('997.123457', '1503.000001'):
            self.rent(price)
        month = list(self.operator.statements(project_id=self.renter))[-1].month
        first, second = self.push(month), self.push(month)
        self.assertGreaterEqual(first['pushed'], 2)
        self.assertEqual(first['transfers'], first['pushed'])
        self.assertEqual(0, second['pushed'])
        sums = {}
        for project in (self.renter, self.owner):
            found = self.operator.get_statement(month, project_id=project)
            sums[project] = decimal.Decimal(found.spent), decimal.Decimal(found.earned)
        self.assertLess(sums[self.renter][0], 0)
        for project, (spent, earned) in sums.items():
            self.assertEqual(-spent, self.rated(kitty, month, project_id=project))
            self.assertEqual(earned, self.rated(kitty, month, owner_id=project))
        self.many(kitty)

    def many(self, kitty):
        """Pages of frames, some of corrections, of more than one project."""
        made, month = _transfers(2500), '2020-02'
        session = sessions.Session(
            v3.Password(
                auth_url=keystone.url(self.ports),
                username='flocx',
                password=self.folder.password,
                project_name='service',
                user_domain_name='Default',
                project_domain_name='Default',
            )
        )
        asked = self.enterContext(
            mock.patch.object(session, 'request', wraps=session.request)
        )
        push = cloudkitty.Push(session, kitty.url, month)
        for _ in range(2):
            sent = [push.send(made[at : at + 500]) for at in range(0, 2500, 500)]
            push = cloudkitty.Push(session, kitty.url, month)
            sent.append(push.send(made))
        self.assertEqual([0] * 6, sent)
        methods = [
            each.args[1]
            for each in asked.call_args_list
            if each.args[0].endswith('/v2/dataframes')
        ]
        # Five pushes; nothing, three pages, and those once more.
        self.assertEqual(5, methods.count('POST'))
        self.assertLessEqual(methods.count('GET'), 1 + 3 + 3)
        for project in ('one', 'two'):
            due = sum(
                each.amount
                if each.debit == core.project_account(project)
                else -each.amount
                for each in made
                if each.details['project_id'] == project
            )
            self.assertEqual(due, self.rated(kitty, month, project_id=project))


def _hours(number):
    now = datetime.datetime.now(datetime.UTC)
    return window.text(now + datetime.timedelta(hours=number))


def _transfers(number):
    """Transfers of usage in a month, a tenth of them corrections that give back."""
    draw, now = random.Random(7), datetime.datetime(2020, 2, 9, tzinfo=datetime.UTC)
    made = []
    for place in range(number):
        project, back = draw.choice(('one', 'two')), place % 10 == 0
        parties = [core.project_account(each) for each in (project, 'owner')]
        debit, credit = reversed(parties) if back else parties
        made.append(
            ledger.transfer(
                core.TransferType.CORRECTION if back else core.TransferType.USAGE,
                debit,
                credit,
                decimal.Decimal(draw.randrange(1, 10**10)) / 10**6,
                now,
                period='2020-01',
                details={
                    'project_id': project,
                    'owner_id': 'owner',
                    'server_seconds': draw.randrange(10**6),
                    'notice_seconds': draw.randrange(10),
                    'resource_class': draw.choice((None, 'large')),
                    'resource_uuid': f'server-{place}',
                },
            )
        )
    return made

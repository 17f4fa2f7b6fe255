# SPDX-License-Identifier: Apache-2.0
"""``openstack market``, the whole command, against the real services."""

import contextlib
import datetime
import io
import json
import logging
import shlex
from unittest import mock

import fixtures
from openstackclient import shell
import webob
import webob.dec

from flocx.core import window
from flocxclient.sdk import proxy
from tests.emulated import keystone
from tests.functional import base


class Keystone(keystone.Keystone):
    """Everybody has a role in every project, and may see which there are."""

    @webob.dec.wsgify
    def __call__(self, request):
        if request.path != '/v3/auth/projects':
            return request.get_response(super().__call__)
        projects = [{'id': name, 'name': name} for name in keystone.PARENTS]
        return webob.Response(json={'projects': projects})


class Failed(Exception):
    """A command said no; what it said, and what it printed all the same."""

    def __init__(self, message, out):
        super().__init__(message)
        self.out = out


class CommandTestCase(base.MarketplaceTestCase):
    REAL_TIME = True

    def setUp(self):
        super().setUp()
        # Whose cloud this is, must not depend on whose machine it is.
        nowhere = self.useFixture(fixtures.TempDir()).path
        for name in ('HOME', 'XDG_CONFIG_HOME'):
            self.useFixture(fixtures.EnvironmentVariable(name, nowhere))

    @classmethod
    def setUpClass(cls):
        with mock.patch.object(keystone, 'Keystone', Keystone):
            super().setUpClass()

    def run_command(self, who, line, *more):
        """What a command line, and ``more`` words, print on stdout and on stderr."""
        access = {
            'auth-type': 'password',
            'auth-url': f'{self.marketplace.identity}/v3',
            'username': who,
            'password': who,
            'project-name': who.rpartition('-')[0],
            'user-domain-name': 'Default',
            'project-domain-name': 'Default',
            'region-name': 'RegionOne',
        }
        options = [f'--os-{name}={value}' for name, value in access.items()]
        out, err = io.StringIO(), io.StringIO()
        handlers = list(logging.root.handlers)
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = shell.OpenStackShell().run(
                    [*options, 'market', *shlex.split(line), *more]
                )
            except SystemExit as exit_:
                code = exit_.code
            finally:
                logging.root.handlers[:] = handlers
        if code:
            raise Failed(err.getvalue(), out.getvalue())
        return out.getvalue(), err.getvalue()

    def openstack(self, who, *arguments):
        """What the command says to programs."""
        out, _ = self.run_command(who, *arguments, '-f', 'json')
        return json.loads(out)

    def refused(self, who, *arguments):
        """What a command that fails says."""
        return str(self.assertRaises(Failed, self.run_command, who, *arguments))

    def end(self, line):
        """The end of a contract that a command has moved."""
        return self.openstack('umbrella-member', f'contract {line}')['end_time']

    def claimed(self, **fields):
        """A contract that umbrella has for a new offer of acme."""
        return self.openstack(
            'umbrella-member', 'offer claim', self.offer(**fields)['uuid']
        )


def shifted(time, hours):
    """``time``, as the API writes it, so many hours later."""
    return window.text(datetime.datetime.fromisoformat(time) + hours * base.HOUR)


class ChangingTest(CommandTestCase):
    def test_set_an_offer(self):
        offer = self.offer(name='mine')
        end = self.time(48)
        changed = self.openstack(
            'acme-member',
            'offer set mine --name ours --price 1.5 --lessee acme-lab',
            '--end-time',
            end,
        )
        self.assertEqual(offer['uuid'], changed['uuid'])
        self.assertEqual(
            ('ours', '1.500000', end, 'acme-lab'),
            tuple(changed[n] for n in ('name', 'price', 'end_time', 'lessee_id')),
        )
        changed = self.openstack('acme-member', 'offer set ours --no-lessee --no-name')
        self.assertEqual([None, None], [changed['lessee_id'], changed['name']])

    def test_set_rests_on_a_generation(self):
        offer = self.offer()
        command = 'acme-member', 'offer', 'set', offer['uuid']
        resting = '--if-generation', str(offer['generation'])
        self.openstack(*command, '--price', '2', *resting)
        message = self.refused(*command, '--price', '3', *resting)
        self.assertIn('price 2.000000', message)
        self.assertIn('look at it again', message)

    def test_nothing_to_set(self):
        offer = self.offer()
        message = self.refused('acme-member', 'offer set', offer['uuid'])
        self.assertIn('nothing to change is given', message)

    def test_set_a_bid(self):
        bid = self.bid(name='wish')
        changed = self.openstack('umbrella-member', 'bid set wish --price 3 --no-name')
        self.assertEqual(
            (bid['uuid'], '3.000000', None),
            (changed['uuid'], changed['price'], changed['name']),
        )

    def test_what_was_fetched_is_not_overwritten(self):
        """The SDK's own way to change something loses nobody's change."""
        contract = self.claimed(hours=24)
        read = proxy.Proxy._changed
        seen = []

        def slowly(market, kind, given, changes, generation=None):
            if not seen:
                seen.append(1)
                self.market('umbrella-member').patch(
                    f'/v1/contracts/{contract["uuid"]}', {'end_time': self.time(10)}
                )
            return read(market, kind, given, changes, generation)

        with mock.patch.object(proxy.Proxy, '_changed', slowly):
            message = self.refused(
                'umbrella-member', 'contract shorten', contract['uuid'], '--by', '1h'
            )
        self.assertIn('is at generation', message)

    def test_claim_several_all_or_none(self):
        offers = [self.offer(name=f'pair-{number}') for number in range(2)]
        contract = self.openstack(
            'umbrella-member',
            'offer claim --end-time +5h --name pair pair-0',
            offers[1]['uuid'],
        )
        self.assertEqual(
            {offer['uuid'] for offer in offers},
            {line['offer_uuid'] for line in contract['lines']},
        )
        third = self.offer()['uuid']
        message = self.refused(
            'umbrella-member',
            f'offer claim {third} pair-0 --start-time +1h --end-time +2h',
        )
        self.assertIn('is not free then', message)
        self.assertEqual(
            [],
            self.openstack('umbrella-member', 'contract list --offer', third),
        )
        found = self.openstack('umbrella-member', 'contract list --offer pair-0')
        self.assertEqual(['pair'], [each['Name'] for each in found])

    def test_move_the_end(self):
        offer = self.offer(hours=24)['uuid']
        end = self.time(4)
        self.openstack(
            'umbrella-member', f'offer claim {offer} --end-time {end} --name moving'
        )
        for line, hours in (
            ('extend moving --by 2h', 6),
            (f'extend moving --until {shifted(end, 4)}', 8),
            ('shorten moving --by 1h', 7),
            (f'shorten moving --until {shifted(end, 1)}', 5),
            (f'set moving --end-time {shifted(end, 5)}', 9),
        ):
            self.assertEqual(shifted(end, hours - 4), self.end(line))

    def test_the_wrong_way(self):
        uuid = self.claimed(hours=24)['uuid']
        message = self.refused('umbrella-member', f'contract extend {uuid} --until +1h')
        self.assertIn('contract shorten', message)
        message = self.refused(
            'umbrella-member', f'contract shorten {uuid} --until +9d'
        )
        self.assertIn('contract extend', message)

    def test_no_room_to_extend(self):
        uuid = self.claimed(hours=3)['uuid']
        message = self.refused('umbrella-member', f'contract extend {uuid} --by 2h')
        self.assertIn('free', message)

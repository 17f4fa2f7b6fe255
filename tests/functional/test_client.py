# SPDX-License-Identifier: Apache-2.0
"""The real ``openstack market`` commands against the real services.

They run in this process, for starting one takes longer than what it does; one test
starts a process all the same.
"""

import contextlib
import io
import json
import logging
import os
import subprocess
import sys

import fixtures
from openstackclient import shell

from tests.functional import base


class Outcome:
    """What a command came to."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    @property
    def json(self):
        return json.loads(self.out)


class ClientTestCase(base.MarketplaceTestCase):
    REAL_TIME = True
    WORKERS = True
    #: The first word of the commands.
    GROUP = 'market'

    def setUp(self):
        super().setUp()
        # Whose cloud this is, must not depend on whose machine it is.
        nowhere = self.useFixture(fixtures.TempDir()).path
        for name in ('HOME', 'XDG_CONFIG_HOME'):
            self.useFixture(fixtures.EnvironmentVariable(name, nowhere))
        root = logging.getLogger()
        self.addCleanup(root.setLevel, root.level)
        self.addCleanup(setattr, root, 'handlers', root.handlers)

    def arguments(self, who):
        project = who.rpartition('-')[0]
        return [
            f'--os-auth-url={self.marketplace.identity}/v3',
            f'--os-username={who}',
            f'--os-password={who}',
            f'--os-project-name={project}',
            '--os-user-domain-name=Default',
            '--os-project-domain-name=Default',
        ]

    def run_command(self, who, *words, options=()):
        """What became of ``openstack OPTIONS GROUP WORDS``."""
        out, err = io.StringIO(), io.StringIO()
        logging.getLogger().handlers = []
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = shell.main([*self.arguments(who), *options, self.GROUP, *words])
            except SystemExit as end:
                code = end.code
        return Outcome(code, out.getvalue(), err.getvalue())

    def run_json(self, who, *words):
        """The JSON that a command prints that has to succeed."""
        done = self.run_command(who, *words, '-f', 'json')
        self.assertEqual(0, done.code, done.err)
        return done.json

    def done(self, who, *words):
        """A command without output that has to succeed."""
        done = self.run_command(who, *words)
        self.assertEqual((0, ''), (done.code, done.out), done.err)

    def refused(self, who, *words):
        """The message of a command that has to fail."""
        done = self.run_command(who, *words)
        self.assertNotEqual(0, done.code)
        # D55: an error is no row of a table.
        self.assertEqual('', done.out)
        self.assertNotIn('Traceback', done.err)
        return done.err


class TourTest(ClientTestCase):
    def test_d55_the_eight_steps_by_hand(self):
        node = self.add_node()
        nodes = self.run_json('acme-member', 'node', 'list')
        self.assertIn(node, [each['Name'] for each in nodes])
        offer = self.run_json(
            *('acme-member', 'offer', 'create', node, '--name', 'tour'),
            *('--price', '1.25', '--end-time', '+1d'),
        )
        self.assertEqual('available', offer['status'])
        self.assertEqual(64, offer['properties']['cpus'])
        listed = self.run_json('umbrella-member', 'offer', 'list')
        self.assertEqual([offer['uuid']], [each['UUID'] for each in listed])
        shown = self.run_json('umbrella-reader', 'offer', 'show', 'tour')
        self.assertEqual('1.250000', str(shown['price']))
        bid = self.run_json(
            *('umbrella-member', 'bid', 'create', '--name', 'tour', '--price', '2.5'),
            *('--end-time', '+8h', '--require', 'memory_mb>=65536'),
            *('--require', 'cpu_arch=x86_64', '--wait', '--wait-timeout', '60s'),
        )
        self.assertEqual('matched', bid['status'])
        self.assertEqual(
            [['memory_mb', '>=', 65536], ['cpu_arch', 'eq', 'x86_64']],
            bid['requirements'],
        )
        contract = self.run_json(
            'umbrella-member', 'contract', 'show', bid['contract_uuid']
        )
        (line,) = contract['lines']
        self.assertEqual(offer['uuid'], line['offer_uuid'])
        for who, role in (('umbrella-reader', '--renter'), ('acme-reader', '--owner')):
            found = self.run_json(who, 'contract', 'list', role)
            self.assertEqual([contract['uuid']], [each['UUID'] for each in found])
        self.eventually('umbrella', lambda: self.marketplace.node(node).lessee)
        self.done(
            *('umbrella-member', 'contract', 'release', 'tour'),
            *('--wait', '--wait-timeout', '60s'),
        )
        self.assertIsNone(self.marketplace.node(node).lessee)
        for who in ('umbrella-reader', 'acme-reader'):
            events = self.run_json(
                who, 'event', 'list', '--object-uuid', contract['uuid']
            )
            types = [each['Type'] for each in events]
            self.assertEqual('contract.created', types[0])
            self.assertEqual('contract.ended', types[-1])
        self.done('acme-member', 'offer', 'delete', 'tour')
        self.assertEqual([], self.run_json('umbrella-reader', 'offer', 'list'))

    def test_a_server_for_a_project_of_ones_own(self):
        node = self.add_node()
        self.run_json(
            *('acme-member', 'offer', 'create', node, '--name', 'aside'),
            *('--lessee', 'acme-lab', '--end-time', '+1d'),
        )
        contract = self.run_json(
            *('acme-lab-member', 'offer', 'claim', 'aside', '--end-time', '+2h'),
            *('--name', 'lab', '--wait', '--wait-timeout', '60s'),
        )
        self.assertEqual('active', contract['status'])
        self.assertEqual('acme-lab', self.marketplace.node(node).lessee)
        self.done('acme-lab-member', 'contract', 'release', 'lab')
        self.eventually(None, lambda: self.marketplace.node(node).lessee)

    def test_the_spellings_of_esi(self):
        uuid = self.offer(name='esi')['uuid']
        for kind, count in (('dummy_node', 1), ('ironic_node', 0)):
            found = self.run_json(
                *('umbrella-reader', 'offer', 'list', '--name', 'esi'),
                *('--resource-type', kind),
            )
            self.assertEqual(count, len(found))
        self.run_json('umbrella-member', 'offer', 'claim', 'esi', '--name', 'esi')
        self.done('umbrella-member', 'contract', 'cancel', 'esi')
        for more in (('--all',), ('--offer-uuid', uuid, '--status', 'any')):
            found = self.run_json(
                *('umbrella-reader', 'contract', 'list', '--name', 'esi', *more),
                *('--resource-type', 'dummy_node'),
            )
            self.assertEqual(['esi'], [each['Name'] for each in found])
        self.assertEqual(
            [],
            self.run_json(
                *('umbrella-reader', 'contract', 'list', '--all', '--resource-type'),
                'ironic_node',
            ),
        )
        created = self.run_json(
            *('umbrella-reader', 'event', 'list', '--event-type', 'contract.created'),
            *('--last-notification-time', '1h ago'),
        )
        self.assertIn('contract.created', {each['Type'] for each in created})
        later = self.run_json(
            *('umbrella-reader', 'event', 'list', '--event-type', 'contract.created'),
            *('--last-event-id', str(created[-1]['ID'])),
        )
        self.assertEqual([], later)

    def test_what_became_of_a_server_with_that_hardware(self):
        node = self.add_node(properties={'cpus': 7, 'cpu_arch': 'x86_64'})
        offer = self.offer(node=node, name='seven')
        self.run_json('umbrella-member', 'offer', 'claim', 'seven', '--name', 'seven')
        listing = 'umbrella-reader', 'contract', 'list', '--property'
        for wanted, names in (('cpus<8', ['seven']), ('cpus<7', [])):
            found = self.run_json(*listing, wanted, '--require', 'cpu_arch=x86_64')
            self.assertEqual(names, [each['Name'] for each in found])
        about = '--resource-uuid', offer['resource_uuid']
        for who, named, types in (
            ('acme-member', ('--resource-uuid', node), 'offer.published'),
            ('umbrella-reader', about, 'contract.created'),
            ('umbrella-reader', (*about, '--resource-type', 'ironic_node'), None),
        ):
            found = self.run_json(who, 'event', 'list', *named)
            self.assertEqual(types, found[0]['Type'] if found else None)

    def test_the_operator_looks_into_the_engine(self):
        names = self.run_json('operator-admin', 'mechanism', 'list')
        self.assertTrue(names)
        self.run_json('operator-admin', 'round', 'list')

    def test_the_market_at_a_glance(self):
        self.offer(price='3')
        for words in (
            ('book', 'show'),
            ('price', 'list'),
            ('property', 'list'),
            ('usage', 'show'),
        ):
            self.run_json('umbrella-reader', *words)

    def test_the_command_as_a_process(self):
        offer = self.offer(price='4', name='of-a-process')
        done = subprocess.run(
            [
                sys.executable,
                '-m',
                'openstackclient.shell',
                *self.arguments('umbrella-member'),
                *('market', 'offer', 'list', '--name', 'of-a-process', '-f', 'json'),
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(
            [offer['uuid']], [each['UUID'] for each in json.loads(done.stdout)]
        )

    def test_completion_in_bash(self):
        self.offer(name='of-a-shell')
        self.offer(name='of-another')
        done = self.run_command('umbrella-member', 'complete', '--shell', 'bash')
        script = (
            f'{done.out}\nCOMP_WORDS=(openstack "$@")\nCOMP_CWORD=$#\n'
            '_openstack_market\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
        )
        program = os.path.dirname(sys.executable)
        words = 'market', 'offer', 'claim', 'of-a-'
        typed = [*self.arguments('umbrella-member'), *words]
        done = subprocess.run(
            ['/bin/bash', '-c', script, 'bash', *typed],
            env={**os.environ, 'PATH': os.pathsep.join([program, os.defpath])},
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual(('of-a-shell\n', ''), (done.stdout, done.stderr))
        self.done('acme-member', 'offer', 'delete', 'of-a-shell', 'of-another')


class RefusalTest(ClientTestCase):
    def test_what_is_wrong_is_said(self):
        bid = ('bid', 'create', '--end-time', '+8h', '--price')
        for who, words, message in (
            (
                'umbrella-member',
                (*bid, '1', '--require', '["disks[", "==", 1]'),
                r'requirements\[0\].*not JMESPath.*HTTP 400, request req-',
            ),
            ('umbrella-reader', (*bid, '1'), 'market:bids:create.*HTTP 403'),
            ('umbrella-member', ('offer', 'show', 'nothing'), 'not found.*HTTP 404'),
            (
                'umbrella-member',
                ('offer', 'create', 'no-node', '--price', '1', '--end-time', '+1d'),
                'no-node not found.*HTTP 404',
            ),
            ('umbrella-member', (*bid, 'nan'), 'such as 1.25'),
            ('umbrella-member', ('bid', 'create', '--price', '1'), '--end-time'),
            ('acme-member', ('round', 'list'), 'HTTP 403'),
        ):
            with self.subTest(words):
                self.assertRegex(' '.join(self.refused(who, *words).split()), message)

    def test_the_commands_of_the_marketplace_alone(self):
        for words, least, most in (((), 40, 100), (('offer',), 5, 12)):
            done = self.run_command('umbrella-reader', *words)
            self.assertEqual(0, done.code)
            heading, *lines = done.out.splitlines()
            self.assertTrue(least < len(lines) < most, done.out)
            begin = '  ' + ' '.join(['market', *words])
            self.assertEqual([], [each for each in lines if not each.startswith(begin)])
        done = self.run_command('umbrella-reader', 'offr')
        self.assertNotEqual(0, done.code)
        self.assertIn("'market offr' is not a", done.out)

    def test_two_of_one_name(self):
        for _ in range(2):
            self.bid(name='twin')
        self.assertRegex(
            self.refused('umbrella-member', 'bid', 'cancel', 'twin'), 'several have'
        )

    def test_each_of_several_is_ended_whatever_becomes_of_the_others(self):
        bid = self.bid(name='last')
        message = self.refused('umbrella-member', 'bid', 'delete', 'nobody', 'last')
        self.assertRegex(message, '1 of 2 bids failed')
        self.assertEqual('cancelled', self.show('bids', bid['uuid'])['status'])

    def test_a_wrong_password(self):
        done = self.run_command('umbrella-nobody', 'offer', 'list')
        self.assertEqual((1, ''), (done.code, done.out))

    def test_a_bid_that_nobody_meets_does_not_wait_for_ever(self):
        message = self.refused(
            *('umbrella-member', 'bid', 'create', '--price', '0', '--end-time', '+8h'),
            *('--wait', '--wait-timeout', '1s'),
        )
        self.assertRegex(message, 'is still available after 1 seconds')

    def test_lists_go_through_all_pages(self):
        for number in range(5):
            self.bid('initech-member', name=f'page-{number}')
        for words, expected in (
            ((), range(5)),
            (('--limit', '3'), range(3)),
            (('--sort', 'created_at:desc', '--limit', '2'), (4, 3)),
        ):
            found = self.run_json('initech-reader', 'bid', 'list', *words)
            self.assertEqual(
                [f'page-{number}' for number in expected],
                [each['Name'] for each in found],
            )

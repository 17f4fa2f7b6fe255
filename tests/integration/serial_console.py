# SPDX-License-Identifier: Apache-2.0
"""A renter's console on a real Ironic, through the console of a BMC.

Of the server all is simulated but the console: the BMC is OpenIPMI's ``ipmi_sim``,
with a serial port on this machine, and Ironic's ``ipmitool-socat`` opens it over IPMI.
"""

import contextlib
import pathlib
import shutil
import socketserver
import subprocess
import tempfile
import threading

from websockets import exceptions as ws_exceptions
from websockets.sync import client

from tests import waiting
from tests.integration import people
from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import processes
from tools.lab import rest
from tools.rigging import fleet
from tools.rigging import rig as rigs
from tools.rigging import services
from tools.rigging import trader

PROGRAMS = ('ipmi_sim', 'ipmitool', 'socat')
ACCOUNT = ('admin', 'secret')
DRIVER = 'simulated-with-console'
VERSION = {'OpenStack-API-Version': 'marketplace latest'}

_BMC = """\
name "bmc"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 {bmc}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  sol "tcp:127.0.0.1:{serial}" 115200
  user 2 true "{user}" "{password}" admin 10 none md2 md5 straight
"""
_CONTROLLER = """\
mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
"""
#: A kind of hardware, as a package that is installed beside Ironic brings one.
_HARDWARE = """\
from ironic.drivers import fake_hardware
from ironic.drivers.modules import ipmitool


class WithConsole(fake_hardware.FakeHardware):
    @property
    def supported_console_interfaces(self):
        return [ipmitool.IPMISocatConsole, *super().supported_console_interfaces]
"""
_PACKAGE = {
    'METADATA': 'Metadata-Version: 2.1\nName: simulated-console\nVersion: 1\n',
    'entry_points.txt': '[ironic.hardware.types]\n'
    f'{DRIVER} = simulated_console:WithConsole\n',
}


class _Echo(socketserver.BaseRequestHandler):
    def handle(self):
        while said := self.request.recv(4096):
            self.request.sendall(b'> ' + said)


class SerialConsole:
    def test_the_console_of_a_bmc_is_the_renters_until_the_hand_back(self):
        missing = [name for name in PROGRAMS if not shutil.which(name)]
        if missing:
            # A BMC and IPMI come from the system, and .ci/run installs them.
            self.skipTest(f'bindep.txt has what is missing: {missing}')
        self.place = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        # Daemons have accounts of their own.
        self.place.chmod(0o755)
        told = people.People(self.rig)
        self.start_ironic_with_consoles()
        node = self.enrol(self.start_bmc())
        url = self.start_proxy()
        owner = trader.Trader(self.rig, 'acme-owner')
        renter = trader.Trader(self.rig, 'umbrella-renter')
        offer = owner.offer(node, '1', 3600)
        contract = renter.claim(offer['uuid'], 1800)
        renter.until('contracts', contract['uuid'], ['active'])
        self.assertEqual(409, self.ask_for_token('acme-owner', node)[0])
        status, made = self.ask_for_token('umbrella-renter', node)
        self.assertEqual(201, status, made)
        url = f'{url}?token={made["token"]}'
        with waiting.until(lambda: self.opened(url)) as session:
            self.talks(session)
            renter.withdraw('contracts', contract['uuid'])
            with self.assertRaises(ws_exceptions.ConnectionClosed):
                while True:
                    session.recv(timeout=60)
        found = told.until(node, lessee=None, provision_state='available')
        self.assertFalse(found['console_enabled'])
        with self.assertRaises(ws_exceptions.InvalidStatus) as refused:
            client.connect(url, proxy=None)
        self.assertEqual(403, refused.exception.response.status_code)
        owner.withdraw('offers', offer['uuid'])
        self.assertHolds()

    def opened(self, url):
        """A session, or None while Ironic is about to switch the console on."""
        try:
            return client.connect(url, proxy=None, open_timeout=60)
        except ws_exceptions.InvalidStatus as refused:
            self.assertEqual(503, refused.response.status_code, refused.response.body)
        return None

    def ask_for_token(self, user, node):
        """(status, document) of the answer."""
        token = accounts.log_in(
            self.rig.folder, self.rig.ports, user, accounts.PEOPLE[user][0]
        )
        url = services.url(self.rig.ports, 'provider')
        url = f'{url}/v1/nodes/{node}/console_tokens'
        status, _, document = rest.call('POST', url, {}, token, headers=VERSION)
        return status, document

    def talks(self, session):
        """What is written at one end comes back from the other.

        The proxy connects before the session with the BMC is there, and what is written
        until then is lost.
        """
        heard = b''

        def look():
            nonlocal heard
            session.send(b'hello\n')
            with contextlib.suppress(TimeoutError):
                heard += session.recv(timeout=1)
            return heard

        echo = b'> hello'
        self.assertIn(echo, waiting.until(look, lambda found: echo in found))

    def start_bmc(self):
        """A BMC, and what is at its serial port; the ``driver_info`` of its node."""
        serial = socketserver.ThreadingTCPServer(('127.0.0.1', 0), _Echo)
        serial.daemon_threads = True
        threading.Thread(target=serial.serve_forever, daemon=True).start()
        self.addCleanup(serial.server_close)
        self.addCleanup(serial.shutdown)
        user, password = ACCOUNT
        port, terminal = self.ports(2)
        (self.place / 'lan.conf').write_text(
            _BMC.format(
                bmc=port,
                serial=serial.server_address[1],
                user=user,
                password=password,
            )
        )
        (self.place / 'controller').write_text(_CONTROLLER)
        state = self.place / 'state'
        state.mkdir()
        command = ['ipmi_sim', '-n', '-c', self.place / 'lan.conf']
        command += ['-f', self.place / 'controller', '-s', state]
        bmc = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(bmc.wait)
        self.addCleanup(bmc.terminate)
        return {
            'ipmi_address': '127.0.0.1',
            'ipmi_port': port,
            'ipmi_username': user,
            'ipmi_password': password,
            'ipmi_terminal_port': terminal,
        }

    def start_ironic_with_consoles(self):
        """Let Ironic have hardware that is simulated but for its console."""
        (self.place / 'simulated_console.py').write_text(_HARDWARE)
        package = self.place / 'simulated_console-1.dist-info'
        package.mkdir()
        for name, text in _PACKAGE.items():
            (package / name).write_text(text)
        path = self.rig.folder.etc / 'ironic.conf'
        before = path.read_text()
        changed = before
        for name, value in (
            ('enabled_hardware_types', DRIVER),
            ('enabled_console_interfaces', 'ipmitool-socat'),
        ):
            self.assertIn(f'\n{name} = ', changed)
            changed = changed.replace(f'\n{name} = ', f'\n{name} = {value},', 1)

        def restart(text, environment):
            ironic = self.rig.process('ironic')
            ironic.stop()
            folders.write_private(path, text)
            ironic.environment = environment
            ironic.start()
            ironic.wait(rigs.START_TIMEOUT)

        self.addCleanup(restart, before, None)
        restart(changed, self.rig.folder.environment(PYTHONPATH=str(self.place)))

    def enrol(self, driver_info):
        """The uuid of a server with a console, which is available."""
        there = fleet.Fleet(self.rig, 'baremetal.console')
        admin = people.People(self.rig)
        status, node = admin.ask(
            'admin',
            'POST',
            '',
            {
                'name': 'with-console',
                'owner': accounts.projects(self.rig.folder, self.rig.ports)['acme'],
                'driver': DRIVER,
                'console_interface': 'ipmitool-socat',
                'driver_info': driver_info,
                'resource_class': 'baremetal.console',
                'properties': fleet.HARDWARE,
            },
        )
        self.assertEqual(201, status, node)
        self.addCleanup(admin.ask, 'admin', 'DELETE', node['uuid'])
        for target, state in (('manage', 'manageable'), ('provide', 'available')):
            admin.provision('admin', node['uuid'], target)
            admin.until(node['uuid'], provision_state=state)
        self.assertEqual(1, len(there.nodes()))
        return node['uuid']

    def start_proxy(self):
        """The URL of a ``flocx-provider-console``."""
        folder, (port,) = self.rig.folder, self.ports(1)
        path = folder.etc / 'console.conf'
        text = (folder.etc / 'provider.conf').read_text()
        text += f'\n[console]\nhost = 127.0.0.1\nport = {port}\n'
        folders.write_private(path, text)
        proxy = processes.Process(
            folder,
            'console',
            [folder.python, folder.venv / 'bin' / 'flocx-provider-console']
            + ['--config-file', path],
            [f'http://127.0.0.1:{port}/healthcheck'],
        )
        self.addCleanup(proxy.stop)
        proxy.start()
        proxy.wait(rigs.START_TIMEOUT)
        return f'ws://127.0.0.1:{port}/'

    def ports(self, number):
        found = []
        for _ in range(number):
            found.append(processes.any_port([*self.rig.ports.values(), *found]))
        return found

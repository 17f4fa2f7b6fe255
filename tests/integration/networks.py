# SPDX-License-Identifier: Apache-2.0
"""A real Neutron beside a lab: it has networks and ports, and wires nothing.

Its core plugin is ML2 with flat networks and without a mechanism, so that it keeps the
books of what is bound where, and asks who may, as on any site, and needs no agent.
"""

import pathlib

from tools.lab import accounts
from tools.lab import bringup
from tools.lab import folder as folders
from tools.lab import install
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import processes

NAME = 'neutron'
NETWORK = 'flat'
HERE = pathlib.Path(__file__).parent
REQUIREMENTS = HERE / 'neutron-requirements.txt'

CONFIGURATION = """\
[DEFAULT]
core_plugin = ml2
service_plugins =
transport_url = fake://
auth_strategy = keystone
api_paste_config = {venv}/etc/neutron/api-paste.ini
state_path = {data}/neutron
dhcp_agent_notification = false
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false

[database]
connection = {database}

[ml2]
type_drivers = flat
tenant_network_types =
mechanism_drivers =

[oslo_concurrency]
lock_path = {data}/neutron

[oslo_policy]
# Its own, and not that of the Ironic beside it; by default there is none.
policy_file = {data}/neutron/policy.yaml

[keystone_authtoken]
www_authenticate_uri = {keystone}
{account}
interface = internal
service_token_roles = service
service_token_roles_required = true
"""

#: What Ironic is told; of an option that is there twice the last one counts.
KNOWN_TO_IRONIC = """
[DEFAULT]
enabled_network_interfaces = noop,flat

[neutron]
{account}
endpoint_override = {url}
cleaning_network = {network}
# A test in which there is no Neutron for a while should not wait for it long.
status_code_retries = 0
connect_retries = 0
"""


class Lab(bringup.Lab):
    """A lab whose Ironic knows where a Neutron is, once one is started there."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.networks = Neutron(self.folder)

    def _configure(self):
        super()._configure()
        known = KNOWN_TO_IRONIC.format(
            account=ironic.account(self.folder, self.ports, 'ironic'),
            url=self.networks.url,
            network=NETWORK,
        )
        conf = self.folder.etc / 'ironic.conf'
        folders.write_private(conf, conf.read_text() + known)


class Neutron:
    """Neutron on a port of its own, without what an earlier one knew."""

    def __init__(self, folder):
        self._folder = folder
        self._data = folder.data / NAME
        self._database = f'sqlite:///{self._data}/neutron.sqlite'
        folder.create()
        self._port = folder.recall(NAME)
        # After a test run that was killed, its Neutron runs on.
        self.process().stop()
        if not self._port or not processes.free(self._port):
            self._port = processes.any_port()
            folder.remember(NAME, self._port)

    @property
    def url(self):
        return f'http://127.0.0.1:{self._port}'

    def install(self):
        """Add Neutron to the environment, unless it is there."""
        install.add(self._folder, NAME, REQUIREMENTS)

    def configure(self, ports):
        self._data.mkdir(parents=True, exist_ok=True)
        for path in self._data.glob('neutron.sqlite*'):
            path.unlink()
        text = CONFIGURATION.format(
            venv=self._folder.venv,
            data=self._folder.data,
            database=self._database,
            keystone=keystone.url(ports),
            account=ironic.account(self._folder, ports, NAME),
        )
        folders.write_private(self._folder.etc / 'neutron.conf', text)
        accounts.create_service(self._folder, ports, NAME)

    def process(self):
        return processes.Process(
            self._folder,
            NAME,
            [self._folder.python, HERE / 'serve_neutron.py']
            + ['127.0.0.1', self._port, self._database],
            [self.url],
            self._folder.environment(
                OS_NEUTRON_CONFIG_DIR=str(self._folder.etc),
                OS_NEUTRON_CONFIG_FILES='neutron.conf',
            ),
        )

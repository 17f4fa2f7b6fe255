# SPDX-License-Identifier: Apache-2.0
"""FLOCX as a site deploys it: three APIs under uWSGI, two workers of each kind."""

from tools.lab import accounts
from tools.lab import folder as folders
from tools.lab import ironic
from tools.lab import keystone
from tools.lab import processes
from tools.lab import rest

APIS = ('market', 'provider', 'matcher')
# kind of worker: (the program, whose configuration it reads)
WORKERS = {
    'worker': ('flocx-market-worker', 'market'),
    'engine': ('flocx-matcher-engine', 'matcher'),
    'fulfiller': ('flocx-provider-fulfiller', 'provider'),
}
NAMES = (*APIS, 'worker', 'engine-1', 'engine-2', 'fulfiller-1', 'fulfiller-2')

SHARED = """\
[DEFAULT]
transport_url = {broker}

[keystone_authtoken]
www_authenticate_uri = {keystone}
{account}
memcached_servers = {cache}
interface = internal
service_token_roles = service
service_token_roles_required = true

[service_credentials]
{account}

[oslo_messaging_rabbit]
# A broker that has gone is noticed, and one that is back is found, soon.
heartbeat_timeout_threshold = 10
"""
DATABASE = """
[database]
connection = {database}
max_retries = -1
"""
# So many seconds after a worker's death the others have its share.
MEMBERSHIP = 10
COORDINATION = f"""
[coordination]
backend_url = memcached://{{cache}}?membership_timeout={MEMBERSHIP}
"""
# Whatever messages do not bring, these passes find; a test should not wait long.
OWN = {
    'market': DATABASE + '\n[contracts]\nnotice = 2\n',
    'matcher': DATABASE
    + COORDINATION
    + '\n[matcher]\nround_interval = 2\nround_seconds = 1\n',
    'provider': COORDINATION
    + """
[provider]
nodes = ironic
notifications_url = {broker}
fulfil_interval = 1
retry_interval = 0.5
reconcile_interval = 5
""",
}
#: Added to the configuration of the market where projects have budgets.
BUDGETS = '\n[ledger]\nenforce = true\n'
#: More than anybody spends.
CREDITS = '1000000'
VERSION = {'OpenStack-API-Version': 'marketplace 1.1'}


def quarantine(folder, project_id):
    """Tell the provider which project has a server between two lessees."""
    path = folder.etc / 'provider.conf'
    line = f'quarantine_project_id = {project_id}\n'
    text = path.read_text()
    if line not in text:
        folders.write_private(path, text + line)


def configure(folder, ports, broker, cache, database, budgets=False):
    """Write the configuration of each service.

    :param broker: the URL of the message broker.
    :param cache: where memcached is.
    :param database: the URL of the market database.
    :param budgets: whether projects need credits.
    """
    for name in APIS:
        more = BUDGETS if budgets and name == 'market' else ''
        text = (SHARED + OWN[name] + more).format(
            broker=broker,
            cache=cache,
            database=_escaped(database),
            keystone=keystone.url(ports),
            account=ironic.account(folder, ports, 'flocx'),
        )
        folders.write_private(folder.etc / f'{name}.conf', text)


def configure_lease(folder, database):
    """Write the configuration of a lease service, for the servers of the provider.

    :param database: the URL of the market database.
    """
    text = (folder.etc / 'provider.conf').read_text()
    text += DATABASE.format(database=_escaped(database))
    folders.write_private(folder.etc / 'lease.conf', text)


def fund(folder, ports):
    """Give each project credits, unless it has an account."""
    token = accounts.log_in(folder, ports, 'admin', 'admin')
    market = f'{url(ports, "market")}/v1'
    for project in accounts.projects(folder, ports).values():
        path = f'{market}/accounts/{project}'
        if rest.call('GET', path, token=token, headers=VERSION)[0] == 404:
            grant = {'project_id': project, 'amount': CREDITS}
            rest.expect('POST', f'{market}/grants', grant, token, headers=VERSION)


def _escaped(url):
    """As oslo.config, to which a dollar and a per cent mean something, reads it."""
    return url.replace('$', '$$')


def migrate(folder):
    """Bring the schema of the market up, from none if need be."""
    manage = [folder.python, folder.venv / 'bin' / 'flocx-market-manage']
    manage += ['--config-file', folder.etc / 'market.conf', 'db', 'upgrade']
    processes.run(folder, 'flocx-market-manage', manage)


def process(folder, ports, name):
    """The process of that name, running or not.

    The lease service, which a rig is without, is one that may be started besides, see
    :func:`configure_lease`.
    """
    kind = name.partition('-')[0]
    if kind in WORKERS:
        return worker(folder, name, kind)
    return api(folder, name, name, f'127.0.0.1:{ports[name]}')


def worker(folder, name, kind):
    """The process of that name, of a kind of workers."""
    command, service = WORKERS[kind]
    return processes.Process(
        folder,
        name,
        [folder.python, folder.venv / 'bin' / command]
        + ['--config-file', folder.etc / f'{service}.conf'],
        [],
    )


def url(ports, name):
    return f'http://127.0.0.1:{ports[name]}'


def api(folder, name, service, address, number=2):
    """The process of that name, which serves the API of a service there.

    :param number: of the processes that it has itself.
    """
    command = [folder.python, folder.venv / 'bin' / 'uwsgi']
    command += ['--http-socket', address]
    # It closes a connection after each answer, which a client should be told.
    command += ['--add-header', 'Connection: close']
    # A query that does not fit is left out, and its request answered without it.
    command += ['--buffer-size', '65535']
    command += ['--module', f'{service}.wsgi:application', '--master', '--no-orphans']
    command += ['--processes', number, '--threads', '8', '--enable-threads']
    command += ['--lazy-apps', '--need-app', '--die-on-term', '--disable-logging']
    return processes.Process(
        folder,
        name,
        command,
        [f'http://{address}/healthcheck'],
        folder.environment(OS_FLOCX_CONFIG_FILES=str(folder.etc / f'{service}.conf')),
    )

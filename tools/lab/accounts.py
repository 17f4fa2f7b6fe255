# SPDX-License-Identifier: Apache-2.0
"""Two organisations, their people, the services' accounts and the catalogue."""

import json

from tools.lab import folder as folders
from tools.lab import keystone
from tools.lab import processes
from tools.lab import rest

#: Has a server between two lessees, and no members.
QUARANTINE = 'flocx-quarantine'

# project: its parent, a project or None for the domain.
PROJECTS = {
    'service': None,
    QUARANTINE: None,
    'acme': None,
    'acme-renter': 'acme',
    'acme-internal': 'acme',
    'umbrella': None,
    'umbrella-renter': 'umbrella',
    'umbrella-internal': 'umbrella',
}
# user: (project, role). Ironic lets managers, not members, deploy. Owners
# read the projects below theirs, which lets them call these by name.
PEOPLE = {
    'acme-owner': ('acme', 'member'),
    'acme-renter': ('acme-renter', 'manager'),
    'acme-internal': ('acme-internal', 'manager'),
    'umbrella-owner': ('umbrella', 'member'),
    'umbrella-renter': ('umbrella-renter', 'manager'),
    'umbrella-internal': ('umbrella-internal', 'manager'),
}
SERVICE_ACCOUNTS = {
    'ironic': ('service', 'service'),
    'flocx': ('service', 'service'),
}
# type of service: (its name, whose port it has)
CATALOGUE = {
    'baremetal': ('ironic', 'ironic'),
    'marketplace': ('flocx-market', 'market'),
    'marketplace-provider': ('flocx-provider', 'provider'),
    'marketplace-matcher': ('flocx-matcher', 'matcher'),
    'lease': ('flocx-lease', 'lease'),
}
REGION = 'RegionOne'


def log_in(folder, ports, user, project=None):
    """A token: of a user in a project, or of the admin for the system."""
    scope = {'system': {'all': True}}
    if project:
        scope = {'project': {'name': project, 'domain': {'id': 'default'}}}
    status, headers, document = rest.call(
        'POST',
        f'{keystone.url(ports)}/auth/tokens',
        {
            'auth': {
                'identity': {
                    'methods': ['password'],
                    'password': {
                        'user': {
                            'name': user,
                            'domain': {'id': 'default'},
                            'password': folder.password,
                        }
                    },
                },
                'scope': scope,
            }
        },
    )
    if status != 201:
        raise rest.Refused('POST', '/auth/tokens', status, document)
    return headers['X-Subject-Token']


class Keystone:
    """The few requests to Keystone that setting up takes."""

    def __init__(self, folder, ports):
        self.url = keystone.url(ports)
        self.token = log_in(folder, ports, 'admin')

    def named(self, plural):
        """What is there already, by name."""
        found = rest.get(f'{self.url}/{plural}', self.token)[plural]
        return {thing['name']: thing['id'] for thing in found}

    def create(self, singular, plural, **fields):
        body = {singular: fields}
        made = rest.expect('POST', f'{self.url}/{plural}', body, self.token)
        return made[singular]['id']

    def grant_on_system(self, user, role):
        path = f'system/users/{user}/roles/{role}'
        rest.expect('PUT', f'{self.url}/{path}', token=self.token)

    def grant(self, project, user, role):
        path = f'projects/{project}/users/{user}/roles/{role}'
        rest.expect('PUT', f'{self.url}/{path}', token=self.token)


def projects(folder, ports):
    """The id of each project, by its name."""
    return Keystone(folder, ports).named('projects')


def create(folder, ports):
    """Create what is missing; repeating it changes nothing."""
    api = Keystone(folder, ports)
    project_ids = api.named('projects')
    for name, parent in PROJECTS.items():
        if name not in project_ids:
            project_ids[name] = api.create(
                'project',
                'projects',
                name=name,
                domain_id='default',
                parent_id=project_ids.get(parent, 'default'),
            )
    role_ids = api.named('roles')
    user_ids = api.named('users')
    for name, (project, role) in {**SERVICE_ACCOUNTS, **PEOPLE}.items():
        if name not in user_ids:
            user_ids[name] = api.create(
                'user',
                'users',
                name=name,
                domain_id='default',
                password=folder.password,
            )
        api.grant(project_ids[project], user_ids[name], role_ids[role])
    # The marketplace sees which projects are gone.
    api.grant_on_system(user_ids['flocx'], role_ids['reader'])
    for name, parent in PROJECTS.items():
        if parent:
            api.grant(
                project_ids[name], user_ids[f'{parent}-owner'], role_ids['reader']
            )


def create_service(folder, ports, name):
    """The account ``name`` of one more service, in the project and role of all."""
    create_person(folder, ports, name, 'service', 'service')


def create_person(folder, ports, name, project, role):
    """Somebody more who has ``role`` in ``project``; the same when repeated."""
    api = Keystone(folder, ports)
    user = api.named('users').get(name) or api.create(
        'user', 'users', name=name, domain_id='default', password=folder.password
    )
    api.grant(api.named('projects')[project], user, api.named('roles')[role])


def publish(folder, ports):
    """Let the catalogue name the ports in use, Keystone's own included.

    A rig has no lease service, so its catalogue has none.
    """
    api = Keystone(folder, ports)
    service_ids = api.named('services')
    wanted = {service_ids['keystone']: keystone.url(ports)}
    for kind, (name, port) in CATALOGUE.items():
        if port not in ports:
            continue
        if name not in service_ids:
            service_ids[name] = api.create('service', 'services', name=name, type=kind)
        wanted[service_ids[name]] = processes.url(ports, port)
    found = rest.get(f'{api.url}/endpoints', api.token)['endpoints']
    there = {(one['service_id'], one['interface']): one for one in found}
    for service_id, url in wanted.items():
        for interface in ('public', 'internal', 'admin'):
            endpoint = there.get((service_id, interface))
            _publish_one(api, service_id, interface, url, endpoint)


def _publish_one(api, service_id, interface, url, endpoint):
    if endpoint is None:
        api.create(
            'endpoint',
            'endpoints',
            service_id=service_id,
            interface=interface,
            url=url,
            region_id=REGION,
        )
    elif endpoint['url'] != url:
        rest.expect(
            'PATCH',
            f'{api.url}/endpoints/{endpoint["id"]}',
            {'endpoint': {'url': url}},
            api.token,
        )


def write_clouds(folder, ports):
    """clouds.yaml with one cloud per user, and the administrator's."""
    clouds = {'admin': _cloud(folder, ports, 'admin', {'system_scope': 'all'})}
    # Of the system for Ironic, of a project for the marketplace.
    scope = {'project_name': 'admin', 'project_domain_name': 'Default'}
    clouds['operator'] = _cloud(folder, ports, 'admin', scope)
    for user, (project, _) in PEOPLE.items():
        scope = {'project_name': project, 'project_domain_name': 'Default'}
        clouds[user] = _cloud(folder, ports, user, scope)
    # JSON is YAML, and the standard library writes no other.
    text = json.dumps({'clouds': clouds}, indent=2) + '\n'
    folders.write_private(folder.clouds, text)


def _cloud(folder, ports, user, scope):
    return {
        'auth': {
            'auth_url': keystone.url(ports),
            'username': user,
            'password': folder.password,
            'user_domain_name': 'Default',
            **scope,
        },
        'region_name': REGION,
        'identity_api_version': 3,
    }

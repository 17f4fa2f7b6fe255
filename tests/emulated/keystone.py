# SPDX-License-Identifier: Apache-2.0
"""As much of Keystone as the services talk to, with a world of its own.

Organisations: ``acme`` with ``acme-internal``, ``acme-lab`` and ``acme-web`` below it,
``umbrella`` and ``initech``; and ``service``. The id of a project or user is its
name. The user ``PROJECT-ROLE`` has that role, and those that it implies, on that
project; their password is their name, and the name is accepted as a token too. The role
``guest`` is one that no rule names, and the token ``unscoped`` is for no project.
An account in ``accounts`` has exactly the roles that are said there.
"""

import datetime
import json
import re

import webob
import webob.dec

PARENTS = {
    'acme': None,
    'acme-internal': 'acme',
    'acme-lab': 'acme',
    'acme-web': 'acme',
    'umbrella': None,
    'initech': None,
    'service': None,
    'operator': None,
}
IMPLIED = {
    'reader': ['reader'],
    'member': ['member', 'reader'],
    'manager': ['manager', 'member', 'reader'],
    'admin': ['admin', 'manager', 'member', 'reader'],
    'service': ['service'],
    'guest': ['guest'],
}
UNSCOPED = 'unscoped'

#: What the tokens for the system begin with.
_SYSTEM = 'system:'

#: The endpoint that the limits are registered for.
ENDPOINT = 'marketplace-public'
_LIMITED = {'service_id': 'marketplace', 'region_id': 'RegionOne'}


class Keystone:
    """A WSGI application; ``catalog`` is {service type: URL}."""

    def __init__(self):
        self.catalog = {}
        self.revoked = set()
        #: Projects and domains that an administrator has deleted or disabled.
        self.deleted, self.disabled = set(), set()
        #: What projects are called that are not called by their id.
        self.names = {}
        # By name of the user: the project, and the names of the roles.
        self.accounts = {}
        # By name of the resource, and by project or domain and name.
        self.registered_limits, self.limits, self.domain_limits = {}, {}, {}

    @webob.dec.wsgify
    def __call__(self, request):
        if request.path == '/v3/auth/tokens':
            return self._tokens(request)
        if request.path == '/v3/projects':
            return self._all_projects(request)
        found = re.fullmatch(r'/v3/users/([\w-]+)/projects', request.path)
        if found:
            # What a dashboard asks before it knows of any project.
            return _json({'projects': self._projects(found[1])})
        if request.path in _PATHS:
            return _json(_PATHS[request.path](self, request))
        found = re.fullmatch(r'/v3/projects/([\w-]+)', request.path)
        if found:
            return self._project(request, found[1])
        url = f'{request.host_url}/v3'
        version = {
            'id': 'v3.14',
            'status': 'stable',
            'links': [{'rel': 'self', 'href': url}],
            'media-types': [],
            'updated': '2020-04-07T00:00:00Z',
        }
        if request.path.rstrip('/') == '/v3':
            return _json({'version': version})
        if request.path.startswith('/v3/'):
            return _json({'error': {'code': 404, 'message': 'Not there'}}, 404)
        return _json({'versions': {'values': [version]}}, 300)

    def _model(self, request):
        return {'model': {'name': 'flat', 'description': 'No trees'}}

    def _endpoint(self, request):
        return {'endpoint': {**_LIMITED, 'id': ENDPOINT, 'interface': 'public'}}

    def _registered(self, request):
        return {
            'registered_limits': [
                {**_LIMITED, 'id': name, 'resource_name': name, 'default_limit': most}
                for name, most in self.registered_limits.items()
            ]
        }

    def _limits_of(self, request):
        kind = 'domain_id' if 'domain_id' in request.GET else 'project_id'
        known = self.domain_limits if kind == 'domain_id' else self.limits
        return {
            'limits': [
                {
                    **_LIMITED,
                    'id': f'{owner}-{name}',
                    **dict.fromkeys(('project_id', 'domain_id')),
                    kind: owner,
                    'resource_name': name,
                    'resource_limit': most,
                }
                for (owner, name), most in known.items()
                if owner == request.GET[kind]
            ]
        }

    def _tokens(self, request):
        if request.method == 'POST':
            identity = request.json_body['auth']['identity']
            user = (
                identity['password']['user']['name']
                if 'password' in identity
                else identity['token']['id']
            )
            if 'system' in request.json_body['auth'].get('scope', {}):
                user = f'{_SYSTEM}{user}'
            response = self._token(user, 201)
            response.headers['X-Subject-Token'] = user
            return response
        return self._token(request.headers['X-Subject-Token'])

    def _token(self, user, status=200):
        if user == UNSCOPED:
            return _json({'token': _stamped(user)}, status)
        if user.startswith(_SYSTEM):
            return self._system_token(user, status)
        project, roles = self._holds(user)
        if project not in PARENTS or not roles or user in self.revoked:
            return _json({'error': {'code': 404, 'message': 'No such token'}}, 404)
        return _json(
            {
                'token': {
                    **_stamped(user),
                    'project': {
                        'id': project,
                        'name': self.names.get(project, project),
                        'domain': _DOMAIN,
                    },
                    'roles': [{'id': name, 'name': name} for name in roles],
                    'catalog': self._catalog(),
                }
            },
            status,
        )

    def _system_token(self, user, status):
        return _json(
            {
                'token': {
                    **_stamped(user),
                    'system': {'all': True},
                    'roles': [{'id': 'reader', 'name': 'reader'}],
                    'catalog': self._catalog(),
                }
            },
            status,
        )

    def _catalog(self):
        return [
            {
                'id': kind,
                'type': kind,
                'name': kind,
                'endpoints': [
                    {
                        'id': f'{kind}-{interface}',
                        'interface': interface,
                        'region': 'RegionOne',
                        'region_id': 'RegionOne',
                        'url': url,
                    }
                    for interface in ('public', 'internal', 'admin')
                ],
            }
            for kind, url in self.catalog.items()
        ]

    def _own_projects(self, request):
        return {'projects': self._projects(request.headers.get('X-Auth-Token', ''))}

    def _holds(self, user):
        """The project and the roles of a user."""
        if user in self.accounts:
            return self.accounts[user]
        project, _, role = user.rpartition('-')
        # Several accounts of a kind are told apart by a number.
        return project, IMPLIED.get(role.rstrip('0123456789'))

    def _projects(self, user):
        """The user's project and what is below it."""
        own, _ = self._holds(user)
        return [
            {'id': name, 'name': name, 'enabled': True, 'domain_id': 'default'}
            for name, parent in PARENTS.items()
            if own in (name, parent)
        ]

    def _all_projects(self, request):
        """What administrators and readers of the system alone may list."""
        caller = request.headers.get('X-Auth-Token', '')
        _, roles = self._holds(caller)
        if 'admin' not in (roles or ()) and not caller.startswith(_SYSTEM):
            return _forbidden()
        wanted = request.GET.get('name')
        found = [name for name in PARENTS if wanted in (None, name)]
        return _json({'projects': [{'id': name, 'name': name} for name in found]})

    def _all_users(self, request):
        """What administrators alone may list, by name."""
        caller = request.headers.get('X-Auth-Token', '')
        if 'admin' not in (self._holds(caller)[1] or ()):
            return {'users': []}
        name = request.GET.get('name', '')
        project, _, role = name.rpartition('-')
        user = {'id': name, 'name': name, 'default_project_id': project}
        return {'users': [user] if project in PARENTS and role in IMPLIED else []}

    def _project(self, request, project):
        caller = request.headers.get('X-Auth-Token', '')
        if caller.startswith(_SYSTEM) or 'admin' in (self._holds(caller)[1] or ()):
            return self._project_by_system(project)
        if caller.rpartition('-')[0] != project:
            return _forbidden()
        parents, ancestor = None, PARENTS[project]
        if ancestor:
            parents = {ancestor: None}
        return _json({'project': {'id': project, 'name': project, 'parents': parents}})

    def _project_by_system(self, project):
        if project not in PARENTS or project in self.deleted:
            return _json({'error': {'code': 404, 'message': 'Not there'}}, 404)
        enabled = project not in self.disabled
        described = {'id': project, 'enabled': enabled, 'domain_id': _DOMAIN['id']}
        above = PARENTS[project]
        described['parents'] = {above: None} if above else None
        described |= {'name': self.names.get(project, project), 'parent_id': above}
        return _json({'project': described})

    def _domain(self, request):
        enabled = _DOMAIN['id'] not in self.disabled
        return {'domain': {**_DOMAIN, 'enabled': enabled}}


_PATHS = {
    '/v3/auth/projects': Keystone._own_projects,
    '/v3/domains/default': Keystone._domain,
    '/v3/users': Keystone._all_users,
    '/v3/limits/model': Keystone._model,
    f'/v3/endpoints/{ENDPOINT}': Keystone._endpoint,
    '/v3/registered_limits': Keystone._registered,
    '/v3/limits': Keystone._limits_of,
}

_DOMAIN = {'id': 'default', 'name': 'Default'}


def _stamped(user):
    """What every token says."""
    now = datetime.datetime.now(datetime.UTC)
    return {
        'methods': ['password'],
        'user': {'id': user, 'name': user, 'domain': _DOMAIN},
        'issued_at': now.isoformat(),
        # Longer than any test lets the clock go ahead.
        'expires_at': (now + datetime.timedelta(days=1)).isoformat(),
        'audit_ids': ['audit'],
    }


def _json(body, status=200):
    return webob.Response(
        json.dumps(body), status, content_type='application/json', charset='UTF-8'
    )


def _forbidden():
    return _json({'error': {'code': 403, 'message': 'Forbidden'}}, 403)

# SPDX-License-Identifier: Apache-2.0
"""The tree of projects in Keystone, as far as a caller's own branch goes."""

import urllib.parse

from dogpile import cache
from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import loading
from oslo_log import log

from flocx import config
from flocx import exceptions

#: What a token for the system must not name.
_WITHOUT_PROJECT = dict.fromkeys(
    ('project_id', 'project_name', 'project_domain_id', 'project_domain_name')
)

LOG = log.getLogger(__name__)


class Projects:
    """Asks Keystone who a project's ancestors are, with the caller's own token.

    Without an account in ``[service_credentials]`` a project has no ancestors.
    """

    def __init__(self, conf):
        self._conf = conf
        self._cache = cache.make_region().configure(
            'dogpile.cache.memory', expiration_time=conf.market.project_cache_time
        )
        self._session = self._system = None
        if conf[config.CREDENTIALS].auth_type:
            auth = loading.load_auth_from_conf_options(conf, config.CREDENTIALS)
            self._session = loading.load_session_from_conf_options(
                conf, config.CREDENTIALS, auth=auth
            )

    def lineage(self, context):
        """The caller's project and its ancestors, nearest first."""
        own = context.project_id
        if self._session is None or context.is_service:
            return (own,)
        found = self._cache.get_or_create(
            own,
            self._ask,
            creator_args=((context,), {}),
            should_cache_fn=lambda ancestors: ancestors is not None,
        )
        return (own, *(found or ()))

    def ancestors(self, project_id):
        """The ids of what is above a project, which need not be the caller's.

        Keystone is asked with the account of the service, which needs the role
        ``reader`` on the system.

        :raises NotFound: there is no such project.
        :raises Unavailable: Keystone does not answer, or there is no such account.
        """
        project = self._project(project_id)
        return (*_chain(project.get('parents')), project.get('domain_id'))

    def name(self, project_id):
        """The name of a project, or its id where nobody tells the name."""
        try:
            return self._project(project_id).get('name') or project_id
        except (exceptions.NotFound, exceptions.Unavailable) as error:
            LOG.debug('Project %s has no name: %s', project_id, error)
            return project_id

    def names(self):
        """{id: name} of all projects.

        :raises Unavailable: Keystone does not answer, or there is no such account.
        """
        found = self._by_system('/projects')['projects']
        return {each['id']: each['name'] for each in found}

    def _project(self, project_id):
        path = f'/projects/{urllib.parse.quote(project_id, safe="")}?parents_as_ids'
        try:
            return self._by_system(path)['project']
        except ks_exceptions.NotFound:
            raise exceptions.NotFound(f'Project {project_id} not found') from None

    def _by_system(self, path):
        """What Keystone answers to the service's account, for the system."""
        if self._session is None:
            raise exceptions.Unavailable(
                f'Projects cannot be asked for: [{config.CREDENTIALS}] names no '
                'account. An operator can transfer credits between any two projects'
            )
        if self._system is None:
            auth = loading.load_auth_from_conf_options(
                self._conf, config.CREDENTIALS, system_scope='all', **_WITHOUT_PROJECT
            )
            self._system = loading.load_session_from_conf_options(
                self._conf, config.CREDENTIALS, auth=auth
            )
        try:
            return self._system.get(
                path,
                endpoint_filter={'service_type': 'identity', 'version': (3, 0)},
            ).json()
        except ks_exceptions.NotFound:
            raise
        except ks_exceptions.ClientException as error:
            raise exceptions.Unavailable(f'Keystone does not answer: {error}') from None

    def _ask(self, context):
        try:
            answer = self._session.get(
                f'/projects/{context.project_id}?parents_as_ids',
                endpoint_filter={
                    'service_type': 'identity',
                    'version': (3, 0),
                    'interface': 'public',
                },
                authenticated=False,
                headers={'X-Auth-Token': context.auth_token},
            ).json()
        except ks_exceptions.ClientException as error:
            LOG.warning(
                'Keystone does not tell the ancestors of project %s, so it '
                'sees no offers that are meant for them: %s',
                context.project_id,
                error,
            )
            return None
        return tuple(_chain(answer['project'].get('parents')))


def _chain(parents):
    """The keys of nested one-entry dictionaries, outermost first."""
    while parents:
        ((parent, parents),) = parents.items()
        yield parent

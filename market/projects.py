# SPDX-License-Identifier: Apache-2.0
"""The tree of projects in Keystone, as far as a caller's own branch goes."""

from dogpile import cache
from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import loading
from oslo_log import log

from flocx import config

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
        self._session = None
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

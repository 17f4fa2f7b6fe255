# SPDX-License-Identifier: Apache-2.0
"""Limits in Keystone: what is registered, and what is set for projects and domains."""

from oslo_config import cfg
from oslo_log import log

from flocx import exceptions

LOG = log.getLogger(__name__)


class KeystoneLimits:
    """Asks for the limits of the service that ``[oslo_limit]`` names."""

    def __init__(self):
        self._enforcer = None

    def of(self, project_id, organisation_id, is_domain):
        """What is registered, and set for the project and for its organisation.

        Each is {name: limit}, without what is not set.

        :param is_domain: whether the organisation is a domain, and not a project.
        :raises Unavailable: Keystone does not tell.
        """
        try:
            if self._enforcer is None:
                # With it comes openstacksdk, an eighth of what a market imports;
                # where limits are options nobody needs either.
                from oslo_limit import limit

                self._enforcer = limit.Enforcer(
                    lambda project, names: dict.fromkeys(names, 0), cache=False
                )
            asked = self._of_domain if is_domain else self._of_project
            return (
                dict(self._enforcer.get_registered_limits(None)),
                self._of_project(project_id),
                asked(organisation_id),
            )
        except Exception as error:
            # oslo.limit passes on whatever its client and its options give rise to.
            LOG.warning('Keystone does not tell the limits', exc_info=True)
            raise exceptions.Unavailable(
                'Keystone does not tell the limits of the project; try again later'
            ) from error

    def _of_project(self, project_id):
        return dict(self._enforcer.get_project_limits(project_id, None))

    def _of_domain(self, domain_id):
        """As ``_of_project``: oslo.limit knows limits of projects only."""
        connection = self._enforcer.connection
        endpoint = _endpoint(connection, cfg.CONF.oslo_limit)
        answer = connection.get(
            '/limits',
            params={'domain_id': domain_id, 'service_id': endpoint.service_id},
        )
        answer.raise_for_status()
        return {
            each['resource_name']: each['resource_limit']
            for each in answer.json()['limits']
            # An endpoint of no region is not one of any region.
            if (each['domain_id'], each['region_id']) == (domain_id, endpoint.region_id)
        }


def _endpoint(connection, options):
    """What ``[oslo_limit]`` names, which oslo.limit keeps to itself."""
    if options.endpoint_id:
        return connection.get_endpoint(options.endpoint_id)
    (service,) = connection.services(
        type=options.endpoint_service_type, name=options.endpoint_service_name
    )
    (endpoint,) = connection.endpoints(
        service_id=service.id,
        region_id=options.endpoint_region_name,
        interface=options.endpoint_interface.removesuffix('URL'),
    )
    return endpoint

# SPDX-License-Identifier: Apache-2.0
"""How much projects and organisations may have, from Keystone's limits or options."""

import dataclasses

from oslo_limit import limit
from oslo_log import log

from flocx import exceptions
from market.db import organisations as organisations_db
from market.db import quota_usage

LOG = log.getLogger(__name__)

NAMES = (
    'open_offers',
    'open_bids',
    'server_hours',
    'committed_amount',
    'reserved_hours',
    'cancelled_hours',
)


@dataclasses.dataclass(frozen=True)
class Limits:
    """The limits of a project and of its organisation.

    Each is {name: the most of it, None where there is no limit}.
    """

    project: dict
    organisation_id: str
    organisation: dict


class Quotas:
    """The limits of projects, and of organisations for all of their projects together.

    They are read before a transaction and compared within it, so that no
    transaction is open while Keystone is asked.
    """

    def __init__(self, conf, organisations):
        """:param organisations: a market.organisations.Organisations."""
        self._conf, self._organisations, self._enforcer = (
            conf.quota,
            organisations,
            None,
        )

    def organisation(self, context):
        """The id of the organisation of the caller's project."""
        return self._organisations.of(context)

    def limits(self, context):
        """The Limits of the caller's project."""
        project_id = context.project_id
        organisation_id = self._organisations.of(context)
        if self._conf.driver == 'options':
            own = {name: self._conf[name] for name in NAMES}
            all_ = {name: self._conf[f'organisation_{name}'] for name in NAMES}
        else:
            registered, own, all_ = self._registered(project_id, organisation_id)
            # Of what is not registered nothing is allowed.
            own = {name: own.get(name, registered.get(name, 0)) for name in NAMES}
        return Limits(_bounded(own), organisation_id, _bounded(all_))

    def _registered(self, project_id, organisation_id):
        """What Keystone has registered, and set for the project and its organisation.

        Each is {name: limit}, without what is not set.
        """
        try:
            if self._enforcer is None:
                self._enforcer = limit.Enforcer(
                    lambda project, names: dict.fromkeys(names, 0), cache=False
                )
            return [
                dict(self._enforcer.get_registered_limits(None)),
                dict(self._enforcer.get_project_limits(project_id, None)),
                dict(self._enforcer.get_project_limits(organisation_id, None)),
            ]
        except Exception as error:
            # oslo.limit passes on whatever its client and its options give rise to.
            LOG.warning('Keystone does not tell the limits', exc_info=True)
            raise exceptions.Unavailable(
                'Keystone does not tell the limits of the project; try again later'
            ) from error

    @staticmethod
    def check(session, project_id, limits, now, **more):
        """Nothing, if the project and its organisation may have ``more``.

        :param limits: what :meth:`limits` returned.
        :param more: how much of each name is to be added.
        :raises Forbidden: one would have too much; the message says which, and of what.
        """
        _check(session, 'project', {project_id}, limits.project, now, more)
        if any(limits.organisation.get(name) is not None for name in more):
            theirs = organisations_db.projects(session, limits.organisation_id)
            label = f'organisation {limits.organisation_id}'
            _check(
                session, label, {project_id, *theirs}, limits.organisation, now, more
            )


def _bounded(limits):
    return {name: None if most < 0 else most for name, most in limits.items()}


def _check(session, label, projects, limits, now, more):
    wanted = {
        name: added for name, added in more.items() if limits.get(name) is not None
    }
    if not wanted:
        return
    used = quota_usage.of_projects(session, projects, now, wanted)
    for name, added in wanted.items():
        if used[name] + added > limits[name]:
            raise exceptions.Forbidden(
                f'Quota {name}: the {label} has {used[name]:f} and asks for '
                f'{added:f} more, but may have {limits[name]}',
                code='flocx.quota',
            )

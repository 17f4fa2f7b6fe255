# SPDX-License-Identifier: Apache-2.0
"""How much a project may have at a time, from Keystone's limits or from options."""

from oslo_limit import exception as limit_exceptions
from oslo_limit import limit

from flocx import exceptions
from market.db import commitments

NAMES = ('open_offers', 'open_bids', 'server_hours', 'committed_amount')


class Quotas:
    """The limits of projects.

    They are read before a transaction and compared within it, so that no
    transaction is open while Keystone is asked.
    """

    def __init__(self, conf):
        self._conf = conf.quota

    def limits(self, project_id):
        """{name: the most of it, None where there is no limit}."""
        if self._conf.driver == 'options':
            found = {name: self._conf[name] for name in NAMES}
        else:
            found = self._registered(project_id)
        return {name: None if most < 0 else most for name, most in found.items()}

    @staticmethod
    def _registered(project_id):
        enforcer = limit.Enforcer(lambda project, names: dict.fromkeys(names, 0))
        try:
            return dict(enforcer.get_project_limits(project_id, list(NAMES)))
        except limit_exceptions.SessionInitError as error:
            raise exceptions.Unavailable(
                f'Keystone does not tell the limits: {error}'
            ) from None

    @staticmethod
    def check(session, project_id, limits, now, **more):
        """Nothing, if the project may have ``more`` besides what it has.

        :param limits: what :meth:`limits` returned.
        :param more: how much of each name is to be added.
        :raises Forbidden: it would have too much; the message says of what.
        """
        wanted = {
            name: added for name, added in more.items() if limits[name] is not None
        }
        if not wanted:
            return
        used = commitments.of_project(session, project_id, now)
        for name, added in wanted.items():
            if used[name] + added > limits[name]:
                raise exceptions.Forbidden(
                    f'Quota {name}: the project has {used[name]:f} and asks for '
                    f'{added:f} more, but may have {limits[name]}',
                    code='flocx.quota',
                )

# SPDX-License-Identifier: Apache-2.0
"""How much a project may have at a time, from Keystone's limits or from options."""

from oslo_limit import limit
from oslo_log import log

from flocx import exceptions
from market.db import quota_usage

LOG = log.getLogger(__name__)

NAMES = ('open_offers', 'open_bids', 'server_hours', 'committed_amount')


class Quotas:
    """The limits of projects.

    They are read before a transaction and compared within it, so that no
    transaction is open while Keystone is asked.
    """

    def __init__(self, conf):
        self._conf, self._enforcer = conf.quota, None

    def limits(self, project_id):
        """{name: the most of it, None where there is no limit}."""
        if self._conf.driver == 'options':
            found = {name: self._conf[name] for name in NAMES}
        else:
            found = self._registered(project_id)
        return {name: None if most < 0 else most for name, most in found.items()}

    def _registered(self, project_id):
        """Two questions to Keystone; of what is not registered nothing is allowed."""
        try:
            if self._enforcer is None:
                self._enforcer = limit.Enforcer(
                    lambda project, names: dict.fromkeys(names, 0), cache=False
                )
            found = dict(self._enforcer.get_registered_limits(None))
            found |= dict(self._enforcer.get_project_limits(project_id, None))
        except Exception as error:
            # oslo.limit passes on whatever its client and its options give rise to.
            LOG.warning('Keystone does not tell the limits', exc_info=True)
            raise exceptions.Unavailable(
                'Keystone does not tell the limits of the project; try again later'
            ) from error
        return {name: found.get(name, 0) for name in NAMES}

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
        used = quota_usage.of_project(session, project_id, now, wanted)
        for name, added in wanted.items():
            if used[name] + added > limits[name]:
                raise exceptions.Forbidden(
                    f'Quota {name}: the project has {used[name]:f} and asks for '
                    f'{added:f} more, but may have {limits[name]}',
                    code='flocx.quota',
                )

# SPDX-License-Identifier: Apache-2.0
"""How much projects and organisations may have, from Keystone's limits or options."""

import dataclasses
import decimal

from flocx import exceptions
from market import keystone_limits
from market.db import organisations
from market.db import quota_usage

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

    Each is {name: the most of it}, without what is not limited.
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
        self._conf, self._organisations = conf.quota, organisations
        self._keystone = keystone_limits.KeystoneLimits()

    def organisation(self, context):
        """The id of the organisation of the caller's project."""
        return self._organisations.of(context)

    def limits(self, context):
        """The Limits of the caller's project."""
        organisation_id = self._organisations.of(context)
        is_domain = organisation_id == context.project_domain_id
        return self._limits(context.project_id, organisation_id, is_domain)

    def limits_of(self, database, projects, project_id):
        """The Limits of a project that makes no request itself.

        :param projects: what knows the ancestors of a project, the domain last.
        :raises Unavailable: Keystone does not tell.
        """
        with database.reader() as session:
            organisation_id = organisations.of(session, project_id)
        in_keystone = self._conf.driver != 'options'
        *_, domain_id = projects.ancestors(project_id) if in_keystone else (None,)
        is_domain = organisation_id == domain_id
        return self._limits(project_id, organisation_id, is_domain)

    def _limits(self, project_id, organisation_id, is_domain):
        """:param is_domain: whether the organisation is a domain, and not a project."""
        if self._conf.driver == 'options':
            own = {name: self._conf[name] for name in NAMES}
            all_ = {name: self._conf[f'organisation_{name}'] for name in NAMES}
        else:
            registered, own, theirs = self._keystone.of(
                project_id,
                organisation_id,
                is_domain,
            )
            # Of what is not registered nothing is allowed.
            own = {name: own.get(name, registered.get(name, 0)) for name in NAMES}
            all_ = {name: _of_organisation(name, registered, theirs) for name in NAMES}
        return Limits(_bounded(own), organisation_id, _bounded(all_))

    @staticmethod
    def check(session, project_id, limits, now, **more):
        """Nothing, if the project and its organisation may have ``more``.

        :param limits: what :meth:`limits` returned.
        :param more: how much of each name is to be added.
        :raises Forbidden: one would have too much; the message says which, and of what.
        """
        parties = (
            ('project', limits.project),
            (f'organisation {limits.organisation_id}', limits.organisation),
        )
        names = {name for _, most in parties for name in more if name in most}
        if not names:
            return
        # Of two who ask at once the second has to count what the first one gets.
        if names.isdisjoint(limits.organisation):
            organisations.lock_project(session, project_id)
        else:
            organisations.lock(session, limits.organisation_id)
        used = quota_usage.of(session, project_id, limits.organisation_id, now, names)
        for (label, most), has in zip(parties, used, strict=True):
            _require(label, most, has, more)

    def check_extended(self, session, contract, limits, now):
        """Nothing, if the project may have ``contract``, whose end was moved.

        :raises Forbidden: as :meth:`check`.
        """
        names = ('server_hours', 'committed_amount', 'cancelled_hours')
        if contract.start_time > now:
            names += ('reserved_hours',)
        more = dict.fromkeys(names, 0)
        self.check(session, contract.project_id, limits, now, **more)


def _of_organisation(name, registered, theirs):
    """The limit of an organisation: set for it, or registered for all of them."""
    longer = f'organisation_{name}'
    return theirs.get(longer, theirs.get(name, registered.get(longer, -1)))


def _bounded(limits):
    """``limits`` without those that are none."""
    return {name: most for name, most in limits.items() if most >= 0}


def _require(label, most, used, more):
    """Nothing, if who has ``used`` may have ``more``.

    :raises Forbidden: something would be too much.
    """
    for name, added in more.items():
        if name in most and used[name] + added > most[name]:
            raise exceptions.Forbidden(
                f'Quota {name}: the {label} has {_plain(used[name])} and asks for '
                f'{_plain(added)} more, but may have {most[name]}',
                code='flocx.quota',
            )


def _plain(number):
    """A number without the zeros at its end."""
    return f'{decimal.Decimal(number).normalize():f}'

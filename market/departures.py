# SPDX-License-Identifier: Apache-2.0
"""Projects that Keystone has deleted or disabled do not stay in the market.

What such a project has open is closed: bids and offers, and contracts that have not
begun, at once; contracts that run, after ``[market] project_grace_time``. The reason
says whether the project was deleted or disabled. A project that is back before that
keeps its running contracts.

Keystone's notifications say which project to look at; a periodic look at all of them
finds the same. What a project is, Keystone is always asked, so that a message which
is lost, late or forged changes nothing.
"""

import datetime
import threading
import typing

from keystoneauth1 import exceptions as ks_exceptions
from keystoneauth1 import loading
from oslo_log import log
import oslo_messaging as messaging

from flocx import config
from flocx import db
from flocx import exceptions
from flocx import metrics
from flocx.core import contract as contract_core
from market.db import departures
from market.db import organisations

LOG = log.getLogger(__name__)

_R = contract_core.Reason

#: Keystone's exchange, and the name under which all workers share one queue.
EXCHANGE, POOL = 'keystone', 'flocx-market'

#: What a token for the system must not name.
_WITHOUT_PROJECT = dict.fromkeys(
    ('project_id', 'project_name', 'project_domain_id', 'project_domain_name')
)

_IDENTITY = {'service_type': 'identity', 'version': (3, 0), 'interface': 'public'}


class Standing(typing.NamedTuple):
    """Why a project has ``departed``, a Reason, or None; what Keystone calls it."""

    departed: contract_core.Reason | None
    name: str | None = None


class Keystone:
    """Asks Keystone, with the account of the service, what became of projects.

    The account needs the role ``reader`` on the system.
    """

    def __init__(self, conf):
        group = config.CREDENTIALS
        self._in_project = loading.load_auth_from_conf_options(conf, group)
        self._session = loading.load_session_from_conf_options(
            conf,
            group,
            auth=loading.load_auth_from_conf_options(
                conf, group, system_scope='all', **_WITHOUT_PROJECT
            ),
        )

    def require_trusted(self):
        """Nothing, if Keystone knows the project of our own account.

        One that does not is another Keystone, or has lost its data: nothing is to be
        concluded from what else it does not know.

        :raises Unavailable: it does not, or does not answer.
        """
        try:
            own = self._session.get_project_id(self._in_project)
        except ks_exceptions.ClientException as error:
            raise exceptions.Unavailable(f'Keystone does not answer: {error}') from None
        if self.standing(own).departed:
            raise exceptions.Unavailable(
                f'Keystone does not know {own}, the project of our own account: no '
                'project is taken for deleted'
            )

    def standing(self, project_id):
        """The Standing of a project.

        :raises Unavailable: Keystone does not say.
        """
        project = self._get(f'/projects/{project_id}', 'project')
        if project is None:
            return Standing(_R.PROJECT_DELETED)
        if not project.get('enabled', True):
            return Standing(_R.PROJECT_DISABLED)
        domain = project.get('domain_id')
        found = domain and self._get(f'/domains/{domain}', 'domain')
        if domain and (found is None or not found.get('enabled', True)):
            reason = _R.PROJECT_DELETED if found is None else _R.PROJECT_DISABLED
            return Standing(reason)
        return Standing(None, project.get('name'))

    def _get(self, path, name):
        try:
            return self._session.get(path, endpoint_filter=_IDENTITY).json()[name]
        except ks_exceptions.NotFound:
            return None
        except ks_exceptions.Forbidden:
            raise exceptions.Unavailable(
                f'Keystone does not let the account of [{config.CREDENTIALS}] read '
                f'{path}: give it the role reader on the system'
            ) from None
        except ks_exceptions.ClientException as error:
            raise exceptions.Unavailable(f'Keystone does not answer: {error}') from None


#: Seconds until what Keystone did not tell is asked again.
_AGAIN = 60


class Departures:
    """Finds projects that have departed and closes what they have; a step of a loop."""

    def __init__(self, conf, database, keystone):
        self._conf, self._database, self._keystone = conf.market, database, keystone
        self._lock, self._noted = threading.Lock(), set()
        self._due = None

    @property
    def _grace(self):
        return datetime.timedelta(seconds=self._conf.project_grace_time)

    def note(self, project_id):
        """Look at this project in the next step; None for all."""
        with self._lock:
            self._noted.add(project_id)

    def run(self, now):
        """Look at the projects that were noted or, when it is time, at all.

        :returns: when the next look is due.
        """
        with self._lock:
            noted, self._noted = self._noted, set()
        if self._due is None or now >= self._due or None in noted:
            every = datetime.timedelta(seconds=self._conf.project_check_interval)
            self._due = now + every
            with self._database.reader() as session:
                noted = departures.with_open_objects(session)
                known = {row.project_id for row in departures.all_known(session)}
            noted |= known
        missed = self._missed(noted, now)
        due = self._next(now)
        if not missed:
            return due
        with self._lock:
            self._noted |= missed
        return min(due, now + datetime.timedelta(seconds=_AGAIN))

    def _missed(self, noted, now):
        """Look at the projects ``noted``; those that Keystone says nothing of."""
        missed = set()
        try:
            if noted:
                self._keystone.require_trusted()
        except exceptions.Unavailable as error:
            LOG.warning('No project can be looked at now: %s', error)
            return noted
        for project_id in sorted(noted):
            try:
                self._look(project_id, now)
            except exceptions.Unavailable as error:
                LOG.warning('Project %s is looked at later: %s', project_id, error)
                missed.add(project_id)
        return missed

    def _next(self, now):
        with self._database.reader() as session:
            rows = departures.all_known(session)
        metrics.DEPARTED.set(len(rows))
        ends = [row.found_at + self._grace for row in rows]
        for row, end in zip(rows, ends, strict=True):
            if end <= now:
                # What could not be closed yet is tried again with the next look.
                self.note(row.project_id)
        return min([self._due, *(end for end in ends if end > now)])

    def _look(self, project_id, now):
        standing = self._keystone.standing(project_id)
        reason = standing.departed
        if reason is None:
            self._forget(project_id)
            organisations.save(self._database, project_id, None, standing.name)
            return
        since = self._record(project_id, reason, now)
        with self._database.reader() as session:
            found = list(departures.open_objects(session, project_id))
        left = 0
        for model, uuid in found:
            left += not self._close(
                model, uuid, reason, now, now - since >= self._grace
            )
        if not left:
            self._forget(project_id)

    @db.retried
    def _record(self, project_id, reason, now):
        with self._database.writer() as session:
            return departures.record(session, project_id, reason, now)

    @db.retried
    def _forget(self, project_id):
        with self._database.writer() as session:
            departures.forget(session, project_id)

    @db.retried
    def _close(self, model, uuid, reason, now, running):
        try:
            with self._database.writer() as session:
                return departures.close(session, model, uuid, reason, now, running)
        except exceptions.FlocxError as error:
            # Somebody else closes it just now, or a server of it is sub-let for longer.
            LOG.info('%s %s is not closed yet: %s', model, uuid, error)
            return False


class Notifications:
    """Endpoint for Keystone's notifications, in its basic format and in CADF.

    https://docs.openstack.org/keystone/latest/admin/event_notifications.html
    """

    target = None
    filter_rule = messaging.NotificationFilter(
        event_type=r'^identity\.(project|domain)\.(deleted|disabled|updated)$'
    )

    def __init__(self, note, wake):
        self._note, self._wake = note, wake

    def info(self, context, publisher_id, event_type, payload, metadata):
        """A project or domain has changed."""
        project = event_type.startswith('identity.project.')
        self._note(payload.get('resource_info') if project else None)
        self._wake()
        return messaging.NotificationResult.HANDLED


def listener(conf, endpoint):
    """What calls ``endpoint`` with Keystone's notifications."""
    transport = messaging.get_notification_transport(
        conf, url=conf.market.project_notifications_url
    )
    target = messaging.Target(topic='notifications', exchange=EXCHANGE)
    return messaging.get_notification_listener(
        transport, [target], [endpoint], executor='threading', pool=POOL
    )

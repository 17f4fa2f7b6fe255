# SPDX-License-Identifier: Apache-2.0
"""Tell the auction engines and the providers what a transaction has changed.

The functions that write to the market database record each change in the session, with
its event. After the commit, and never after a rollback, an :class:`Announcer` sends
messages: to every engine, and to each provider that delivers a server of what changed.
Whoever opens the transaction has nothing to remember.

A message names what changed and holds nothing of it: the receiver reads the database,
or asks the market. Messages wake; a lost one costs its receiver one periodic pass.
"""

import collections
import dataclasses

from flocx import context
from flocx import db
from flocx import metrics
from flocx import notifications
from flocx import rpcapi

_KEY = 'changes'


@dataclasses.dataclass
class Change:
    """What one transaction did to one offer, bid or contract.

    :ivar actions: the events without the resource type: ``published``, ``ended``.
    :ivar providers: the accounts of the providers that it concerns.
    """

    actions: set = dataclasses.field(default_factory=set)
    providers: set = dataclasses.field(default_factory=set)


def record(session, resource_type, uuid, action, providers=()):
    """Remember a change until the transaction of ``session`` has ended.

    :param resource_type: offer, bid or contract.
    :param providers: to be told of it too, by their accounts.
    """
    changes = session.info.setdefault(_KEY, collections.defaultdict(Change))
    change = changes[resource_type, uuid]
    change.actions.add(action)
    change.providers.update(providers)


class Announcer:
    """Sends what transactions have recorded, each change once to each receiver."""

    def __init__(self, matcher, providers):
        """:param matcher: a MatcherAPI.
        :param providers: a ProviderAPI.
        """
        self._matcher, self._providers = matcher, providers

    def after_commit(self, info):
        """Send the changes in a ``session.info``; for flocx.db.Database."""
        changes = info.get(_KEY)
        if not changes:
            return
        caller = context.current()
        self._matcher.changed(
            caller,
            [
                {
                    'resource_type': resource_type,
                    'uuid': uuid,
                    'actions': sorted(change.actions),
                }
                for (resource_type, uuid), change in changes.items()
            ],
        )
        for (_, uuid), change in changes.items():
            for provider_id in sorted(change.providers):
                self._providers.contract_changed(caller, provider_id, uuid)


def database(conf, transport, publisher):
    """The market database, whose changes are announced after the commit.

    They go to the engines and the providers over ``transport`` and, where the operator
    has configured a driver for notifications, to the operator's message bus.

    :param publisher: who sends notifications, as in ``flocx.market``.
    """
    announcer = Announcer(rpcapi.MatcherAPI(transport), rpcapi.ProviderAPI(transport))
    # Its making registers the options of notifications, which are asked for then.
    notifier = notifications.Notifier(conf, publisher)
    listeners = [announcer.after_commit, metrics.committed]
    if any(conf.oslo_messaging_notifications.driver):
        listeners.append(notifier.after_commit)
    return db.Database(conf.database.connection, listeners)

# SPDX-License-Identifier: Apache-2.0
"""/v1/providers: how the services that hand servers over do, for the operator."""

import datetime

from flocx import db
from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from market.api import transaction
from market.db import lag

#: The longest that a provider may want to be silent for, in seconds: a day.
MAX_INTERVAL = 86400


class Provider(types.Answer):
    provider_id = types.Text
    servers = int
    lines = int
    late = int
    failed = int
    next_due_time = types.Instant
    last_report_time = types.Instant
    last_seen_time = types.Instant
    report_interval = int
    silent = bool


class ProviderList(types.Answer):
    providers = [Provider]


class Presence(types.Declared):
    """That a provider is at work, and after how many seconds it says so again."""

    report_interval = types.required(types.Integer(1, MAX_INTERVAL))


class Providers(routing.Resource):
    @expose.expose(ProviderList, rule='market:providers:list', since='1.1')
    def get_all(self):
        """How each provider does, by the account that it publishes offers with.

        ``servers`` are those with an open offer or contract, ``lines`` the servers
        under open contracts. Of these ``late`` should have been handed over or taken
        back more than ``[market] health_max_lag`` seconds ago, and ``failed`` are in
        trouble. ``next_due_time`` is when the next of them is to be handed over or
        taken back, and ``last_report_time`` when one was last reported to be.

        ``last_seen_time`` is when the provider last said that it is at work, which it
        does about every ``report_interval`` seconds. It is ``silent`` if it has
        something open and was not heard of for three of these, whether or not anything
        is due. Both times are null where it never has, as with a provider of an
        earlier release.
        """
        service, _, now = transaction.request_context()
        most = datetime.timedelta(seconds=service.conf.market.health_max_lag)
        with service.database.reader() as session:
            found = lag.of_providers(session, now - most, now)
        return ProviderList.of(providers=found)

    @expose.expose(
        body=Presence, status=204, rule='market:providers:report', since='1.1'
    )
    @db.retried
    def post(self, body):
        """Say that this provider is at work; for the provider.

        Which it is, the token says. It is taken to be silent when nothing was heard of
        it for three times ``report_interval`` seconds.
        """
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            lag.seen(session, context.provider_id, body['report_interval'], now)

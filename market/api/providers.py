# SPDX-License-Identifier: Apache-2.0
"""/v1/providers: how the services that hand servers over do, for the operator."""

import datetime

from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from market.api import transaction
from market.db import lag


class Provider(types.Answer):
    provider_id = types.Text
    servers = int
    lines = int
    late = int
    failed = int
    next_due_time = types.Instant
    last_report_time = types.Instant


class ProviderList(types.Answer):
    providers = [Provider]


class Providers(routing.Resource):
    @expose.expose(ProviderList, rule='market:providers:list', since='1.1')
    def get_all(self):
        """How each provider does, by the account that it publishes offers with.

        ``servers`` are those with an open offer or contract, ``lines`` the servers
        under open contracts. Of these ``late`` should have been handed over or taken
        back more than ``[market] health_max_lag`` seconds ago, and ``failed`` are in
        trouble. ``next_due_time`` is when the next of them is to be handed over or
        taken back, and ``last_report_time`` when one was last reported to be.
        """
        service, _, now = transaction.request_context()
        most = datetime.timedelta(seconds=service.conf.market.health_max_lag)
        with service.database.reader() as session:
            found = lag.of_providers(session, now - most)
        return ProviderList.of(providers=found)

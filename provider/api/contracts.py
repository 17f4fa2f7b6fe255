# SPDX-License-Identifier: Apache-2.0
"""/v1/contracts at the provider: give a server to a project, without an offer."""

import pecan

from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from flocx.core import reclaim
from provider import publishing
from provider.api import offers


class ContractRequest(types.Declared):
    """Which server, and who gets it until when; it costs them nothing."""

    resource_uuid = types.required(types.Identifier)
    project_id = types.required(types.Ident)
    name = types.Name
    purpose = types.Text
    start_time = types.Instant
    end_time = types.required(types.Instant)
    reclaim_notice = types.Field(types.Integer(0, reclaim.MAX_NOTICE))
    dry_run = bool


class Contracts(routing.Resource):
    @expose.expose(
        types.Json,
        body=ContractRequest,
        status=201,
        rule='provider:nodes:provide',
        since='1.1',
    )
    def post(self, body):
        """Give a server to a project, which need not ask for it.

        An offer to the project, for nothing, and its contract are made at once; the
        answer is the market's contract. The owner may reclaim the server with a notice
        of ``reclaim_notice`` seconds, by default at once.

        With ``dry_run`` nothing is made, and the answer, with status 200, is what the
        contract would be.
        """
        provider, context = pecan.request.service, pecan.request.context
        terms = {
            name: value
            for name, value in types.plain(ContractRequest, body).items()
            if value is not None
        }
        terms['lessee_id'] = terms.pop('project_id')
        terms.setdefault('reclaim_notice', 0)
        publisher = publishing.Publishing(
            provider.conf.provider, provider.nodes, provider.marketplace
        )
        key = offers.passed_on('Idempotency-Key')
        contract = publisher.give(context, key, price='0', **terms)
        if terms.get('dry_run'):
            expose.only_shown()
            return contract
        root = pecan.request.script_name
        pecan.response.location = f'{root}/v1/contracts/{contract["uuid"]}'
        return contract

# SPDX-License-Identifier: Apache-2.0
"""/v1/maintenances: planned outages of servers, announced by their owners."""

from oslo_utils import uuidutils
import wsme.types

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import maintenance as core
from flocx.core import query
from flocx.core import window
from market.api import transaction
from market.db import maintenances
from market.db import offers

_TEXT, _REQUIRED, _Field = wsme.types.text, fields.REQUIRED, fields.Field

FIELDS = fields.Table(
    uuid=_Field(_TEXT, sort=True),
    offer=_Field(types.Identifier, _REQUIRED, filter=None, shown=False),
    project_id=_Field(_TEXT),
    provider_id=_Field(_TEXT),
    resource_type=_Field(_TEXT),
    resource_uuid=_Field(_TEXT),
    start_time=_Field(types.Instant, _REQUIRED, sort=True),
    end_time=_Field(types.Instant, _REQUIRED, sort=True),
    reason=_Field(types.Text, fields.OPTIONAL),
    status=_Field(_TEXT, filter=query.one_of([*core.Status, 'any'])),
    created_at=_Field(types.Instant, sort=True),
    updated_at=_Field(types.Instant, sort=True),
)
MaintenanceRequest = FIELDS.request('MaintenanceRequest')
Maintenance = FIELDS.answer('Maintenance')
MaintenanceList = types.collection('maintenances', Maintenance)


class Maintenances(routing.Resource):
    @expose.expose(
        MaintenanceList,
        rule='market:maintenances:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List planned outages: of one's own servers, and of those that one rents.

        Those that were called off are left out, unless ``status`` asks for them.
        """
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked(default_status=(core.Status.ANNOUNCED,))
        with service.database.reader() as session:
            rows = maintenances.page(session, context, asked)
        return paging.page('maintenances', rows, asked.limit, Maintenance.of)

    @expose.expose(Maintenance, rule='market:maintenances:show', since='1.1')
    def get_one(self, ident):
        """Show a planned outage."""
        service, context, _ = transaction.request_context()
        with service.database.reader() as session:
            return Maintenance.of(maintenances.get(session, ident, context))

    @expose.expose(Maintenance, body=MaintenanceRequest, status=201, since='1.1')
    @db.retried
    def post(self, body):
        """Announce a planned outage of the server of an offer.

        The renters of contracts that overlap it are told. Its time is not billed, and
        nothing more is sold of it. Where there are such contracts, it begins no sooner
        than the marketplace's notice for outages.
        """
        service, context, now = transaction.request_context()
        wanted = window.Window(body['start_time'], body['end_time'])
        if wanted.start < now:
            raise exceptions.Invalid(f'start_time: {window.text(wanted.start)} is past')
        with transaction.idempotent('/v1/maintenances') as creation:
            if creation.answer is None:
                offer = offers.get(creation.session, body['offer'], context)
                service.policy.authorize(
                    context,
                    'market:maintenances:create',
                    {'project_id': offer.project_id},
                )
                maintenances.require_owner(creation.session, offer)
                outage = core.Maintenance(
                    uuid=uuidutils.generate_uuid(),
                    project_id=offer.project_id,
                    provider_id=offer.provider_id,
                    resource_type=offer.resource_type,
                    resource_uuid=offer.resource_uuid,
                    start_time=wanted.start,
                    end_time=wanted.end,
                    reason=body.get('reason'),
                    created_at=now,
                    updated_at=now,
                )
                notice = service.conf.contracts.maintenance_notice
                maintenances.announce(creation.session, outage, now, notice)
                creation.answer = Maintenance.of(outage)
        return creation.answer

    @expose.expose(status=204, since='1.1')
    @db.retried
    def delete(self, ident):
        """Call a planned outage off or, once it has begun, end it now."""
        service, context, now = transaction.request_context()
        with service.database.writer() as session:
            outage = maintenances.get(session, ident, context)
            service.policy.authorize(
                context,
                'market:maintenances:cancel',
                {'project_id': outage.project_id},
            )
            maintenances.cancel(session, outage, now)

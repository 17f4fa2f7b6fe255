# SPDX-License-Identifier: Apache-2.0
"""/v1/leases of esi-leap."""

import pecan

from flocx import exceptions
from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.core import query
from lease import leasing
from lease import statuses
from lease.api import fields
from market.db import leases
from market.db import visibility

_PARAMETERS = {
    'project_id': fields.named,
    'owner_id': fields.named,
    'start_time': fields.Time.parse,
    'end_time': fields.Time.parse,
    'status': query.one_of([*statuses.Status, 'any']),
    'offer_uuid': fields.named,
    'view': query.text,
    'resource_type': query.text,
    'resource_uuid': fields.named,
    'resource_class': query.text,
    # What the command line sends besides, and esi-leap refuses.
    'purpose': query.text,
}


class Leases(routing.Resource):
    @expose.expose(fields.LeaseList, rule='lease:leases:list', parameters=_PARAMETERS)
    def get_all(self):
        """List leases of which the caller's project is lessee or owner.

        Those that are not over, unless ``status`` asks for others. An administrator
        sees all with ``view=all``, and those of others with ``project_id`` and
        ``owner_id``. ``start_time`` and ``end_time`` find leases of some of that time.
        """
        service, context, _, now = fields.request_context()
        values = paging.values()
        wanted = _statuses(values.pop('status', None))
        purpose = values.pop('purpose', None)
        during = fields.period(values, 'start_time', 'end_time', 'leases')
        fields.find(service.directory, values)
        resource_class = values.pop('resource_class', None)
        where = leases.touching(*during) if during else ()
        reader = _as_whom(service, context, values)
        if resource_class:
            where += (leases.leases_of_class(resource_class),)
        filters = fields.columns(values)
        if wanted:
            ours = tuple(sorted(statuses.lines(wanted)))
            filters += (('status', 'in', ours),)
        with service.database.reader() as session:
            versions = leases.versions(
                session, reader, service.provider_id, filters, now, where
            )
        found = b', '.join(
            each.json
            for each in service.renderings.of(versions, now)
            if (not wanted or each.status in wanted)
            and resource_class in (None, each.resource_class)
            and purpose in (None, each.purpose)
        )
        return pecan.Response(
            body=b'{"leases": [%b]}' % found, content_type='application/json'
        )

    @expose.expose(fields.Lease, rule='lease:leases:show')
    def get_one(self, ident):
        """Show a lease."""
        service, _, reader, now = fields.request_context()
        with service.database.reader() as session:
            found = leases.lease(session, ident, reader, service.provider_id)
        return fields.shown_leases(service, [found], now)[0]

    @expose.expose(
        fields.Lease,
        body=fields.LeaseRequest,
        status=201,
        rule='lease:leases:create',
    )
    def post(self, body):
        """Lease a server that the project owns or leases to another project.

        No offer has to be there before: it is made, and taken, with the lease.
        """
        service, context, _, now = fields.request_context()
        body = {name: value for name, value in body.items() if name != 'properties'}
        body['project_id'] = service.directory.project_id(body['project_id'])
        done = leasing.give(service, context, body, now)
        return fields.shown_leases(service, [done], now)[0]

    @expose.expose(fields.Lease, body=fields.LeaseChange)
    def patch(self, ident, body):
        """Move the end of a lease."""
        service, context, _, now = fields.request_context()
        done = leasing.update(service, context, ident, body['end_time'], now)
        return fields.shown_leases(service, [done], now)[0]

    @expose.expose(status=200)
    def delete(self, ident):
        """End a lease."""
        service, context, _, now = fields.request_context()
        leasing.delete(service, context, ident, now)
        return pecan.Response(json_body=None)


def _statuses(asked):
    """The statuses of esi-leap that a list is to show; None for all."""
    if asked == 'any':
        return None
    return {statuses.Status(asked)} if asked else statuses.LEASES_SHOWN


def _as_whom(service, context, values):
    """Who sees what the caller asks for: their own leases, or all that filters find.

    :raises Forbidden: only an administrator may.
    """
    own, view = context.project_id, values.pop('view', None)
    lessee, owner = values.get('project_id'), values.get('owner_id')
    if view == 'all':
        others = True
    elif owner:
        others = owner != own
    else:
        others = lessee not in (None, own)
    if others and not leasing.is_admin(service, context):
        raise exceptions.Forbidden('Access was denied to esi_leap:lease:lease_admin.')
    if others or owner or lessee:
        return visibility.OPERATOR
    return visibility.party(own)

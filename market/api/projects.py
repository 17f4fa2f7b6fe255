# SPDX-License-Identifier: Apache-2.0
"""/v1/projects: what the projects are called that one has to do with."""

import wsme.types

from flocx.api import expose
from flocx.api import fields
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from market.api import transaction
from market.db import organisations

FIELDS = fields.Table(
    uuid=fields.Field(wsme.types.text, sort=True),
    name=fields.Field(types.Name, sort=True),
)
Project = FIELDS.answer('Project')
ProjectList = types.collection('projects', Project)


class Projects(routing.Resource):
    @expose.expose(
        ProjectList,
        rule='market:projects:list',
        parameters=FIELDS.filters(),
        sort_keys=FIELDS.sort_keys(),
        since='1.1',
    )
    def get_all(self):
        """List the names of projects, which Keystone tells their members alone.

        Those of the caller's own project, of all that it rents from or lets to, and of
        those with an offer that it may see; to the operator, of all that are known.
        ``uuid`` is the id of the project in Keystone. A name is what Keystone said
        when the project last traded, or was last looked at.
        """
        service, context, _ = transaction.request_context()
        asked, _ = paging.asked()
        with service.database.reader() as session:
            rows = organisations.page(session, context, asked)
        return paging.page('projects', rows, asked.limit, Project.of)

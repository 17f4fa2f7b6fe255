# SPDX-License-Identifier: Apache-2.0
"""/v1/audit: what looks like gaming of the market, for the operator to judge."""

import dataclasses
import datetime

from flocx import exceptions
from flocx.api import expose
from flocx.api import paging
from flocx.api import routing
from flocx.api import types
from flocx.core import query
from flocx.core import window
from market import audit
from market.api import transaction
from market.db import audit as audit_db

RULES = (
    'within_organisation',
    'both_ways',
    'far_price',
    'squatting',
    'taking_back',
    'probing_bids',
    'probing_asks',
)
PARAMETERS = {
    'start_time': window.instant,
    'end_time': window.instant,
    'rule': query.one_of(RULES),
    'project_id': query.text,
}

#: The longest period that one request can ask for, and the usual one, in days.
MOST_DAYS, DAYS = 366, 30


class Audit(types.Answer):
    start_time = types.Instant
    end_time = types.Instant
    findings = types.Json


class AuditController(routing.Resource):
    @expose.expose(Audit, rule='market:audit:list', parameters=PARAMETERS, since='1.1')
    def get_all(self):
        """What looks like wash trading, squatting, taking back or shading, by rules.

        Of what was done from ``start_time`` to ``end_time``, by default in the last 30
        days. ``project_id`` finds what concerns a project as either party.
        """
        service, _, now = transaction.request_context()
        asked = paging.values()
        end = asked.get('end_time', window.through(now))
        period = window.Window(
            asked.get('start_time', end - datetime.timedelta(days=DAYS)), end
        )
        if period.length > datetime.timedelta(days=MOST_DAYS):
            raise exceptions.Invalid(
                f'start_time: more than {MOST_DAYS} days before end_time'
            )
        with service.database.reader() as session:
            found = audit.findings(
                trades=audit_db.trades(session, period),
                cancelled=audit_db.cancelled(session, period),
                reserved=audit_db.reserved(session, period),
                taken_back=audit_db.taken_back(session, period),
                bids=audit_db.changes_of_bids(session, period),
                offers=audit_db.changes_of_asks(session, period),
            )
        return Audit.of(
            start_time=period.start,
            end_time=period.end,
            findings=[
                dataclasses.asdict(each) for each in found if _wanted(each, asked)
            ],
        )


def _wanted(finding, asked):
    if asked.get('rule', finding.rule) != finding.rule:
        return False
    parties = (finding.project_id, finding.other_project_id)
    return 'project_id' not in asked or asked['project_id'] in parties

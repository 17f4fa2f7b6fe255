# SPDX-License-Identifier: Apache-2.0
"""/v1/reports: what a provider did for many lines, each refused by itself."""

from flocx import db
from flocx import exceptions
from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from market.api import lines
from market.api import transaction

#: The most reports that one request may have.
MAX_REPORTS = 100


class LineReport(types.Declared):
    """What became of a line, or what is kept about it; one of the two."""

    contract_uuid = types.required(types.Identifier)
    line_uuid = types.required(types.Identifier)
    report = lines.Report
    handover = lines.HandoverChange


class Outcome(types.Declared):
    """The line by now, the version of its handover, or the error of a refusal."""

    line = lines.ReportedLine
    version = int
    error = types.Json


class OutcomeList(types.Declared):
    reports = [Outcome]


class ReportList(types.Declared):
    reports = types.required([LineReport])


_NOTHING = {'line': None, 'version': None, 'error': None}


class Reports(routing.Resource):
    @expose.expose(
        OutcomeList,
        body=ReportList,
        rule='market:reports:create',
        since='1.1',
    )
    def post(self, body):
        """Report on up to 100 lines; the answer says what came of each, in their order.

        ``report`` is what a PATCH of the line would have as its body, ``handover`` what
        one of its handover would. One that is refused does not keep the others from
        being taken down.
        """
        reports = body['reports']
        if len(reports) > MAX_REPORTS:
            raise exceptions.Invalid(
                f'reports: {len(reports)} exceed {MAX_REPORTS}; send them in parts'
            )
        try:
            return {'reports': _taken_down(reports)}
        except exceptions.FlocxError:
            # Nothing of it was; now each by itself, as if it had been sent alone.
            return {'reports': [_alone(each) for each in reports]}


def _alone(report):
    try:
        return _taken_down([report])[0]
    except exceptions.FlocxError as error:
        shown = {'status': error.status, 'code': error.code, 'detail': str(error)}
        return _NOTHING | {'error': shown}


@db.retried
def _taken_down(reports):
    """The outcomes of ``reports``, all in one transaction."""
    service, context, now = transaction.request_context()
    outcomes = [_NOTHING] * len(reports)
    with service.database.writer() as session:
        # In one order, so that two requests do not wait for each other.
        for place in sorted(range(len(reports)), key=lambda at: _ids(reports[at])):
            each = reports[place]
            work = service, session, context, now, *_ids(each)
            outcomes[place] = _NOTHING | _outcome(work, each)
    return outcomes


def _ids(report):
    return report['contract_uuid'], report['line_uuid']


def _outcome(work, each):
    report, change = each.get('report'), each.get('handover')
    if (report is None) is (change is None):
        raise exceptions.Invalid('reports: each has either report or handover')
    if report is not None:
        return {'line': lines.take_down(*work, report)}
    return {'version': lines.keep(*work, change)}

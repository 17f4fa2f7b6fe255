# SPDX-License-Identifier: Apache-2.0
"""The marketplace API."""

import json

from keystoneauth1 import exceptions as auth_exceptions
from openstack import exceptions
import tenacity

from flocxclient import projects
from flocxclient.sdk import agenda as _agenda
from flocxclient.sdk import bid as _bid
from flocxclient.sdk import console_token as _console_token
from flocxclient.sdk import contract as _contract
from flocxclient.sdk import event as _event
from flocxclient.sdk import identifiers
from flocxclient.sdk import ledger as _ledger
from flocxclient.sdk import maintenance as _maintenance
from flocxclient.sdk import offer as _offer
from flocxclient.sdk import project as _project
from flocxclient.sdk import proxy
from flocxclient.sdk import standing_demand as _standing_demand
from flocxclient.sdk import statistics as _statistics
from flocxclient.sdk import webhook as _webhook

#: How long one request of ``follow_events`` waits, in seconds: less than a
#: gateway in between does.
WAIT = 30

#: How ``follow_events`` outlives a service that does not answer, in seconds.
AWAY = {'wait': tenacity.wait_fixed(2), 'stop': tenacity.stop_after_delay(60)}


class Proxy(proxy.Proxy):
    """Offers, bids, contracts, events, and statistics of the market.

    A resource is changed only if nobody else changed it since it was fetched;
    ``generation`` says so where there is no resource.

    The filters of lists are literal values, or ``filters.Comparison``.
    """

    def offers(self, requirements=None, **query):
        """The offers that the caller may see, by default the available ones.

        :param requirements: triples that the hardware must meet, as of a bid.
        """
        return self._list(_offer.Offer, **_looked_for(requirements), **query)

    def get_offer(self, offer):
        return self._fetched(_offer.Offer, offer)

    def update_offer(self, offer, generation=None, **changes):
        """Change its name, price, end_time, lessee_id, reclaim_notice, min_length,
        max_length, ask_schedule or ask_falls.
        """
        return self._changed(_offer.Offer, offer, changes, generation)

    def delete_offer(self, offer):
        """Take an offer off the market; its contracts stay."""
        self._ended(_offer.Offer, offer)

    def claim_offer(self, offer, *more, idempotency_key=None, **terms):
        """Take offers directly, without an auction; one Contract for them all.

        :param more: offers to take for the same time, all or none.
        :param terms: ``start_time``, ``end_time``, ``name``, ``purpose``, and
            ``min_reclaim_notice``, in seconds; ``extend_until`` and
            ``extend_max_price``, with which the contract is extended by itself.
        """
        first = self._uuid(_offer.Offer, offer)
        if more:
            terms['offers'] = [self._uuid(_offer.Offer, each) for each in more]
        return self._created(
            _contract.Contract,
            f'{identifiers.path(_offer.Offer.base_path, first)}/claim',
            terms,
            idempotency_key,
        )

    def bids(self, **query):
        """The caller's bids."""
        return self._list(_bid.Bid, **query)

    def get_bid(self, bid):
        return self._fetched(_bid.Bid, bid)

    def create_bid(self, idempotency_key=None, **attrs):
        return self._created(_bid.Bid, '/v1/bids', attrs, idempotency_key)

    def quote(self, timeout=None, **attrs):
        """What a bid with these attributes would get now; nothing is placed.

        :param timeout: how many seconds the answer is worth waiting for.
        """
        limit = {} if timeout is None else {'timeout': timeout}
        response = self.post('/v1/quotes', json=attrs, **limit)
        exceptions.raise_from_response(response)
        return _statistics.Quote.existing(**response.json())

    def update_bid(self, bid, generation=None, **changes):
        """Change a bid not matched yet.

        :param changes: ``name``, ``price``, ``end_time``, ``min_reclaim_notice``,
            ``extend_until``, ``extend_max_price`` and ``alternatives``, which take the
            place of all that it has.
        """
        return self._changed(_bid.Bid, bid, changes, generation)

    def delete_bid(self, bid):
        """Cancel a bid that is not matched yet."""
        self._ended(_bid.Bid, bid)

    def contracts(self, requirements=None, **query):
        """The contracts the caller is a party to, by default the open ones.

        :param requirements: triples that the hardware of a server must meet.
        """
        return self._list(_contract.Contract, **_looked_for(requirements), **query)

    def get_contract(self, contract):
        return self._fetched(_contract.Contract, contract)

    def update_contract(self, contract, generation=None, **changes):
        """Change when a contract ends, and whether it goes on then.

        :param changes: ``end_time``, later where the time is still free, or earlier;
            ``extend_until`` and ``extend_max_price``, until when and up to what price
            it is extended by itself (``extend_until`` None: it is not); with
            ``dry_run`` nothing is changed and the contract is as it would be;
            ``max_price`` is the most that added time may cost, per server and hour.
        """
        return self._changed(_contract.Contract, contract, changes, generation)

    def delete_contract(self, contract):
        """Cancel a contract before it starts, or release it early after."""
        self._ended(_contract.Contract, contract)

    def release_contract(self, contract, lines=None, dry_run=False):
        """As ``delete_contract``, or ``release_line``; the contract as it is then.

        :param lines: the uuids of reclaimed lines; by default all servers are released.
        :param dry_run: whether nothing is changed, and the contract is as it would be.
        """
        return self._left(contract, 'release', lines, dry_run)

    def reclaim_contract(self, contract, lines=None, dry_run=False):
        """Take back servers of the caller's, with the notice that was agreed.

        To do it again changes nothing.

        :param lines: the uuids of their lines, by default all of the caller's.
        :param dry_run: whether nothing is changed, and the contract is as it would be.
        """
        return self._left(contract, 'reclaim', lines, dry_run)

    def _left(self, contract, how, lines, dry_run):
        uuid_ = self._uuid(_contract.Contract, contract)
        path = f'{identifiers.path(_contract.Contract.base_path, uuid_)}/{how}'
        body = {'lines': list(lines)} if lines else {}
        document = self._posted(path, body | ({'dry_run': True} if dry_run else {}))
        return self._existing(_contract.Contract, identifiers.verify(document, uuid_))

    def release_line(self, contract, line):
        """Leave one server of a contract, which its owner has reclaimed.

        :param line: the uuid of its line.
        """
        uuid_ = self._uuid(_contract.Contract, contract)
        path = f'{identifiers.path(_contract.Contract.base_path, uuid_)}/lines'
        response = self.delete(identifiers.path(path, line))
        exceptions.raise_from_response(response)

    def console_tokens(self, **query):
        """The tokens for consoles of servers that the caller's project has now."""
        return self._list(_console_token.ConsoleToken, **query)

    def get_console_token(self, token):
        return self._fetched(_console_token.ConsoleToken, token)

    def delete_console_token(self, token):
        """Delete a token, and end the sessions that it has opened."""
        self._ended(_console_token.ConsoleToken, token)

    def standing_demands(self, **query):
        """Those of the caller's project; without ``status`` those not over."""
        return self._list(_standing_demand.StandingDemand, **query)

    def get_standing_demand(self, demand):
        return self._fetched(_standing_demand.StandingDemand, demand)

    def create_standing_demand(self, idempotency_key=None, **attrs):
        """Hold servers: ``quantity``, max_price, duration, end_time, requirements..."""
        path = _standing_demand.StandingDemand.base_path
        return self._created(
            _standing_demand.StandingDemand, path, attrs, idempotency_key
        )

    def update_standing_demand(self, demand, **attrs):
        """Change ``quantity``, max_price, duration, end_time, name or ``status``."""
        return self._changed(_standing_demand.StandingDemand, demand, attrs)

    def delete_standing_demand(self, demand):
        """Buy nothing more for it; what it holds runs until its time is over."""
        self._ended(_standing_demand.StandingDemand, demand)

    def webhooks(self, **query):
        """The webhooks of the caller's project."""
        return self._list(_webhook.Webhook, **query)

    def get_webhook(self, webhook):
        return self._fetched(_webhook.Webhook, webhook)

    def create_webhook(self, idempotency_key=None, **attrs):
        """Have events sent: ``url``, ``secret`` for URLs, event_types and name."""
        path = _webhook.Webhook.base_path
        return self._created(_webhook.Webhook, path, attrs, idempotency_key)

    def update_webhook(self, webhook, **attrs):
        """Change ``name``, ``event_types``, ``secret`` or ``status``."""
        return self._changed(_webhook.Webhook, webhook, attrs)

    def test_webhook(self, webhook):
        """Send a webhook an event; its ``last_event_id`` is the id of that event."""
        uuid_ = self._uuid(_webhook.Webhook, webhook)
        path = identifiers.path(_webhook.Webhook.base_path, uuid_)
        response = self.post(f'{path}/test')
        exceptions.raise_from_response(response)
        return self._existing(_webhook.Webhook, response.json())

    def delete_webhook(self, webhook):
        """Send a webhook nothing more."""
        self._ended(_webhook.Webhook, webhook)

    def maintenances(self, **query):
        """Planned outages of servers that the caller owns or rents."""
        return self._list(_maintenance.Maintenance, **query)

    def get_maintenance(self, maintenance):
        return self._fetched(_maintenance.Maintenance, maintenance)

    def create_maintenance(self, idempotency_key=None, **attrs):
        """Announce a planned outage: ``offer``, start_time, end_time, reason."""
        path = _maintenance.Maintenance.base_path
        return self._created(_maintenance.Maintenance, path, attrs, idempotency_key)

    def delete_maintenance(self, maintenance):
        """Call a planned outage off, or end it now."""
        self._ended(_maintenance.Maintenance, maintenance)

    def accounts(self, **query):
        """The accounts of the caller's project, for administrators of all."""
        return self._list(_ledger.Account, **query)

    def get_account(self, account):
        """The account of this uuid, or of the project of this id or name.

        :raises InvalidRequest: no project has the name.
        :raises DuplicateResource: several have.
        """
        if isinstance(account, str):
            base_path = _ledger.Account.base_path
            # Nobody is asked for what no URL can name.
            identifiers.path(base_path, account)
            ident = projects.project_id(self._get_connection(), account)
            found = self._read(identifiers.path(base_path, ident))
            # The service finds an account by its project as well.
            if found.get('project_id') != ident:
                identifiers.verify(found, ident)
            return self._existing(_ledger.Account, found)
        return self._fetched(_ledger.Account, account)

    def update_account(self, account, **changes):
        """Change its ``overdraft``; for administrators."""
        found = self.get_account(account)
        return self._changed(_ledger.Account, found.uuid, changes)

    def transfers(self, **query):
        """What was booked on the account of the caller's project, or is held."""
        return self._list(_ledger.Transfer, **query)

    def get_transfer(self, transfer):
        return self._fetched(_ledger.Transfer, transfer)

    def create_transfer(self, idempotency_key=None, **attrs):
        """Hand on credits: ``target``, ``amount``, and source, month, reason."""
        path = _ledger.Transfer.base_path
        return self._created(_ledger.Transfer, path, attrs, idempotency_key)

    def grants(self, **query):
        """The credits that the caller's project was granted."""
        return self._list(_ledger.Grant, **query)

    def get_grant(self, grant):
        return self._fetched(_ledger.Grant, grant)

    def create_grant(self, idempotency_key=None, **attrs):
        """Grant credits: ``project_id``, ``amount``, and monthly, expires, reason."""
        path = _ledger.Grant.base_path
        return self._created(_ledger.Grant, path, attrs, idempotency_key)

    def delete_grant(self, grant):
        """End a monthly grant; what it gave stays."""
        self._ended(_ledger.Grant, grant)

    def agendas(self, **query):
        """The agendas of the caller's project, which calendar programs subscribe to."""
        return self._list(_agenda.Agenda, **query)

    def get_agenda(self, agenda):
        return self._fetched(_agenda.Agenda, agenda)

    def create_agenda(self, **attrs):
        """Make an agenda, with a ``name`` perhaps; only this answer has its ``url``."""
        return self._created(_agenda.Agenda, _agenda.Agenda.base_path, attrs)

    def delete_agenda(self, agenda):
        """Delete an agenda; its address leads to nothing any more."""
        self._ended(_agenda.Agenda, agenda)

    def events(self, after=0, **query):
        """What happened after event number ``after``, oldest first.

        :param query: ``type``, ``object_type``, ``object_uuid``, ``resource_type``,
            ``resource_uuid``, ``time``; ``limit`` is the size of a page, not the
            end; ``wait`` seconds for the first one to come.
        """
        while True:
            page = self._events_after(after, **query)
            yield from page
            if not page:
                return
            after = page[-1].id
            query.pop('wait', None)

    def latest_events(self, limit, **query):
        """The last events, at most ``limit`` of them, the newest first.

        :param query: as for :meth:`events`, without ``wait``; with ``after`` none
            but those after that one, and with ``before`` those before that one.
        """
        after = query.pop('after', 0)
        return self._events_after(after, limit=limit, sort_dir='desc', **query)

    def follow_events(self, after=0, **query):
        """What happens after event number ``after``, for ever, as it happens.

        A service that is away for less than AWAY says is waited for.
        """
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_passes),
            before_sleep=self._log_retry,
            reraise=True,
            **AWAY,
        )
        while True:
            page = retrying(self._events_after, after, wait=WAIT, **query)
            yield from page
            if page:
                after = page[-1].id

    def _events_after(self, after, **query):
        """The next events, a page of them."""
        return list(self._list(_event.Event, after=after, **query))

    def clock(self):
        """The market's present, as its answers are dated; None if they are not."""
        return self.get('/v1/events', params={'limit': 1}).headers.get('Date')

    def book(self, **query):
        """Supply and demand, a Depth for each resource class.

        :param query: ``start_time``, ``end_time``, ``resource_class``.
        """
        found = self._read('/v1/book', **query)['book']
        return [_statistics.Depth.existing(**each) for each in found]

    def prices(self, **query):
        """What servers were sold for, a Price for each class and interval.

        :param query: ``start_time``, ``end_time``, ``resource_class``, and
            ``interval``: hour, day or week.
        """
        found = self._read('/v1/prices', **{'limit': 0, **query})['prices']
        return [_statistics.Price.existing(**each) for each in found]

    def fills(self, **query):
        """Each sale as a Fill, the newest first.

        :param query: as for ``prices``, and ``limit``.
        """
        found = self._read('/v1/prices', **query)['fills']
        return [_statistics.Fill.existing(**each) for each in found]

    def usage(self, **query):
        """Server-hours and amounts, a Usage for each project and role.

        :param query: ``start_time``, ``end_time``; ``project_id`` for
            administrators, who otherwise get those of all projects.
        """
        found = self._read('/v1/usage', **query)
        period = {name: found[name] for name in ('start_time', 'end_time')}
        return [_statistics.Usage.existing(**period, **each) for each in found['usage']]

    def usage_by(self, group, **query):
        """Usage summed up, a UsageGroup each, the largest amounts first.

        :param group: class, server, project, partner or month.
        :param query: as for ``usage``.
        """
        found = self._read('/v1/usage', by=group, **query)['groups']
        return [
            _statistics.UsageGroup.existing(group=each.pop(group), **each)
            for each in found
        ]

    def statements(self, **query):
        """The months in which something was booked, a StatementMonth each.

        :param query: ``project_id``, for administrators.
        """
        found = self._read('/v1/statements', **query)['statements']
        return [_statistics.StatementMonth.existing(**each) for each in found]

    def get_statement(self, month, **query):
        """What was booked in a month such as ``2027-01``, a Statement.

        :param query: ``project_id``, for administrators.
        """
        found = self._read(identifiers.path('/v1/statements', month), **query)
        return _statistics.Statement.existing(**found)

    def disputes(self, **query):
        """The disputes that the caller's project is a party to."""
        return self._list(_ledger.Dispute, **query)

    def get_dispute(self, dispute):
        return self._fetched(_ledger.Dispute, dispute)

    def create_dispute(self, idempotency_key=None, **attrs):
        """Dispute a line of a statement: ``transfer_uuid`` and ``reason``."""
        path = _ledger.Dispute.base_path
        return self._created(_ledger.Dispute, path, attrs, idempotency_key)

    def update_dispute(self, dispute, **changes):
        """Decide it: ``status``, ``decision``, and ``amount`` of what is accepted."""
        return self._changed(_ledger.Dispute, dispute, changes)

    def audit(self, **query):
        """What looks like gaming of the market, a Finding each, for administrators.

        :param query: ``start_time``, ``end_time``, ``rule``, ``project_id``.
        """
        found = self._read('/v1/audit', **query)['findings']
        return [_statistics.Finding.existing(**each) for each in found]

    def projects(self, **query):
        """What the projects are called that the caller's has to do with."""
        return self._list(_project.Project, **query)

    def providers(self):
        """How each provider does, a Provider each, for administrators."""
        found = self._read('/v1/providers')['providers']
        return [_statistics.Provider.existing(**each) for each in found]

    def properties(self):
        """The hardware on offer: a Property for each expression."""
        found = self._read('/v1/properties')['properties']
        return [_statistics.Property.existing(**each) for each in found]


def _looked_for(requirements):
    """The parameter of a list for ``requirements``, if there are any."""
    return {'requirements': json.dumps(requirements)} if requirements else {}


def _passes(error):
    """Whether what went wrong may come right by itself."""
    if isinstance(error, exceptions.HttpException):
        return error.status_code in (None, *proxy.UNKNOWN)
    return isinstance(error, auth_exceptions.ConnectionError)

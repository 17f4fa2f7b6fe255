# SPDX-License-Identifier: Apache-2.0
"""Somebody who trades while things break, and writes down what they were promised."""

import collections
import datetime
import http.client
import json
import threading
import time
import uuid

from tools.lab import accounts
from tools.lab import rest
from tools.rigging import services

# What says that it is worth asking again: somebody is away, or was.
AWAY = (500, 502, 503, 504)


class Gave(Exception):
    """An answer that says no: its status, and what it says."""

    def __init__(self, status, document):
        super().__init__(f'{status}: {document}')
        self.status = status


class Journal:
    """What was accepted, a JSON object each line, for the checker."""

    def __init__(self, path):
        self._file = open(path, 'a')
        self._lock = threading.Lock()

    def add(self, kind, ident, **more):
        with self._lock:
            self._file.write(json.dumps({'kind': kind, 'uuid': ident, **more}) + '\n')
            self._file.flush()


class Trader:
    """A user of the services, who asks again until they get an answer.

    :param timeout: for how many seconds they do.
    """

    def __init__(self, rig, user, journal=None, timeout=180):
        self._rig, self._user, self._journal = rig, user, journal
        self._timeout, self._token = timeout, None
        #: How often they had to ask again, by what they were told.
        self.again = collections.Counter()

    def offer(self, node, price, seconds, **more):
        """Publish an offer of a server; the offer."""
        body = {'resource_uuid': node, 'price': price, **more}
        return self._create('provider', 'offers', body | {'end_time': after(seconds)})

    def bid(self, price, seconds, within=300, **more):
        """Place a bid for so many seconds; the bid."""
        body = {'price': price, 'duration': seconds, 'end_time': after(within), **more}
        return self._create('market', 'bids', body)

    def claim(self, offer, seconds, **more):
        """Take an offer at its price for so many seconds from now; the contract."""
        body = {'end_time': after(seconds), **more}
        path = f'offers/{offer}/claim'
        return self._create('market', path, body, 'contracts')

    def withdraw(self, kind, ident):
        """Delete an offer, a bid or a contract."""
        service = 'provider' if kind == 'offers' else 'market'
        self.ask(service, 'DELETE', f'{kind}/{ident}')
        if self._journal and kind != 'contracts':
            self._journal.add(kind, ident, withdrawn=True)

    def show(self, kind, ident):
        return self.ask('market', 'GET', f'{kind}/{ident}')

    def list(self, kind, query=''):
        return self.ask('market', 'GET', f'{kind}?{query}')[kind]

    def until(self, kind, ident, statuses, seconds=120):
        """The object, once it has one of ``statuses``; or as it is then."""
        end = time.monotonic() + seconds
        while True:
            found = self.show(kind, ident)
            if found['status'] in statuses or time.monotonic() > end:
                return found
            time.sleep(0.2)

    def _create(self, service, path, body, kind=None):
        made = self.ask(service, 'POST', path, body)
        if self._journal:
            self._journal.add(kind or path, made['uuid'])
        return made

    def ask(self, service, method, path, body=None):
        """The document of the answer, however often it takes to get one.

        :raises Gave: it is a no.
        :raises TimeoutError: there was none.
        """
        headers = {'OpenStack-API-Version': 'marketplace latest'}
        if method == 'POST':
            headers['Idempotency-Key'] = str(uuid.uuid4())
        url = f'{services.url(self._rig.ports, service)}/v1/{path}'
        until, response, asked = time.monotonic() + self._timeout, None, 0
        while time.monotonic() < until:
            try:
                status, _, response = rest.call(
                    method, url, body, self._log_in(), headers, timeout=20
                )
            except (OSError, http.client.HTTPException, rest.Refused) as error:
                status, response = 0, repr(error)
            if 200 <= status < 300:
                return response
            # Somebody had an answer, perhaps, which did not come through: what they
            # wanted to be gone is gone.
            if method == 'DELETE' and asked and status in (404, 409):
                return response
            if status == 401:
                self._token = None
            elif status and status not in AWAY:
                raise Gave(status, response)
            asked += 1
            self.again[f'{method} {path.partition("/")[0]} {status or response}'] += 1
            time.sleep(0.3)
        raise TimeoutError(f'{method} {url}: no answer but {response}')

    def _log_in(self):
        if self._token is None:
            project, _ = accounts.PEOPLE[self._user]
            self._token = accounts.log_in(
                self._rig.folder, self._rig.ports, self._user, project
            )
        return self._token


def after(seconds):
    """The moment so many seconds from now, as the API takes it."""
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    return moment.strftime('%Y-%m-%dT%H:%M:%SZ')

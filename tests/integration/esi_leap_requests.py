# SPDX-License-Identifier: Apache-2.0
"""What people ask of esi-leap's API, at random."""

from tests.functional import base
from tests.integration import esi_leap

LESSEES = {'lea': 'umbrella', 'ina': 'initech'}
_TIMES = ('start_time', 'end_time')
#: What nobody has.
_NOTHING = 'nothing'


class Requests:
    """Methods that draw a request, and send it by ``ask`` to one or both.

    They return the answers, and the list into which the uuids of what was made belong.
    ``random``, ``begun``, ``nodes``, ``offers`` and ``leases`` are of who uses it.
    """

    def period(self):
        """Some hours that begin later than now, as both take them."""
        start = self.random.randint(2, 20)
        end = start + self.random.randint(1, 12)
        return {
            name: self.hour(hours)
            for name, hours in zip(_TIMES, (start, end), strict=True)
        }

    def hour(self, number):
        return (self.begun + number * base.HOUR).replace(tzinfo=None).isoformat()

    def pick(self, pairs):
        return self.random.choice(pairs) if pairs else (_NOTHING, _NOTHING)

    def sometimes(self, share):
        return self.random.random() < share

    def one(self, who, method, path, pairs, **kwargs):
        """Ask for one of ``pairs``."""
        there, here = self.pick(pairs)
        return self.ask(who, method, path.format(there), path.format(here), **kwargs)

    def named(self, body):
        """A body that may name what is made."""
        if self.sometimes(0.2):
            body['name'] = self.random.choice(self.names)
        return body

    def server(self):
        """The fields of a body that say which."""
        uuid = self.random.choice(self.nodes)
        if self.sometimes(0.03):
            uuid = '00000000-0000-4000-8000-000000000000'
        return {'resource_uuid': uuid, 'resource_type': 'dummy_node'}

    def project(self):
        if self.sometimes(0.03):
            return _NOTHING
        return self.random.choice(list(LESSEES.values()))

    # What people do

    def offer(self):
        body = self.named({**self.server(), **self.period()})
        if self.sometimes(0.3):
            body['lessee_id'] = self.project()
        if self.sometimes(0.2):
            del body['end_time']
        who = self.random.choice(['owen', 'owen', 'owen', 'owen', 'lea'])
        return self.ask(who, 'POST', '/v1/offers', json=body), self.offers

    def claim(self):
        who = self.random.choice(list(LESSEES))
        body = self.named({**self.period(), 'purpose': 'course'})
        if self.sometimes(0.1):
            del body['end_time']
        path = '/v1/offers/{}/claim'
        return self.one(who, 'POST', path, self.offers, json=body), self.leases

    def give(self):
        body = {**self.server(), 'project_id': self.project(), **self.period()}
        body = self.named(body)
        return self.ask('owen', 'POST', '/v1/leases', json=body), self.leases

    def move(self):
        """The end of a lease."""
        body = {'end_time': self.hour(self.random.randint(2, 32))}
        who = self.random.choice(['ada', 'ada', 'ada', 'owen', 'lea'])
        return self.one(who, 'PATCH', '/v1/leases/{}', self.leases, json=body), None

    def delete_offer(self):
        who = self.random.choice(['owen', 'owen', 'ada', 'lea'])
        return self.one(who, 'DELETE', '/v1/offers/{}', self.offers), None

    def delete_lease(self):
        who = self.random.choice(['owen', 'lea', 'ina', 'ada'])
        return self.one(who, 'DELETE', '/v1/leases/{}', self.leases), None

    def show(self):
        kind, pairs = self.random.choice(
            [('offers', self.offers), ('leases', self.leases)]
        )
        who = self.random.choice(list(esi_leap.PEOPLE))
        if self.sometimes(0.2):
            name = self.random.choice(self.names)
            pairs = [(name, name)]
        return self.one(who, 'GET', f'/v1/{kind}/{{}}', pairs), None

    def list(self):
        kind = self.random.choice(['offers', 'leases'])
        who = self.random.choice(['owen', 'lea', 'ina'])
        params = self.filtered(kind, who)
        # What is over is asked for by server: of others there is ever more.
        if self.sometimes(0.2) or params.get('status') in ('any', 'deleted'):
            params |= {
                'resource_uuid': self.random.choice(self.nodes),
                'resource_type': 'dummy_node',
            }
        return self.ask(who, 'GET', f'/v1/{kind}', params=params), None

    def events(self):
        params = {
            'resource_uuid': self.random.choice(self.nodes),
            'resource_type': 'dummy_node',
        }
        who = self.random.choice(list(esi_leap.PEOPLE))
        return self.ask(who, 'GET', '/v1/events', params=params), None

    def filtered(self, kind, who):
        period = self.period()
        if kind == 'offers':
            wanted = [
                {'project_id': 'acme'},
                {f'available_{name}': period[name] for name in period},
                {'status': 'any' if who == 'owen' else 'available'},
            ]
        else:
            wanted = [
                {'owner_id': 'acme'},
                {'status': 'deleted'},
                {'status': 'any' if who == 'owen' else 'created'},
            ]
        return self.random.choice([{}, period, *wanted])

    def act(self):
        """One request to both, drawn at random: the answers, and where uuids belong."""
        actions = (
            *(self.offer, self.offer, self.claim, self.claim, self.claim, self.give),
            *(self.delete_offer, self.delete_lease, self.move),
            *(self.show, self.list, self.list, self.events),
        )
        return self.random.choice(actions)()

# SPDX-License-Identifier: Apache-2.0
"""Who takes part, how servers come about, and how something is awaited."""

import datetime
import time

from tempest import config
from tempest import test
from tempest.lib import exceptions
from tempest.lib.common.utils import data_utils

CONF = config.CONF
#: Of a server that is enrolled.
PROPERTIES = {
    'cpus': '16',
    'memory_mb': '65536',
    'local_gb': '480',
    'cpu_arch': 'x86_64',
}
#: The ends of a contract.
OVER = ('ended', 'cancelled')
#: What a server goes through before it may be offered.
_BRING_ON = {'enroll': 'manage', 'manageable': 'provide'}


class MarketplaceTest(test.BaseTestCase):
    """An owner, a renter and a stranger, of three projects.

    ``reader`` has the owner's project, too, and may only read; ``operator`` is an
    administrator.
    """

    credentials = ['project_member', 'project_reader', 'project_admin']

    @classmethod
    def skip_checks(cls):
        super().skip_checks()
        if not CONF.service_available.flocx:
            raise cls.skipException('[service_available] flocx is false')

    @classmethod
    def setup_credentials(cls):
        cls.set_network_resources()
        wanted = CONF.marketplace
        cls.credentials = [
            *cls.credentials,
            ['renter', *wanted.renter_roles],
            ['stranger', *wanted.stranger_roles],
        ]
        if wanted.servers == 'ironic':
            cls.credentials.append('system_admin')
        super().setup_credentials()

    @classmethod
    def setup_clients(cls):
        super().setup_clients()
        cls.owner = Person(cls.os_project_member)
        cls.reader = Person(cls.os_project_reader)
        cls.operator = Person(cls.os_project_admin)
        cls.renter = Person(cls.os_renter)
        cls.stranger = Person(cls.os_stranger)

    @classmethod
    def servers(cls, quantity=1):
        """Servers of the owner that nobody uses, by uuid."""
        if CONF.marketplace.servers == 'existing':
            return cls._existing(quantity)
        return [cls._enrolled() for _ in range(quantity)]

    @classmethod
    def _existing(cls, quantity):
        shown = map(cls.owner.provider.show_node, CONF.marketplace.existing_servers)
        free = [
            node['uuid'] for node in shown if not (node['offers'] or node['contracts'])
        ]
        if len(free) < quantity:
            raise cls.skipException(
                f'{quantity} of existing_servers are needed, and {len(free)} are free'
            )
        return free[:quantity]

    @classmethod
    def _enrolled(cls):
        ironic = cls.os_system_admin.flocx_baremetal.BaremetalClient()
        node = ironic.create_node(
            name=data_utils.rand_name('flocx', prefix='tempest'),
            driver=CONF.marketplace.baremetal_driver,
            owner=cls.owner.project,
            # A class of its own, so that no other is taken for it.
            resource_class=data_utils.rand_name('class', prefix='tempest'),
            properties=PROPERTIES,
        )
        cls.addClassResourceCleanup(cls._remove, ironic, node['uuid'])
        until(
            lambda: bring_on(ironic, node['uuid']),
            lambda state: state == 'available',
            'the server is available',
        )
        return node['uuid']

    @classmethod
    def _remove(cls, ironic, node):
        """Once its last renter has gone, and it is clean."""
        until(
            lambda: ironic.show_node(node),
            lambda now: now['provision_state'] == 'available' and not now['lessee'],
            'the server is given back',
        )
        ironic.delete_node(node)

    @classmethod
    def offer(cls, node, seconds=7200, **fields):
        """Offered by its owner; withdrawn when the class is over."""
        wanted = {'price': '1.00', 'end_time': moment(seconds)} | fields
        made = cls.owner.provider.create_offer(
            resource_uuid=node, name=data_utils.rand_name('offer'), **wanted
        )
        cls.addClassResourceCleanup(
            forgive, cls.owner.provider.delete_offer, made['uuid']
        )
        return made

    @classmethod
    def claim(cls, offer, who=None, **fields):
        """Claimed by the renter, or by ``who``; released when the class is over."""
        who = who or cls.renter
        made = who.market.claim_offer(offer['uuid'], **fields)
        cls.addClassResourceCleanup(cls._release, who, made['uuid'])
        return made

    @classmethod
    def bid(cls, seconds=3600, **fields):
        """A bid of the renter's; it and what comes of it end with the class."""
        wanted = {
            'price': '2.00',
            'end_time': moment(seconds),
            'duration': 600,
        } | fields
        made = cls.renter.market.create_bid(name=data_utils.rand_name('bid'), **wanted)
        cls.addClassResourceCleanup(cls._end, made['uuid'])
        return made

    @classmethod
    def _end(cls, bid):
        forgive(cls.renter.market.delete_bid, bid)
        if contract := cls.renter.market.show_bid(bid)['contract_uuid']:
            cls._release(cls.renter, contract)

    @classmethod
    def _release(cls, who, contract):
        forgive(who.market.release_contract, contract)
        until(
            lambda: who.market.show_contract(contract)['status'],
            lambda status: status in OVER,
            'the contract is over',
        )


class Person:
    """The clients of one account, and its project."""

    def __init__(self, manager):
        self.project = manager.credentials.project_id
        self.market = _at_version(manager.flocx_market.MarketClient())
        self.provider = _at_version(manager.flocx_provider.ProviderClient())
        self.matcher = _at_version(manager.flocx_matcher.MatcherClient())
        self.ironic = manager.flocx_baremetal.BaremetalClient()

    @property
    def services(self):
        return self.market, self.provider, self.matcher


def _at_version(client):
    client.microversion = CONF.marketplace.microversion
    return client


def moment(seconds):
    """So many seconds from now, as the APIs write times."""
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    return (now + datetime.timedelta(seconds=seconds)).strftime('%Y-%m-%dT%H:%M:%SZ')


def bring_on(ironic, node):
    """The state of the server, which gets on if it is our turn."""
    state = ironic.show_node(node)['provision_state']
    if state in _BRING_ON:
        # While it is locked it cannot, and is asked again.
        forgive(ironic.provision, node, _BRING_ON[state])
    return state


def forgive(call, *arguments):
    """Do it, if it can still be done."""
    try:
        return call(*arguments)
    except (exceptions.Conflict, exceptions.NotFound):
        return None


def until(look, holds, what):
    """What ``look`` finds when it ``holds``; ``TimeoutException`` says what did not."""
    end = time.monotonic() + CONF.marketplace.build_timeout
    while True:
        found = look()
        if holds(found):
            return found
        if time.monotonic() > end:
            raise exceptions.TimeoutException(f'{what}; it is {found}')
        time.sleep(CONF.marketplace.build_interval)

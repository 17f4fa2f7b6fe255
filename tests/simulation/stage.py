# SPDX-License-Identifier: Apache-2.0
"""The applications, made once for many worlds; what differs, they ask the world."""

import logging
from unittest import mock

from oslo_config import cfg

from flocx import announce
from flocx import config
from flocx import policy
from flocx import rpc
from flocx import rpcapi
from flocx import standalone
from flocx.api import app
from flocx.api import errors
from market import feed
from market import organisations
from market import policies as market_policies
from market import quotas
from market import service as market_service
from market import terms
from market.api import root as market_root
from market.db import migration
from provider import assembly
from provider import marketplace
from provider import policies as provider_policies
from provider.api import root as provider_root
from tests.simulation import changes
from tests.simulation import ironic
from tests.simulation import people
from tests.simulation import storage

#: The provider's account.
PROVIDER = 'provider-1'


class Projects:
    """What Keystone says of the tree of projects."""

    @staticmethod
    def lineage(context):
        return people.LINEAGE.get(context.project_id, (context.project_id,))


class Marketplace(marketplace.Marketplace):
    """The provider's own client of the market, over the network of the world."""

    provider_id = PROVIDER

    def __init__(self, stage):
        self._stage = stage

    def _together(self, report):
        """No thread waits for another one here but where the scheduler says so."""
        return self._report_one(*report)

    def _send(self, method, path, context, headers, json=None, params=None):
        own = {'X-Roles': 'service', 'X-User-Id': PROVIDER, 'X-Project-Id': 'service'}
        if context is not None:
            own = people.headers(context.project_id) | {
                'X-Service-User-Id': PROVIDER,
                'X-Service-Roles': 'service',
            }
        return self._stage.world.answer_to_provider(
            method, path, {**headers, **own}, json, params
        )


class Nodes:
    """The machine room of the world, whichever it is."""

    def __init__(self, stage):
        self._stage = stage

    def __getattr__(self, name):
        return getattr(self._stage.world.room, name)


class Stage:
    """Configuration, database and applications; ``world`` is the one that plays."""

    def __init__(self):
        self.world = None
        self.conf = _configuration()
        announcer = announce.Announcer(
            self._with_casts(rpcapi.MatcherAPI), self._with_casts(rpcapi.ProviderAPI)
        )
        self.database = storage.Database([announcer.after_commit])
        migration.upgrade(self.database)
        self.terms = terms.PublishedTerms(self.conf, self.database)
        self.organisations = organisations.Organisations(self.conf, self.database)
        self.provider = assembly.Provider(
            conf=self.conf,
            policy=policy.Policy(self.conf, provider_policies.RULES),
            nodes=Nodes(self),
            marketplace=Marketplace(self),
        )
        self.applications = {
            'marketplace': _answering(market_root.Root(), self._market(), self._now),
            'marketplace-provider': _answering(
                provider_root.Root(), self.provider, self._now
            ),
        }

    def _market(self):
        return market_service.Market(
            conf=self.conf,
            database=self.database,
            policy=policy.Policy(self.conf, market_policies.RULES),
            projects=Projects(),
            quotas=quotas.Quotas(self.conf, self.organisations),
            matcher=self._with_casts(rpcapi.MatcherAPI),
            feed=feed.Feed(self.database),
            published=self.terms,
        )

    def _with_casts(self, api):
        with mock.patch.object(rpc, 'Caster', _Caster):
            return api(self)

    def _now(self, with_timezone=True):
        return self.world.now


class _Caster:
    """What ``flocx.rpc.Caster`` is to the services, on the network of the world."""

    def __init__(self, stage, version):
        self._stage = stage

    def cast(self, context, topic, method, fanout=False, **payload):
        self._stage.world.network.cast(context, topic, method, payload, fanout)


def _answering(root, service, clock):
    return errors.Errors(app.controllers(root, service, clock))


def _configuration():
    conf = cfg.ConfigOpts()
    config.register(conf)
    standalone.register(conf)
    conf([], default_config_files=[], default_config_dirs=[])
    conf.set_override('allocation', 'immediate', group='matcher')
    conf.set_override('min_interruptible_notice', 1, group='market')
    conf.set_override('maintenance_notice', changes.NOTICE, group='contracts')
    conf.set_override('quarantine_project_id', ironic.QUARANTINE, group='provider')
    # Nothing waits here but where the scheduler says so.
    conf.set_override('workers', 1000, group='provider')
    logging.getLogger('flocx').propagate = True
    return conf

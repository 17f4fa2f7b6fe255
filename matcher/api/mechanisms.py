# SPDX-License-Identifier: Apache-2.0
"""/v1/mechanisms: how the market can be cleared, and how it is."""

import pecan
import wsme.types

from flocx.api import expose
from flocx.api import routing
from flocx.api import types
from matcher import plugins


class Mechanism(types.Answer):
    name = wsme.types.text
    description = wsme.types.text
    default = bool


class MechanismList(types.Declared):
    allocations = [Mechanism]
    pricings = [Mechanism]


class Mechanisms(routing.Resource):
    @expose.expose(MechanismList, rule='matcher:mechanisms:list')
    def get_all(self):
        """List the mechanisms; ``default`` marks the one in use."""
        conf = pecan.request.service.conf.matcher
        return {
            'allocations': _listed(plugins.ALLOCATIONS, conf.allocation),
            'pricings': _listed(plugins.PRICINGS, conf.pricing),
        }


def _listed(namespace, configured):
    # An alias of an earlier release may be what is configured.
    in_use = plugins.named(namespace, configured).NAME
    return [
        Mechanism.of(name=name, description=kind.DESCRIPTION, default=name == in_use)
        for name, kind in plugins.installed(namespace)
    ]

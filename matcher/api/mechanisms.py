# SPDX-License-Identifier: Apache-2.0
"""/v1/mechanisms: how the market can be cleared, and how it is."""

import pecan
from pecan import rest
import wsme.types

from flocx.api import expose
from flocx.api import types
from matcher import rounds


class Mechanism(types.Answer):
    name = wsme.types.text
    description = wsme.types.text
    default = bool


class MechanismList(wsme.types.Base):
    allocations = [Mechanism]
    pricings = [Mechanism]


class Mechanisms(rest.RestController):
    @expose.expose(MechanismList, rule='matcher:mechanisms:list')
    def get_all(self):
        """List the mechanisms; ``default`` marks the one in use."""
        chosen = pecan.request.service.conf.matcher
        return MechanismList(
            allocations=_listed(rounds.ALLOCATIONS, chosen.allocation),
            pricings=_listed(rounds.PRICINGS, chosen.pricing),
        )


def _listed(namespace, chosen):
    return [
        Mechanism(name=name, description=kind.DESCRIPTION, default=name == chosen)
        for name, kind in rounds.installed(namespace)
    ]

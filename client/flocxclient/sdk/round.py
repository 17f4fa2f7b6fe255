# SPDX-License-Identifier: Apache-2.0
from openstack import resource

from flocxclient.sdk import resource as flocx_resource


class Round(flocx_resource.Resource):
    """One clearing of the market by the auction engine."""

    resources_key = 'rounds'
    base_path = '/v1/rounds'

    allow_create = True
    allow_fetch = True
    allow_list = True

    _query_mapping = resource.QueryParameters(
        'allocation', 'pricing', 'sort_dir', 'sort_key', 'time'
    )

    uuid = resource.Body('uuid', alternate_id=True)
    #: The moment whose offers and bids it saw.
    time = resource.Body('time')
    allocation = resource.Body('allocation')
    pricing = resource.Body('pricing')
    offers = resource.Body('offers')
    bids = resource.Body('bids')
    contracts = resource.Body('contracts')
    #: Awards that had to be given up because something changed meanwhile.
    conflicts = resource.Body('conflicts')
    welfare = resource.Body('welfare')
    #: What no other awards could have come to more than, if that is known.
    upper_bound = resource.Body('upper_bound')
    #: By how much, as a share, the welfare may be below that.
    gap = resource.Body('gap')
    #: The engine's prices, as it tells people of them.
    prices = resource.Body('prices', type=list)
    #: How long it took.
    seconds = resource.Body('seconds')


class Mechanism(resource.Resource):
    """A way of allocating or of pricing that the engine knows."""

    #: ``allocation`` or ``pricing``.
    kind = resource.Body('kind')
    description = resource.Body('description')
    default = resource.Body('default')

# SPDX-License-Identifier: Apache-2.0
"""What ids and statuses are called.

Names are looked up for a whole page at once, and once for a request.
"""

from django import urls
from django.core import cache
from django.utils import html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from keystoneauth1 import exceptions as auth_exceptions

from flocx_dashboard import api
from flocx_dashboard import formats
from flocxclient.sdk import filters

STATUSES = {
    'available': _('Available'),
    'booked': _('Fully booked'),
    'matched': _('Matched'),
    'expired': _('Expired'),
    'cancelled': _('Cancelled'),
    'error': _('Error'),
    'created': _('Not started'),
    'active': _('Active'),
    'ended': _('Ended'),
    'wait_fulfill': _('Being handed over'),
    'wait_end': _('Being returned'),
    'wait_cancel': _('Being cancelled'),
    'announced': _('Announced'),
    'paused': _('Paused'),
    'enabled': _('Enabled'),
    'disabled': _('Disabled'),
}

#: What the audit looks for.
RULES = {
    'within_organisation': _('Trade within one organisation'),
    'both_ways': _('Trade both ways between two organisations'),
    'far_price': _('Prices far from those of others'),
    'squatting': _('Booked and given back unused'),
    'taking_back': _('Offers taken back'),
    'probing_bids': _('Bids changed again and again'),
    'probing_asks': _('Asks changed again and again'),
}

#: What the mechanisms of the engine do.
MECHANISMS = {'allocation': _('allocation'), 'pricing': _('pricing')}

#: For how many seconds names of users and projects are kept, and the classes of the
#: market.
KEPT, CLASSES_KEPT = 60, 10

#: As many uuids as one URL is asked to hold.
_AT_ONCE = 100


def status(text):
    return STATUSES.get(text, text)


def of_projects(request):
    """The names of the projects that the user has a role in, by id.

    An administrator is told those of all projects.
    """
    return _once(request, 'projects', _of_projects)


def _of_projects(request):
    found = {each.id: each.name for each in request.user.authorized_tenants or ()}
    found[request.user.project_id] = request.user.project_name
    if request.user.has_perm('openstack.roles.admin'):
        try:
            found |= api.projects(request)
        except (api.Refused, auth_exceptions.ClientException):
            # The names are a convenience, and Keystone's policies are its own.
            return found
    return found


def of_parties(request):
    """The names of these projects, and of all that the user's has to do with, by id."""
    return _once(request, 'parties', _of_parties)


def _of_parties(request):
    try:
        market = api.market(request)
        key = f'flocx-projects-{request.user.project_id}-{market.get_endpoint()}'
        found = cache.cache.get_or_set(key, lambda: _parties(market), KEPT)
    except api.Refused:
        found = {}
    return found | of_projects(request)


def _parties(market):
    return {each.uuid: each.name for each in api.every(market.projects)}


def project(request, ident):
    """The name of a project; of a stranger's the start of its id."""
    if not ident:
        return '–'
    known = of_parties(request).get(ident)
    return known or shortened(ident)


def contract(request, found):
    """A contract in words without tags: who has it, where that is somebody else."""
    name = formats.title(found)
    if found.project_id == request.user.project_id:
        return name
    renter = of_parties(request).get(found.project_id)
    words = {'renter': renter or formats.short(found.project_id), 'name': name}
    return gettext('let to %(renter)s: %(name)s') % words


def user(request, ident):
    """The name of a user of Keystone's, or the start of its id; for administrators."""
    try:
        return cache.cache.get_or_set(
            f'flocx-user-{ident}', lambda: api.user(request, ident), KEPT
        )
    except (api.Refused, auth_exceptions.ClientException):
        return shortened(ident)


def of_servers(request):
    """The names of the servers that the user's project owns or rents, by uuid."""
    return _once(request, 'servers', _of_servers)


def _of_servers(request):
    return {
        node.uuid: node.name or formats.short(node.uuid) for node in _nodes(request)
    }


def _nodes(request):
    return _once(request, 'nodes', _of_nodes)


def _of_nodes(request):
    try:
        return api.every(api.provider(request).nodes)
    except api.Refused:
        # A name is a convenience; without a provider here there is still the uuid.
        return []


def server(request, uuid):
    """The name of a server, which leads to its page; of others' the start of the id."""
    known = of_servers(request).get(uuid)
    if not known:
        return shortened(uuid)
    url = urls.reverse('horizon:project:market_offers:server', args=[uuid])
    return html.format_html('<a href="{}">{}</a>', url, known)


def of_classes(request):
    """The classes of which servers are on offer or wanted, in order."""
    return _once(request, 'classes', _of_classes)


def _of_classes(request):
    try:
        market = api.market(request)
        # They change rarely, and every form with a filter asks for them.
        return cache.cache.get_or_set(
            _classes_key(market), lambda: _classes(market), CLASSES_KEPT
        )
    except api.Refused:
        return []


def forget_classes(request):
    """Look for the classes of the market again: there may be one more."""
    cache.cache.delete(_classes_key(api.market(request)))


def _classes_key(market):
    return f'flocx-classes-{market.get_endpoint()}'


def _classes(market):
    found = {each.resource_class for each in api.call(market.book)}
    return sorted(filter(None, found))


def of_own_servers(request, field):
    """What the servers of the user's project have in a field, sorted."""
    return sorted({getattr(node, field) for node in _nodes(request)} - {None, ''})


def of_contracts(request, uuids):
    """The names of contracts, by uuid."""
    return _titles(api.market(request).contracts, uuids)


def of_offers(request, uuids):
    """The names of offers, by uuid; of those that the user may still see."""
    return _titles(api.market(request).offers, uuids)


def _titles(listing, uuids):
    wanted, found = sorted(set(filter(None, uuids))), {}
    for first in range(0, len(wanted), _AT_ONCE):
        part = wanted[first : first + _AT_ONCE]
        query = {'uuid': filters.Comparison('in', part), 'status': 'any'}
        found.update(
            (each.uuid, formats.title(each)) for each in api.every(listing, **query)
        )
    return {uuid: found.get(uuid, formats.short(uuid)) for uuid in wanted}


def shortened(ident):
    """The beginning of an id that stands for an unknown name."""
    return html.format_html(
        '<span class="flocx-id" title="{}">{}</span>', ident, formats.short(ident)
    )


def _once(request, what, find):
    """What ``find(request)`` returns, looked up once for each request."""
    known = request.__dict__.setdefault('flocx_names', {})
    if what not in known:
        known[what] = find(request)
    return known[what]

# SPDX-License-Identifier: Apache-2.0
"""What ids and statuses are called."""

from django.utils import html
from django.utils.translation import gettext_lazy as _

from flocx_dashboard import api
from flocx_dashboard import formats

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
}


def status(text):
    return STATUSES.get(text, text)


def of_projects(request):
    """The names of the projects that the user has a role in, by id."""
    found = {each.id: each.name for each in request.user.authorized_tenants or ()}
    found[request.user.project_id] = request.user.project_name
    return found


def project(request, ident):
    """The name of a project; of a stranger's the start of its id."""
    if not ident:
        return '–'
    known = of_projects(request).get(ident)
    if known:
        return known
    return html.format_html(
        '<span class="flocx-id" title="{}">{}</span>', ident, formats.short(ident)
    )


def of_servers(request):
    """The names of the servers that the user's project owns or rents, by uuid."""
    try:
        nodes = api.every(api.provider(request).nodes)
    except api.Refused:
        # A name is a convenience; without a provider here there is still the uuid.
        return {}
    return {node.uuid: node.name or node.uuid for node in nodes}

# SPDX-License-Identifier: Apache-2.0
"""What the projects are called that one rents from, lets to, or could."""

from flocxclient import fields
from flocxclient.osc import command


class ListProjects(command.PagedLister):
    """List the projects that you have to do with, by name.

    Your own, those that you rent from or let to, and those with an offer that you may
    see. Keystone tells the name of a project to its members alone; this is what it told
    the market. A name is unique within its domain only: it is the id that counts.
    """

    table = fields.PROJECT
    collection = 'projects'
    _epilog = command.examples(
        'openstack market project list',
        'openstack market project list --name acme -f value -c UUID',
    )

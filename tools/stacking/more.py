# SPDX-License-Identifier: Apache-2.0
"""Whom and which servers Tempest finds, where servers are files. Runs in the guest.

more.py NODES PASSWORD SERVER...: beside stage.py, and after it.
"""

import pathlib
import sys
import uuid

import openstack
import stage

#: user: their project and role
PEOPLE = {'acme-reader': ('acme', 'reader'), 'passer-by': ('elsewhere', 'member')}


def main(nodes, password, *servers):
    identity = openstack.connect(cloud='devstack-admin').identity
    for name, (project, role) in PEOPLE.items():
        stage.person(identity, name, project, role, password)
    owner = identity.find_project('acme').id
    for name in servers:
        stage.server(pathlib.Path(nodes, f'{name}.yaml'), str(uuid.uuid4()), owner)


if __name__ == '__main__':
    main(*sys.argv[1:])

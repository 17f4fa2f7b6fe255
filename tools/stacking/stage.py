# SPDX-License-Identifier: Apache-2.0
"""Two organisations and a server of one of them, for the tour. Runs in the guest.

stage.py FOLDER NODES PASSWORD: writes clouds.yaml into the folder; NODES is ironic, or
the folder of the provider's dummy nodes; PASSWORD is for everybody.
"""

import copy
import pathlib
import sys

import openstack
from openstack.config import loader
import yaml

#: user: their project
PEOPLE = {'acme-owner': 'acme', 'umbrella-renter': 'umbrella'}
NODE, UUID = 'acme-05', '5c8ed5f8-9c43-4bd4-9be0-4a8a1c1f5c05'
HARDWARE = {'cpus': 16, 'memory_mb': 131072, 'local_gb': 960, 'cpu_arch': 'x86_64'}


def main(folder, nodes, password):
    cloud = openstack.connect(cloud='devstack-admin')
    owner = people(cloud.identity, password)
    write_clouds(pathlib.Path(folder), password)
    if nodes == 'ironic':
        enroll(openstack.connect(cloud='devstack-system-admin').baremetal, owner)
    else:
        server(pathlib.Path(nodes, f'{NODE}.yaml'), UUID, owner)


def people(identity, password):
    """The users and their projects; the id of the owner's."""
    for name, project in PEOPLE.items():
        person(identity, name, project, 'member', password)
    return identity.find_project(PEOPLE['acme-owner']).id


def person(identity, name, project_name, role, password):
    """A user with a role in a project, all of which may be there already."""
    project = identity.find_project(project_name) or identity.create_project(
        name=project_name, domain_id='default'
    )
    user = identity.find_user(name) or identity.create_user(
        name=name, password=password, domain_id='default'
    )
    found = identity.find_role(role, ignore_missing=False)
    identity.assign_project_role_to_user(project, user, found)


def server(path, uuid, owner):
    """The file of a dummy node, unless its owner has it already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Who is there already may have rented it out.
    if path.exists() and yaml.safe_load(path.read_text())['owner'] == owner:
        return
    values = {
        'uuid': uuid,
        'owner': owner,
        'resource_class': 'baremetal',
        'properties': HARDWARE,
    }
    path.write_text(yaml.safe_dump(values))


def write_clouds(folder, password):
    """clouds.yaml: as DevStack has it for its administrator, for these users."""
    theirs = loader.OpenStackConfig().cloud_config['clouds']['devstack-admin']
    clouds = {}
    for name, project in PEOPLE.items():
        clouds[name] = copy.deepcopy(theirs)
        clouds[name]['auth'].update(
            username=name, password=password, project_name=project
        )
    (folder / 'clouds.yaml').write_text(yaml.safe_dump({'clouds': clouds}))


def enroll(baremetal, owner):
    """A server that Ironic takes for real, and that can do nothing."""
    node = baremetal.find_node(NODE) or baremetal.create_node(
        name=NODE,
        driver='fake-hardware',
        resource_class='baremetal',
        owner=owner,
        properties=HARDWARE,
    )
    for verb in ('manage', 'provide'):
        if node.provision_state != 'available':
            baremetal.set_node_provision_state(node, verb, wait=True, timeout=120)


if __name__ == '__main__':
    main(*sys.argv[1:])

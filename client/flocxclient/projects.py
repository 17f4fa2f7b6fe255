# SPDX-License-Identifier: Apache-2.0
"""Projects by name, for people who may not list them."""

import re

from openstack import exceptions

_ID = re.compile('[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}')


def project_id(connection, name_or_id):
    """The id of a project.

    An id is taken as it is: Keystone shows a plain user only their own
    projects, and the market knows more of them. A name is looked for first
    among the projects in which the user has a role, which everybody may ask.

    :raises InvalidRequest: no project has the name.
    :raises DuplicateResource: several have.
    """
    if not name_or_id.strip():
        raise exceptions.InvalidRequest(
            'the name of the project is empty: give its id or name'
        )
    if _ID.fullmatch(name_or_id):
        return name_or_id
    found = _mine(connection, name_or_id) or _others(connection, name_or_id)
    if len(found) == 1:
        return found.pop()
    if found:
        raise exceptions.DuplicateResource(
            f'several projects are named {name_or_id!r}: give the id, one of '
            + ', '.join(sorted(found))
        )
    raise exceptions.InvalidRequest(
        f'there is no project {name_or_id!r} that you can see: ask for its '
        'id ("openstack project show") and give that'
    )


def own(connection):
    """The names of the projects in which the caller has a role, by id."""
    response = connection.identity.get('/auth/projects')
    exceptions.raise_from_response(response)
    return {each['id']: each['name'] for each in response.json()['projects']}


def _mine(connection, name):
    return {ident for ident, each in own(connection).items() if each == name}


def _others(connection, name):
    try:
        return {project.id for project in connection.identity.projects(name=name)}
    except exceptions.ForbiddenException:
        return set()

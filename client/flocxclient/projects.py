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


def of_project_or_user(connection, name_or_id):
    """The id of a project, or of the one project of a user of this name.

    :raises InvalidRequest: there is neither, or the user has several and no default.
    :raises DuplicateResource: several projects have the name.
    """
    try:
        return project_id(connection, name_or_id)
    except exceptions.InvalidRequest as error:
        found = _of_user(connection, name_or_id)
        if len(found) == 1:
            return found.pop()
        if not found:
            raise
        raise exceptions.InvalidRequest(
            f'user {name_or_id!r} is in several projects: give one of '
            + ', '.join(sorted(found))
        ) from error


def _of_user(connection, name):
    """The ids of the projects of the users of a name, the default one alone."""
    identity = connection.identity
    found = set()
    try:
        for user in identity.users(name=name):
            if user.default_project_id:
                found.add(user.default_project_id)
            else:
                found |= {each.id for each in identity.user_projects(user)}
    except exceptions.ForbiddenException:
        return set()
    return found


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

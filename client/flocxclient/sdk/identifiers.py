# SPDX-License-Identifier: Apache-2.0
"""Which object is meant: its uuid or its name, in a URL and in an answer."""

import re
import urllib.parse

from openstack import exceptions

_UUID = re.compile('[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}')


class WrongObject(exceptions.SDKException):
    """The service answered with something else than what was asked for."""


def is_uuid(identifier):
    return _UUID.fullmatch(identifier) is not None


def path(collection, identifier):
    """The path of an object, below that of its collection.

    All of the identifier is percent-encoded, so that no character of a name can
    become a part of the path or of the query.

    :param identifier: a uuid or a name.
    :raises InvalidRequest: it is empty, a path segment that URLs give a meaning of
        its own, or not text.
    """
    what = collection.rpartition('/')[2].removesuffix('s')
    if not isinstance(identifier, str) or not identifier.strip():
        raise exceptions.InvalidRequest(
            f'no {what} is named: {identifier!r} is neither a uuid nor a name'
        )
    # HTTP libraries resolve these, encoded or not, before anything is sent.
    if identifier in ('.', '..'):
        raise exceptions.InvalidRequest(
            f'{identifier!r} cannot be part of a URL: use the uuid of the {what}'
        )
    try:
        segment = urllib.parse.quote(identifier, safe='')
    except UnicodeEncodeError:
        raise exceptions.InvalidRequest(
            f'{identifier!r} is not text in UTF-8, so no {what} has that name'
        ) from None
    return f'{collection}/{segment}'


def verify(document, identifier):
    """``document``, if it is the object that was asked for.

    :param document: what a service answered.
    :raises WrongObject: it has another uuid and another name.
    """
    found = document if isinstance(document, dict) else {}
    uuid = found.get('uuid')
    if isinstance(uuid, str) and is_uuid(uuid):
        if is_uuid(identifier) and uuid.lower() == identifier.lower():
            return found
        if not is_uuid(identifier) and found.get('name') == identifier:
            return found
    raise WrongObject(
        f'{identifier!r} was asked for, and the service answered with '
        + (f'{found.get("name") or uuid!r}' if uuid else 'something else')
        + '; is the endpoint of the service right?'
    )


def verify_created(document):
    """``document``, if it is an object that has been created.

    :raises WrongObject: it has no uuid.
    """
    uuid = document.get('uuid') if isinstance(document, dict) else None
    if isinstance(uuid, str) and is_uuid(uuid):
        return document
    raise WrongObject(
        'the service did not answer with what was to be created; is its endpoint right?'
    )

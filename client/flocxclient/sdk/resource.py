# SPDX-License-Identifier: Apache-2.0
"""What the resources share."""

import functools
import urllib.parse

from openstack import resource


class Resource(resource.Resource):
    """A resource whose lists are paged by explicit next links only.

    Its attributes and query parameters are those of a table in ``flocxclient.fields``.
    """

    def __init_subclass__(cls, table=None, **kwargs):
        super().__init_subclass__(**kwargs)
        if table is None:
            return
        for field in table.fields:
            # The SDK has these two by itself; its id is the uuid, where there is one.
            if field.name not in ('id', 'name'):
                body = resource.Body(
                    field.name, type=field.value_type, alternate_id=field.name == 'uuid'
                )
                setattr(cls, field.name, body)
        cls._query_mapping = resource.QueryParameters(*table.query)

    def has(self, name):
        """Whether the service answered with this field, be it null."""
        return name in self._body.attributes or name in ('id', 'name')

    # The SDK goes through all classes a dozen times for each object that it makes.
    # Where a list has hundreds of them, that takes longer than to fetch it.

    @classmethod
    def _attributes_iterator(cls, *components):
        return iter(_attributes(cls, *components))

    @classmethod
    def _get_mapping(cls, component):
        return _mapping(cls, component)

    @classmethod
    def _get_next_link(cls, uri, response, data, marker, limit, total_yielded):
        """The next page as the path that was asked for and its parameters.

        Only the query of the link is followed: a service behind a TLS proxy
        may not know its own address, and a token must never be sent to an
        address that is not in the catalogue. No link means no next page; the
        base class would ask once more whenever a limit was given.
        """
        for link in data.get(f'{cls.resources_key}_links') or ():
            if link.get('rel') == 'next':
                query = urllib.parse.urlsplit(link['href']).query
                return uri, urllib.parse.parse_qs(query)
        return None, {}


@functools.cache
def _attributes(cls, *components):
    return tuple(super(Resource, cls)._attributes_iterator(*components))


@functools.cache
def _mapping(cls, component):
    return super(Resource, cls)._get_mapping(component)

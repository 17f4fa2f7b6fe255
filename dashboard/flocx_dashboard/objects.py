# SPDX-License-Identifier: Apache-2.0
"""Pages about one object."""

from django.utils.functional import cached_property

from flocx_dashboard import api
from flocx_dashboard import formats


class ObjectMixin:
    """A page about the object that the URL names.

    Subclasses have ``fetch(uuid)``. Who asks for what is not there is led to the page
    ``index``, and told why.
    """

    index = None
    #: What the title of the page says of it, around its name.
    kind = '%s'

    @cached_property
    def object(self):
        try:
            return self.fetch(self.kwargs['uuid'])
        except api.Refused as refused:
            api.lead_away(self.request, self.index, refused)

    @property
    def page_title(self):
        return self.kind % formats.title(self.object)

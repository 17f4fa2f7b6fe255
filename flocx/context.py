# SPDX-License-Identifier: Apache-2.0
"""Who asks."""

from oslo_context import context


def current():
    """The context that this thread works in, or a new one."""
    return context.get_current() or RequestContext()


class RequestContext(context.RequestContext):
    """The caller as keystonemiddleware found them, and what follows from that.

    ``lineage`` is their project and its ancestors, nearest first.
    """

    def __init__(self, lineage=None, **kwargs):
        super().__init__(**kwargs)
        self.lineage = tuple(lineage or filter(None, [self.project_id]))

    @property
    def is_service(self):
        """Whether the caller is a service's own account."""
        return 'service' in self.roles

    @property
    def provider_id(self):
        """The provider service that calls for itself, or None."""
        return self.user_id if self.is_service else None

# SPDX-License-Identifier: Apache-2.0
"""Who asks."""

from oslo_context import context

from flocx import policy


def current():
    """The context that this thread works in, or a new one."""
    return context.get_current() or RequestContext()


class RequestContext(context.RequestContext):
    """The caller as keystonemiddleware found them, and what follows from that.

    ``lineage`` is their project and its ancestors, nearest first. ``rules`` are the
    service's, a flocx.policy.Policy: they say whether the caller operates the
    marketplace (``is_admin``), and are asked when that is first of interest.
    """

    def __init__(self, lineage=None, rules=None, **kwargs):
        super().__init__(**{'is_admin': None, **kwargs})
        self.rules = rules
        self.lineage = tuple(lineage or filter(None, [self.project_id]))

    @property
    def is_admin(self):
        """Whether the caller operates the marketplace.

        oslo.context before 6.5 takes what it is told, and asks nobody.
        """
        if self._is_admin is None:
            self._is_admin = self.check_is_admin()
        return self._is_admin

    @is_admin.setter
    def is_admin(self, value):
        self._is_admin = value

    def check_is_admin(self):
        """As oslo.context wants to be told it."""
        return self.rules is not None and self.rules.allows(
            self, policy.ADMIN.removeprefix('rule:'), {}
        )

    @property
    def is_service(self):
        """Whether the caller is a service's own account."""
        return 'service' in self.roles

    @property
    def provider_id(self):
        """The provider service that calls for itself, or None."""
        return self.user_id if self.is_service else None

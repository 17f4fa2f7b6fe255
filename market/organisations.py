# SPDX-License-Identifier: Apache-2.0
"""Whose project is whose: organisations, as Keystone's domains and projects make them.

Several projects are cheap; an organisation that has many is still one party to the
market, for its quotas, its trades and its prices.
"""

from dogpile import cache

from market.db import organisations


class Organisations:
    """Finds the organisation of a caller, and remembers it for others to be told."""

    def __init__(self, conf, database):
        self._conf, self._database = conf, database
        self.forget()

    def forget(self):
        """Know of no project any more, as when the process starts."""
        self._known = cache.make_region().configure(
            'dogpile.cache.memory', expiration_time=self._conf.market.project_cache_time
        )

    def of(self, context):
        """The id of the organisation of the caller's project.

        It is the domain of the project, or the topmost project above it where the
        domain is one of ``[market] shared_domains``.
        """
        shared = self._conf.market.shared_domains
        if context.project_domain_id and context.project_domain_id not in shared:
            found = context.project_domain_id
        else:
            found = [each for each in context.lineage if each not in shared][-1]
        told = found, context.project_name
        if self._known.get(context.project_id) != told:
            organisations.save(self._database, context.project_id, *told)
            self._known.set(context.project_id, told)
        return found

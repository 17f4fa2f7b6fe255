# SPDX-License-Identifier: Apache-2.0
"""What ColdFront tells of allocations is left to its task queue.

So whoever approves an allocation does not wait for the marketplace, and a task that
fails is seen in ColdFront; the daily one makes up for it.
"""

from coldfront.core.allocation import signals
import django.dispatch
from django_q import tasks


@django.dispatch.receiver(signals.allocation_activate)
@django.dispatch.receiver(signals.allocation_change_approved)
def grant(sender, **kwargs):
    """An allocation was approved, or a change of it, which may be of its credits."""
    pk = kwargs['allocation_pk']
    tasks.async_task('flocx_coldfront.tasks.grant_credits', pk)

# SPDX-License-Identifier: Apache-2.0
"""``coldfront flocx_setup``: what the plugin needs in ColdFront's database."""

from coldfront.core.allocation import models
from django.core.management import base
from django_q import models as queue
from django_q import tasks

import flocx_coldfront.tasks as plugin

SYNC = 'flocx_coldfront.tasks.sync'


class Command(base.BaseCommand):
    help = 'Add the attributes of allocations, and the daily task; repeatable.'

    def handle(self, *args, **options):
        for name, of_type, has_usage in (
            (plugin.PROJECT, 'Text', False),
            (plugin.CREDITS, 'Float', True),
        ):
            models.AllocationAttributeType.objects.get_or_create(
                name=name,
                defaults={
                    'attribute_type': models.AttributeType.objects.get(name=of_type),
                    'has_usage': has_usage,
                    'is_unique': True,
                    'is_private': False,
                    # The credits are what somebody asks to have changed.
                    'is_changeable': has_usage,
                },
            )
        if not queue.Schedule.objects.filter(func=SYNC).exists():
            tasks.schedule(SYNC, schedule_type=queue.Schedule.DAILY)

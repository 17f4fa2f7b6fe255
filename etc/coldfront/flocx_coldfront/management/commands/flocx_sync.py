# SPDX-License-Identifier: Apache-2.0
"""``coldfront flocx_sync``: what the daily task does, now."""

from django.core.management import base

import flocx_coldfront.tasks as plugin


class Command(base.BaseCommand):
    help = 'Grant what is missing, and set the usage of all active allocations.'

    def handle(self, *args, **options):
        plugin.sync()

# SPDX-License-Identifier: Apache-2.0
"""Tells ColdFront that the plugin is there."""

import importlib

from django import apps


class FlocxConfig(apps.AppConfig):
    name = 'flocx_coldfront'

    def ready(self):
        importlib.import_module('flocx_coldfront.signals')

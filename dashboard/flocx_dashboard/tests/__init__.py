# SPDX-License-Identifier: Apache-2.0
"""The panels against the real applications of FLOCX, in this process.

They need a checkout: its ``tests.fixtures`` have the services, and an emulated
Keystone in which people really log in.
"""

import os
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3]))
# Chooses the threads of the services, before anything can choose others.
import tests

os.environ['DJANGO_SETTINGS_MODULE'] = 'flocx_dashboard.tests.settings'

import django
from django.test import utils

django.setup()
utils.setup_test_environment()

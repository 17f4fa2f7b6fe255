# SPDX-License-Identifier: Apache-2.0
"""How the API reference is built: sphinx-build -W api-ref/source api-ref/build/html."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / 'doc/source/_exts')]

project = 'FLOCX API reference'
copyright = 'The FLOCX contributors'
extensions = ['apiref', 'os_api_ref', 'theme']
html_theme_options = {'sidebar_mode': 'toc'}
pygments_style = 'native'

# SPDX-License-Identifier: Apache-2.0
"""How the documentation is built: sphinx-build -W doc/source doc/build/html."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE / '_exts')]

project = 'FLOCX'
copyright = 'The FLOCX contributors'
extensions = [
    'cliff.sphinxext',
    'executed',
    'modules',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxext',
    'theme',
    'transitions',
]
pygments_style = 'native'
# Addresses of examples, which nobody serves, and what help of options says of schemes.
linkcheck_ignore = [r'https?://(localhost|[\d.:]+|[\w.-]*example[\w.]*|$)([:/]|$)']

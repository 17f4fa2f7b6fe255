# SPDX-License-Identifier: Apache-2.0
"""How the documentation is built: sphinx-build -W doc/source doc/build/html."""

import pathlib
import subprocess
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
    'transitions',
]

# The theme of OpenStack asks git for the commit and for what changed when. In an
# archive, where git has nothing to say, the plain theme does.
git = subprocess.run(['git', 'rev-parse', 'HEAD'], cwd=HERE, capture_output=True)
if git.returncode:
    html_theme = 'alabaster'
else:
    extensions.append('openstackdocstheme')
    html_theme = 'openstackdocs'
    openstackdocs_auto_name = False
    openstackdocs_auto_version = False
pygments_style = 'native'
# Addresses of examples, which nobody serves, and what help of options says of schemes.
linkcheck_ignore = [r'https?://(localhost|[\d.:]+|[\w.-]*example[\w.]*|$)([:/]|$)']

# SPDX-License-Identifier: Apache-2.0
"""The theme of OpenStack, or a plain one where git has nothing to say.

It asks git for the commit and for what changed when, which an archive cannot answer.
"""

import subprocess


def setup(app):
    command = ['git', 'rev-parse', 'HEAD']
    git = subprocess.run(command, cwd=app.confdir, capture_output=True)
    if git.returncode:
        app.config.html_theme = 'alabaster'
    else:
        app.config.html_theme = 'openstackdocs'
        app.setup_extension('openstackdocstheme')
        app.config.openstackdocs_auto_name = False
        app.config.openstackdocs_auto_version = False
    return {'parallel_read_safe': True}

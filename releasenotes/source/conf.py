# SPDX-License-Identifier: Apache-2.0
"""How the release notes are built; reno reads them from git's history."""

project = 'FLOCX release notes'
copyright = 'The FLOCX contributors'
extensions = ['openstackdocstheme', 'reno.sphinxext']
html_theme = 'openstackdocs'
openstackdocs_auto_name = False
openstackdocs_auto_version = False
html_last_updated_fmt = None

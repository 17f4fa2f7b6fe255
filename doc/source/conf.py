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
    'sphinxcontrib.rsvgconverter',
    'theme',
    'transitions',
]
pygments_style = 'native'
# Addresses of examples, which nobody serves, and what help of options says of schemes.
linkcheck_ignore = [r'https?://(localhost|[\d.:]+|[\w.-]*example[\w.]*|$)([:/]|$)']
# As PDF, tox -e pdf-docs: XeLaTeX has all the characters that the pages have.
latex_engine = 'xelatex'
latex_use_xindy = False
latex_domain_indices = False
latex_documents = [('index', 'doc-flocx.tex', 'FLOCX', copyright, 'manual')]
latex_elements = {
    'extraclassoptions': 'openany,oneside',
    # Addresses and names of tests are longer than a line, and have no space in them.
    'sphinxsetup': 'verbatimforcewraps=true',
    'preamble': r"""
\let\plainunderscore\_
\renewcommand{\_}{\texorpdfstring{\plainunderscore\allowbreak}{\textunderscore}}
\setlength{\headheight}{15pt}
""",
}


def setup(app):
    app.connect('builder-inited', _lighten)


def _lighten(app):
    """Show code in colours for paper, where what is printed is."""
    if app.builder.name == 'latex':
        app.config.pygments_style = 'sphinx'

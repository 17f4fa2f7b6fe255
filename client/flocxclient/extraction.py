# SPDX-License-Identifier: Apache-2.0
"""Finds what is to be translated: an extractor for Babel.

What a command does is the docstring of its class, without a call around it.
"""

import ast
import inspect
import pathlib
import tomllib

from babel.messages import extract


def commands(fileobj, keywords, comment_tags, options):
    """What Babel expects of an extractor, of a module of Python."""
    yield from extract.extract_python(fileobj, keywords, comment_tags, options)
    path = pathlib.Path(fileobj.name).resolve()
    project = next(each for each in path.parents if (each / 'pyproject.toml').exists())
    module = '.'.join(path.relative_to(project).with_suffix('').parts)
    known = _known(project)
    for node in ast.parse(path.read_bytes()).body:
        if isinstance(node, ast.ClassDef) and f'{module}:{node.name}' in known:
            yield node.lineno, '_', inspect.cleandoc(ast.get_docstring(node)), []


def _known(project):
    """The classes of the commands of a project, as its entry points name them."""
    document = tomllib.loads((project / 'pyproject.toml').read_text())
    groups = document['project']['entry-points'].values()
    return {each for group in groups for each in group.values()}

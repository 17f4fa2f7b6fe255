# SPDX-License-Identifier: Apache-2.0
"""The git repositories that stack.sh clones: the caller's, and this tree."""

import os
import pathlib
import shutil
import subprocess

from tools.lab import folder as folders
from tools.lab import trouble

#: Says where they are, for who does not say it by an option.
VARIABLE = 'FLOCX_DEVSTACK_SOURCES'
ALWAYS = ('devstack', 'requirements', 'keystone')
#: The branch of this tree as it is, and of the release that is upgraded.
NEW, OLD = 'main', 'old'

ADVICE = """\
Make a folder of bare repositories, each with the branch master, and a tag from which
pbr tells a version:
    git clone --bare https://opendev.org/openstack/NAME DIR/NAME.git
and name it with --sources, or in {variable}."""


def wanted(options):
    """The names of the repositories that a variant needs."""
    names = [*ALWAYS]
    if options.nodes == 'ironic':
        names.append('ironic')
    if options.horizon:
        names.append('horizon')
    if options.command == 'upgrade':
        names.append('grenade')
    return names


def check(folder, names):
    """The folder of the repositories, in which all of these are; else a Trouble."""
    advice = ADVICE.format(variable=VARIABLE)
    folder = folder or os.environ.get(VARIABLE)
    if not folder:
        raise trouble.Trouble('Nobody said where the sources of OpenStack are.', advice)
    folder = pathlib.Path(folder).absolute()
    missing = [name for name in names if not (folder / f'{name}.git').is_dir()]
    if missing:
        missing = ', '.join(f'{name}.git' for name in missing)
        raise trouble.Trouble(f'{folder} has no {missing}.', advice)
    return folder


def serve(place, commit='HEAD', old=None):
    """Make this tree a repository that can be cloned.

    :param place: the folder for it; what it had of ours is replaced.
    :param commit: the branch ``main`` is at. With HEAD, what is changed in the tree and
        not committed is part of it.
    :param old: what the branch ``old`` is at, if there is to be one.
    """
    target = place / 'flocx.git'
    shutil.rmtree(target, ignore_errors=True)
    # Where the caller's are mounted, in the guest.
    (place / 'openstack').mkdir(parents=True, exist_ok=True)
    # Objects are copied: whoever clones may not read the checkout.
    _git('init', '--quiet', '--bare', f'--initial-branch={NEW}', target)
    for branch, name in ((NEW, commit), (OLD, old)):
        if name:
            _git('push', '--quiet', target, f'{_found(name)}:refs/heads/{branch}')
    _git('--git-dir', target, 'tag', '0.0.1', NEW)
    return target


def _found(name):
    """The commit that is meant; a Trouble if there is none."""
    try:
        if name == 'HEAD':
            # It is empty if nothing is changed.
            name = _git('stash', 'create') or name
        return _git('rev-parse', '--verify', '--quiet', f'{name}^{{commit}}')
    except subprocess.CalledProcessError:
        raise trouble.Trouble(f'This repository has no commit {name}.') from None


def _git(*words):
    return subprocess.run(
        # Whoever runs this as root owns the checkout of somebody else.
        ['git', '-c', f'safe.directory={folders.CHECKOUT}', *map(str, words)],
        cwd=folders.CHECKOUT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout.strip()

# SPDX-License-Identifier: Apache-2.0
"""An upgrade as the community tests it: grenade.sh, with devstack/upgrade.

DevStack itself is the same before and after: it is FLOCX that becomes another.
"""

from tools.lab import progress
from tools.stacking import root as roots
from tools.stacking import settings
from tools.stacking import sources

GRENADE = f'{roots.STACK}/grenade'
#: What grenade calls the releases, and the branch of this repository that each has.
OLD = f'{roots.STACK}/old/devstack'
SIDES = {'old': sources.OLD, 'new': sources.NEW}
_REVISION = 'SELECT version_num FROM alembic_version'


def run(stack):
    """The older release with data, then this one; what was found out."""
    stack.prepare(old=stack.options.old)
    for side, branch in SIDES.items():
        dest = f'{roots.STACK}/{side}'
        stack.clone(f'{dest}/devstack', branch, dest=dest)
    for name, where in (
        ('openstack/grenade', GRENADE),
        # Which stack.sh would clone, and is not run for the newer release.
        ('flocx', f'{roots.STACK}/new/flocx'),
    ):
        stack.guest.run(f'git clone --quiet {settings.GIT}/{name}.git {where}', 'clone')
    stack.guest.write(f'{GRENADE}/localrc', settings.grenade_localrc())
    stack.guest.write(f'{GRENADE}/pluginrc', settings.grenade_pluginrc())
    stack.script('stack.sh', 'stack.sh of the old release', OLD)
    # In halves, to look at the tables in between.
    stack.script('grenade.sh -b', 'grenade.sh before', GRENADE)
    before = _revision(stack)
    stack.script('grenade.sh -t', 'grenade.sh after', GRENADE)
    after = _revision(stack)
    progress.say(f'  The tables were at {before}, and are at {after}.')
    commands = stack.tour('tour after the upgrade')
    return {'revisions': [before, after], 'commands': commands}


def _revision(stack):
    return stack.guest.says(f'sudo mysql flocx -BNe "{_REVISION}"').strip()

# SPDX-License-Identifier: Apache-2.0
"""The suites: where each has its tests, and how stestr is to run them."""

import dataclasses
import os
import pathlib

from tools.testing import environments

ROOT = environments.ROOT
CORES = os.cpu_count() or 1


@dataclasses.dataclass(frozen=True)
class Suite:
    """A folder of tests, or with ``path`` None the style checks.

    ``workers`` are the arguments of stestr that say who runs what in a run of the
    whole suite. Each worker, and stestr to share tests out among several, imports the
    services, so that a ``small`` suite has one where others run beside it. A suite
    that ``waits`` spends most of its time on daemons that start and on hardware, so
    it runs beside those that compute.
    """

    name: str
    path: str | None
    folder: pathlib.Path = ROOT
    environment: environments.Environment = environments.OURS
    workers: tuple = (f'--concurrency={CORES}',)
    selection: tuple = ()
    waits: bool = False
    small: bool = False
    #: Whether it needs the auction engine, and so starts when that is compiled.
    compiled: bool = False
    #: Whether a run without any argument includes it: it needs nothing but Python.
    anywhere: bool = True


# In the order in which they start: the quickest first, as they say most per second,
# then what can be done while the engine is compiled.
ALL = (
    Suite('style', None),
    Suite('core', './tests/unit/core', small=True),
    Suite('client', './flocxclient/tests', folder=ROOT / 'client', small=True),
    Suite('simulation', './tests/simulation', small=True, compiled=True),
    Suite(
        'unit',
        './tests/unit',
        selection=('--exclude-regex', r'^tests\.unit\.core'),
        small=True,
        compiled=True,
    ),
    # Its tour takes one worker for a minute, so that others follow.
    Suite(
        'dashboard',
        './flocx_dashboard/tests',
        folder=ROOT / 'dashboard',
        environment=environments.DASHBOARD,
        compiled=True,
        anywhere=False,
    ),
    # Many of these wait for processes, while other workers go on.
    Suite(
        'functional',
        './tests/functional',
        workers=(f'--concurrency={CORES + 2}',),
        compiled=True,
    ),
    Suite(
        'integration',
        './tests/integration',
        workers=('--worker-file=tests/integration/workers.yaml',),
        waits=True,
        compiled=True,
        anywhere=False,
    ),
)
BY_NAME = {suite.name: suite for suite in ALL}


def chosen(names, all_of_them=False, filtered=False):
    """The suites of these names, in the order in which they start.

    Without names those that run on any machine, or all. ``unit`` includes ``core``.
    ``filtered`` leaves out the style checks, which have no tests to choose from.
    """
    if names:
        wanted = {*names, *(['core'] if 'unit' in names else [])}
        return [suite for suite in ALL if suite.name in wanted]
    return [
        suite
        for suite in ALL
        if (all_of_them or suite.anywhere) and (suite.path or not filtered)
    ]

# SPDX-License-Identifier: Apache-2.0
"""How long each page of the dashboard takes, on a small market and on a busy one.

    cd dashboard && ../.test/venv-dashboard/bin/python -m benchmarks.pages

Horizon and the services are in this process, on SQLite, and of what they were told
nothing is kept from one page to the next; so a page has all that it costs, but for what
the browser takes. The busy market is that of :mod:`benchmarks.busy_market`.
"""

import argparse
import dataclasses
import statistics
import sys
import time

from benchmarks import busy_market


def seconds(case, page, repeat):
    """The median of what a page takes, and its requests to the services."""
    taken, count = [], 0
    for _ in range(repeat):
        begin = time.perf_counter()
        _, count = case.requests(*page)
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken), count


def keep_templates(kind):
    """Read a template once, as Horizon does but for its tests."""
    from django import test
    from django.conf import settings

    first, *others = settings.TEMPLATES
    loaders = [
        ('django.template.loaders.cached.Loader', first['OPTIONS']['loaders']),
    ]
    options = {**first['OPTIONS'], 'loaders': loaders}
    changed = test.override_settings(TEMPLATES=[{**first, 'OPTIONS': options}, *others])
    changed.enable()
    kind.addClassCleanup(changed.disable)


def measure(size, repeat, out=sys.stdout):
    """Print a line for each page.

    :param size: the busy_market.Size of the busy market.
    :returns: pairs of the seconds on the small and on the busy market.
    """
    # Only now: it makes this a process of Horizon's tests, with their settings.
    from flocx_dashboard.tests import test_pages

    class Measured(test_pages.PagesTest):
        # The engine is a process of its own elsewhere: here it would take turns.
        OPTIONS = (('matcher', 'round_interval', '3600'),)

    kind, found = Measured, []
    try:
        keep_templates(kind)
        kind.setUpClass()
        case = kind('test_they_are_for_people_and_ask_no_more_of_a_busy_market')
        case.setUp()
        case.trade()
        pages = list(case.every_page())
        small = {page: seconds(case, page, repeat) for page in pages}
        case.fill(**dataclasses.asdict(size))
        out.write('page                      who                small    busy  ratio\n')
        for page in pages:
            (before, _), (after, count) = small[page], seconds(case, page, repeat)
            found.append((before, after))
            out.write(
                f'{page[1]:25} {page[0]:16} {before:7.3f} {after:7.3f} '
                f'{after / before:6.2f}  {count} requests\n'
            )
        case.doCleanups()
    finally:
        kind.tearDownClass()
        kind.doClassCleanups()
    return found


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--repeat', type=int, default=5, help='take the median of')
    for field in dataclasses.fields(busy_market.Size):
        parser.add_argument(f'--{field.name}', type=int, default=field.default)
    args = parser.parse_args()
    names = [each.name for each in dataclasses.fields(busy_market.Size)]
    size = busy_market.Size(*(getattr(args, name) for name in names))
    found = measure(size, args.repeat)
    worst = max(after for _, after in found)
    print(f'The slowest page of the busy market takes {worst:.3f} s.')


if __name__ == '__main__':
    main()

# SPDX-License-Identifier: Apache-2.0
"""Pictures of results; the only module that needs matplotlib."""

import matplotlib

matplotlib.use('svg')

from matplotlib import pyplot

#: So that the same result is the same file.
matplotlib.rcParams['svg.hashsalt'] = 'flocx'
_METADATA = {'Date': None}


def replay(result, folder):
    """Compare the mechanism of a replay with the others."""
    folder.mkdir(parents=True, exist_ok=True)
    results = result['results']
    names = [name for name in results if 'welfare' in results[name]]
    figure, axes = pyplot.subplots(1, 3, figsize=(9, 3))
    for axis, (field, title) in zip(
        axes,
        (
            ('requests', 'requests served'),
            ('server_hours', 'server-hours'),
            ('welfare', 'welfare (credits)'),
        ),
        strict=True,
    ):
        axis.bar(
            [_title(each) for each in names],
            [_of(results, each, field) for each in names],
        )
        axis.set_title(title, fontsize=9)
        axis.tick_params(labelsize=8)
    _saved(figure, folder / 'replay.svg')
    figure, axis = pyplot.subplots(figsize=(9, 3))
    for name in names:
        weeks = results[name]['price_by_week']
        axis.plot(
            list(weeks), [float(each) for each in weeks.values()], label=_title(name)
        )
    axis.set_xticks(axis.get_xticks()[::6])
    axis.tick_params(labelsize=8)
    axis.set_ylabel('credits per server and hour')
    axis.legend(fontsize=8)
    _saved(figure, folder / 'replay-prices.svg')


def clearing(result, folder):
    """Shares of the bound by size and rule."""
    folder.mkdir(parents=True, exist_ok=True)
    figure, axis = pyplot.subplots(figsize=(7, 3))
    rules = list(result['sizes'][0]['rules'])
    for rule in rules:
        sizes = [each for each in result['sizes'] if rule in each['rules']]
        axis.plot(
            [each['offers'] for each in sizes],
            [100 * each['rules'][rule]['share'] for each in sizes],
            marker='o',
            label=rule.replace('_', ' '),
        )
    axis.set_xscale('log')
    axis.set_xlabel('offers and bids')
    axis.set_ylabel('% of the upper bound')
    axis.legend(fontsize=8)
    _saved(figure, folder / 'clearing.svg')


def strategic(result, folder):
    """What strategy does to welfare, owners and renters under each pricing."""
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = pyplot.subplots(1, 3, figsize=(9, 3))
    names = list(result['pricings'])
    titles = [name.replace('_', '\n') for name in names]
    for axis, (title, value) in zip(
        axes,
        (
            ('welfare lost to strategy (%)', lambda each: 100 * each['lost']),
            ("owners' income (credits)", lambda each: float(each['owners_income'])),
            (
                "renters' surplus (credits)",
                lambda each: float(each['renters_surplus']),
            ),
        ),
        strict=True,
    ):
        axis.bar(titles, [value(result['pricings'][each]) for each in names])
        axis.set_title(title, fontsize=9)
        axis.tick_params(labelsize=7)
    _saved(figure, folder / 'strategic.svg')


def _of(results, name, field):
    return float(results[name][field])


def _title(name):
    return {'first_come_first_served': 'first come'}.get(name, name)


def _saved(figure, path):
    figure.tight_layout()
    figure.savefig(path, metadata=_METADATA)
    pyplot.close(figure)

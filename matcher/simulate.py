# SPDX-License-Identifier: Apache-2.0
"""flocx-matcher-simulate: replay real demand, and compare with simpler rules.

    flocx-matcher-simulate --requests requests.csv --servers servers.csv \\
        --types server_types.json --seed 1 > result.json

With ``--strategic`` some bidders learn to shade, under one pricing after the other.
"""

import argparse
import dataclasses
import decimal
import json
import pathlib
import sys

from flocx import exceptions
from flocx.core import money
from matcher import clear
from matcher import hindsight
from matcher import plugins
from matcher import replay
from matcher import strategic


def _parser():
    parser = argparse.ArgumentParser(
        description='Replay requests in the order of their submission.'
    )
    for name in ('requests', 'servers', 'types'):
        parser.add_argument(f'--{name}', type=argparse.FileType())
    parser.add_argument(
        '--generate',
        type=int,
        metavar='REQUESTS',
        help='make up a market with so many requests instead of those files',
    )
    parser.add_argument(
        '--strategic',
        type=float,
        metavar='SHARE',
        help='let this part of renters and of owners learn to shade, and compare what '
        'that does under each of --pricings',
    )
    parser.add_argument(
        '--pricings',
        nargs='+',
        default=['second_price', 'k_double_auction', 'uniform'],
        help='for --strategic (second_price k_double_auction uniform)',
    )
    parser.add_argument(
        '--sides',
        nargs='+',
        choices=strategic.SIDES,
        default=strategic.SIDES,
        help='who is strategic (both)',
    )
    parser.add_argument(
        '--first',
        type=int,
        help='take only so many requests, those that were submitted first',
    )
    parser.add_argument(
        '--interval',
        type=int,
        default=3600,
        help='seconds of simulated time between two rounds (3600)',
    )
    parser.add_argument(
        '--plots', type=pathlib.Path, help='a folder for pictures; needs matplotlib'
    )
    clear.options(parser)
    parser.set_defaults(moves=2000)
    return parser


def main(argv=None):
    """Entry point of ``flocx-matcher-simulate``."""
    parser = _parser()
    args = parser.parse_args(argv)
    files = args.requests, args.servers, args.types
    if args.generate is None and None in files:
        parser.error('either --requests, --servers and --types or --generate is needed')
    if args.strategic is not None and not 0 <= args.strategic <= 1:
        parser.error('--strategic: it is not in 0..1')
    try:
        mechanisms = clear.chosen(args)
    except exceptions.Invalid as error:
        print(f'flocx-matcher-simulate: {error}', file=sys.stderr)
        return 1
    scene = _scene(args)
    result = {
        'seed': args.seed,
        'distribution': replay.DISTRIBUTION
        if args.generate is None
        else replay.GENERATED,
        'offers': len(scene.offers),
        'requests': len(scene.requests),
        'skipped': scene.skipped,
        'mechanism': args.mechanism,
        'interval': args.interval,
    }
    work = _replayed if args.strategic is None else _learned
    result |= work(args, scene, *mechanisms)
    json.dump(result, sys.stdout, indent=2)
    print()
    return _plotted(args, result)


def _scene(args):
    if args.generate is not None:
        scene = replay.generated(args.generate, args.seed)
    else:
        scene = replay.scene(args.requests, args.servers, args.types, args.seed)
    return dataclasses.replace(scene, requests=scene.requests[: args.first])


def _replayed(args, scene, allocation, pricing):
    """What comes of the market, and of simpler rules."""
    progress = clear.Progress(sys.stderr)
    budget = clear.budget(args)
    market = replay.replay(
        scene, allocation, pricing, budget, args.interval, True, progress
    )
    # Whoever comes first gets the cheapest, at once or never.
    claimed = _of(plugins.PRICINGS, 'second_price', args)
    immediate = _of(plugins.ALLOCATIONS, 'immediate', args)
    first_come = replay.replay(scene, immediate, claimed, budget, 0, False, progress)
    results = {
        args.mechanism: market.report(),
        'first_come_first_served': first_come.report(),
    }
    known = hindsight.of(scene, budget)
    for each in results.values():
        part = decimal.Decimal(each['welfare']) / (known.upper_bound or 1)
        each['part_of_bound'] = round(float(part), 4)
    if scene.recorded:
        results['recorded'] = replay.recorded(scene)
    return {
        'pricing': args.pricing,
        'hindsight': {
            'welfare': money.text(known.reached),
            'upper_bound': money.text(known.upper_bound),
        },
        'results': results,
    }


def _learned(args, scene, allocation, _):
    """What strategy does under each pricing."""
    return {
        'strategic': args.strategic,
        'sides': list(args.sides),
        'pricings': strategic.compare(
            scene,
            allocation,
            {name: _of(plugins.PRICINGS, name, args) for name in args.pricings},
            clear.budget(args),
            args.interval,
            args.strategic,
            args.seed,
            clear.Progress(sys.stderr),
            args.sides,
        ),
    }


def _of(namespace, name, args):
    return plugins.with_parameters(namespace, name, dict(args.parameters))


def _plotted(args, result):
    if not args.plots:
        return 0
    try:
        from matcher import plots
    except ImportError:
        print('--plots needs matplotlib: pip install flocx[plots]', file=sys.stderr)
        return 1
    draw = plots.replay if args.strategic is None else plots.strategic
    draw(result, args.plots)
    return 0


if __name__ == '__main__':
    sys.exit(main())

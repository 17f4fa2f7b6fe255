# SPDX-License-Identifier: Apache-2.0
"""flocx-matcher-simulate: replay real demand, and compare with simpler rules.

    flocx-matcher-simulate --requests requests.csv --servers servers.csv \\
        --types server_types.json --seed 1 > result.json
"""

import argparse
import json
import pathlib
import sys

from flocx import exceptions
from matcher import clear
from matcher import plugins
from matcher import replay


def _parser():
    parser = argparse.ArgumentParser(
        description='Replay requests in the order of their submission.'
    )
    for name in ('requests', 'servers', 'types'):
        parser.add_argument(f'--{name}', type=argparse.FileType(), required=True)
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
    args = _parser().parse_args(argv)
    progress = clear.Progress(sys.stderr)
    try:
        allocation, pricing = clear.chosen(args)
    except exceptions.Invalid as error:
        print(f'flocx-matcher-simulate: {error}', file=sys.stderr)
        return 1
    scene = replay.scene(args.requests, args.servers, args.types, args.seed)
    budget = clear.budget(args)
    market = replay.replay(
        scene, allocation, pricing, budget, args.interval, True, progress
    )
    # Whoever comes first gets the cheapest, at once or never.
    first_come = replay.replay(
        scene,
        plugins.with_parameters(plugins.ALLOCATIONS, 'immediate', {}),
        plugins.with_parameters(
            plugins.PRICINGS, 'k_double_auction', dict(args.parameters)
        ),
        budget,
        0,
        False,
        progress,
    )
    result = {
        'seed': args.seed,
        'distribution': replay.DISTRIBUTION,
        'offers': len(scene.offers),
        'requests': len(scene.requests),
        'skipped': scene.skipped,
        'mechanism': args.mechanism,
        'pricing': args.pricing,
        'interval': args.interval,
        'results': {
            args.mechanism: market.report(),
            'first_come_first_served': first_come.report(),
            'recorded': replay.recorded(scene),
        },
    }
    json.dump(result, sys.stdout, indent=2)
    print()
    return _plotted(args, result)


def _plotted(args, result):
    if not args.plots:
        return 0
    try:
        from matcher import plots
    except ImportError:
        print('--plots needs matplotlib: pip install flocx[plots]', file=sys.stderr)
        return 1
    plots.replay(result, args.plots)
    return 0


if __name__ == '__main__':
    sys.exit(main())

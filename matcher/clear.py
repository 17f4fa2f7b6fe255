# SPDX-License-Identifier: Apache-2.0
"""flocx-matcher-clear: clear a market that is read from standard input.

    flocx-matcher-clear --seconds 10 < market.json > result.json

No database, no messages: for studies and tests. The formats are described in the
documentation of the engine.
"""

import argparse
import json
import sys
import time

from flocx import exceptions
from matcher import marketfile
from matcher import mechanisms
from matcher import plugins


def options(parser):
    """Add what this program and the simulation have in common."""
    parser.add_argument(
        '--mechanism', default='call_auction', help='who gets what (call_auction)'
    )
    parser.add_argument(
        '--pricing', default='second_price', help='what it costs (second_price)'
    )
    parser.add_argument(
        '--parameter',
        action='append',
        type=_parameter,
        default=[],
        metavar='NAME=VALUE',
        dest='parameters',
        help='of the mechanism or the pricing, named as its option in [matcher]; for '
        'k_double_auction seller_share=0.5, the part of the surplus that goes to the '
        'owner. May be repeated',
    )
    parser.add_argument('--seed', type=int, default=1, help='of random choices (1)')
    parser.add_argument(
        '--moves',
        type=int,
        help='how many moves a search makes: the same result on every machine',
    )
    parser.add_argument(
        '--seconds',
        type=float,
        help='how long a search takes at most (10, or with --moves any time)',
    )


def _parameter(text):
    name, equals, value = text.partition('=')
    if not equals:
        raise argparse.ArgumentTypeError(f'{text} is not NAME=VALUE')
    return name, value


def chosen(args):
    """The allocation and the pricing that the options name, with their parameters.

    :raises Invalid: neither has a parameter of that name, or it has no such value.
    """
    parameters = dict(args.parameters)
    both = (plugins.ALLOCATIONS, args.mechanism), (plugins.PRICINGS, args.pricing)
    known = {each.name for one in both for each in plugins.named(*one).PARAMETERS}
    for name in parameters.keys() - known:
        raise exceptions.Invalid(
            f'--parameter {name}: neither {args.mechanism} nor {args.pricing} has it'
        )
    return [plugins.with_parameters(*one, parameters) for one in both]


def budget(args, progress=None):
    """The budget that the options say."""
    seconds = args.seconds
    if seconds is None and args.moves is None:
        seconds = 10.0
    return mechanisms.Budget(
        seconds=seconds, moves=args.moves, seed=args.seed, progress=progress
    )


class Progress:
    """Says on ``stream`` how far a long computation is, about once a second."""

    def __init__(self, stream):
        self._stream, self._next = stream, time.monotonic() + 1

    def __call__(self, stage, part):
        if time.monotonic() >= self._next:
            print(f'{stage}: {part:.0%}', file=self._stream, flush=True)
            self._next = time.monotonic() + 1


def main(argv=None):
    """Entry point of ``flocx-matcher-clear``."""
    parser = argparse.ArgumentParser(
        description='Clear the market that standard input describes.'
    )
    options(parser)
    args = parser.parse_args(argv)
    try:
        market = marketfile.read(json.load(sys.stdin))
        started = time.monotonic()
        allocation, pricing = chosen(args)
        allotment = allocation.allocate(market, budget(args, Progress(sys.stderr)))
        settled = pricing.settle(market, allotment)
        seconds = time.monotonic() - started
        result = marketfile.result(
            market, allocation, pricing, allotment, settled, seconds
        )
    except (exceptions.Invalid, mechanisms.Refused, ValueError) as error:
        print(f'flocx-matcher-clear: {error}', file=sys.stderr)
        return 1
    json.dump(result, sys.stdout, indent=2)
    print()
    return 0


if __name__ == '__main__':
    sys.exit(main())

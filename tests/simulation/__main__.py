# SPDX-License-Identifier: Apache-2.0
"""Run worlds: ``python -m tests.simulation --seeds 1000``, or one ``--seed 17``."""

import argparse
import sys
import time

from tests.simulation import world


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seed', type=int, default=1, help='the (first) seed')
    parser.add_argument('--seeds', type=int, default=1, help='how many')
    parser.add_argument('--trace', action='store_true', help='print all that happens')
    args = parser.parse_args()
    started, failed = time.monotonic(), 0
    for seed in range(args.seed, args.seed + args.seeds):
        lived = world.World(seed)
        wrong = lived.run()
        if args.trace:
            print('\n'.join(lived.tasks.trace))
        if wrong:
            failed += 1
            print(f'seed {seed}:', *wrong[:8], sep='\n    ')
    print(f'{args.seeds} seeds, {failed} failed, {time.monotonic() - started:.1f} s')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())

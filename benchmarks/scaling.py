# SPDX-License-Identifier: Apache-2.0
"""What a deployment of any size needs, from what each part of its work was measured at.

    python -m benchmarks.scaling --deployments 1000 --servers 10000

Nothing is measured here: the costs are those of ``doc/source/admin/performance.rst``,
and what people and services do in a day is assumed and can be changed, see ``--help``.
Prints, as JSON, how many processors each kind of process needs in the busiest hour,
what the database holds, and what three controllers have least left of.
"""

import argparse
import dataclasses
import json

DAY = 86400


@dataclasses.dataclass(frozen=True)
class Cost:
    """Milliseconds of a processor that one request takes of each process."""

    api: float
    database: float
    broker: float = 0


#: Measured on the rig with MariaDB and RabbitMQ, by /proc ("Where the time goes"). Not
#: measured there, and taken from what is most like it: a bid, which costs what an offer
#: does; what a provider reports, a show that writes as much as a claim; and a list of
#: 100, a show with a tenth of what a list of 1,000 takes longer.
COSTS = {
    'show': Cost(5.9, 0.7),
    'list of 100': Cost(5.9 + 6.1, 0.7 + 1.5),
    'offer': Cost(14.6, 2.5, 0.7),
    'bid': Cost(14.6, 2.5, 0.7),
    'claim': Cost(12.9, 2.4, 0.6),
    'report': Cost(5.9, 2.4),
}
#: A bid into an open book of 10,000: the slowest in a hundred, in milliseconds of an
#: engine; and contracts that one engine writes in a second.
BID_OF_ENGINE, CONTRACTS_A_SECOND = 20, 3000
#: Of flocx-market-feed: what it takes to look for events, and of a processor each who
#: waits ("What followers cost").
FEED, FOLLOWER = 0.06, 0.21 / 2000
#: Bytes in SQLite, with indices and events: after 600 of each.
OFFER_BYTES, BID_BYTES, CONTRACT_BYTES = 1130, 640, 2050


def _each(default, means):
    return dataclasses.field(default=default, metadata={'help': means})


@dataclasses.dataclass(frozen=True)
class Workload:
    """What there is, and what happens in a day."""

    deployments: int = _each(1000, 'OpenStack deployments with a provider')
    servers: int = _each(10_000, 'servers of each')
    offers: float = _each(1 / 7, 'offers of a server in a day')
    contracts: float = _each(1 / 3, 'contracts of a server in a day')
    claims: float = _each(0.5, 'share of contracts that are claimed, without a bid')
    bids_per_contract: float = _each(1.5, 'bids for each of the others')
    shows_per_contract: float = _each(20, 'objects that people and programs look at')
    lists_per_contract: float = _each(4, 'lists of 100 that they look at')
    reports_per_contract: float = _each(
        8, 'requests of a provider, until the hand-back'
    )
    followers: float = _each(10, 'who follow the events of a deployment')
    peak: float = _each(4, 'how much more the busiest hour has than the average')
    kept_days: float = _each(365, 'days for which contracts are kept')

    def per_second(self):
        """{what is asked: how often in a second of the busiest hour}."""
        servers = self.deployments * self.servers * self.peak / DAY
        contracts = servers * self.contracts
        return {
            'show': contracts * self.shows_per_contract,
            'list of 100': contracts * self.lists_per_contract,
            'offer': servers * self.offers,
            'bid': contracts * (1 - self.claims) * self.bids_per_contract,
            'claim': contracts * self.claims,
            'report': contracts * self.reports_per_contract,
        }


def needs(workload):
    """{kind of process: processors in the busiest hour}, and gigabytes of database."""
    asked = workload.per_second()

    def processors(part):
        return sum(
            each * getattr(COSTS[name], part) / 1000 for name, each in asked.items()
        )

    followers = workload.deployments * workload.followers
    servers = workload.deployments * workload.servers
    contracts = servers * workload.contracts * workload.kept_days
    size = (
        servers * OFFER_BYTES
        + contracts * CONTRACT_BYTES
        + contracts * (1 - workload.claims) * workload.bids_per_contract * BID_BYTES
    )
    return {
        'api': processors('api'),
        'database': processors('database'),
        'broker': processors('broker'),
        'engine': asked['bid'] * BID_OF_ENGINE / 1000
        + asked['bid'] / workload.bids_per_contract / CONTRACTS_A_SECOND,
        'feed': (FEED if followers else 0) + followers * FOLLOWER,
        'database_gb': size / 1e9,
    }


def shares(needed, processors, disk_gb):
    """{resource: the share that is used} of three controllers.

    One of them is the writer of the database, and one leads the queues; APIs, engines
    and feeds share what is left of all three.
    """
    everywhere = 3 * processors
    spread = needed['api'] + needed['engine'] + needed['feed'] + needed['broker']
    return {
        'processors of all': (spread + needed['database']) / everywhere,
        'processors of the writer': needed['database'] / processors,
        'disk of each': needed['database_gb'] / disk_gb,
    }


def largest(workload, processors, disk_gb):
    """(the most such deployments that three controllers carry, what is full then)."""
    used = shares(needs(workload), processors, disk_gb)
    first = max(used, key=used.get)
    return int(workload.deployments / used[first]), first


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for field in dataclasses.fields(Workload):
        parser.add_argument(
            f'--{field.name.replace("_", "-")}',
            type=type(field.default),
            default=field.default,
            metavar='N',
            help=f'{field.metadata["help"]} (%(default).4g)',
        )
    parser.add_argument('--processors', type=int, default=64, help='of a controller')
    parser.add_argument('--disk-gb', type=int, default=4000, help='of a controller')
    args = vars(parser.parse_args())
    controller = args.pop('processors'), args.pop('disk_gb')
    workload = Workload(**args)
    needed = needs(workload)
    deployments, first = largest(workload, *controller)
    print(
        json.dumps(
            {
                'a_second': {k: round(v, 1) for k, v in workload.per_second().items()},
                'needed': {k: round(v, 2) for k, v in needed.items()},
                'used': {
                    k: round(v, 3) for k, v in shares(needed, *controller).items()
                },
                'deployments_at_most': deployments,
                'full_first': first,
            },
            indent=2,
        )
    )


if __name__ == '__main__':
    main()

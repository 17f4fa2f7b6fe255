# SPDX-License-Identifier: Apache-2.0
"""How far behind the nodes of a cluster are for a reader, and what it costs to wait.

Runs with the rig's Python, which has the driver:
``freshness.py number password node node node``, whose nodes are addresses.
"""

import itertools
import json
import statistics
import sys
import time

import pymysql

#: {way: (whether it reads at another node than it wrote to, wsrep_sync_wait)}
WAYS = {
    'one node': (False, 0),
    'one node, waiting': (False, 1),
    'all nodes': (True, 0),
    'all nodes, waiting': (True, 1),
}


def connect(address, password, wait=0):
    connection = pymysql.connect(
        host=address, user='flocx', password=password, autocommit=True
    )
    run(connection, f'SET SESSION wsrep_sync_wait = {wait}')
    return connection


def run(connection, statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def measure(connections, elsewhere, number):
    """How many reads were behind, and the milliseconds of reads and writes."""
    reads, writes, behind = [], [], 0
    places = itertools.cycle(range(len(connections)))
    for _ in range(number):
        place = next(places) if elsewhere else 0
        writer = connections[place]
        reader = connections[(place + 1) % len(connections)] if elsewhere else writer
        began = time.perf_counter()
        try:
            run(writer, 'UPDATE freshness.it SET generation = generation + 1')
        except pymysql.err.OperationalError:
            # Somebody else wrote the row at another node; they do it again.
            run(writer, 'UPDATE freshness.it SET generation = generation + 1')
        wrote = time.perf_counter()
        ((wanted,),) = run(writer, 'SELECT generation FROM freshness.it')
        asked = time.perf_counter()
        ((found,),) = run(reader, 'SELECT generation FROM freshness.it')
        reads.append(time.perf_counter() - asked)
        writes.append(wrote - began)
        behind += found < wanted
    return {'behind': behind, 'read': spread(reads), 'write': spread(writes)}


def spread(seconds):
    """The median and the 99th percentile, in milliseconds."""
    ordered = sorted(1000 * each for each in seconds)
    late = ordered[int(0.99 * (len(ordered) - 1))]
    return {'median': round(statistics.median(ordered), 2), 'p99': round(late, 2)}


def locks_are_local(connections):
    """Whether a row that is locked at one node can be locked at another, too."""
    first, second = connections[:2]
    for connection in (first, second):
        run(connection, 'BEGIN')
    try:
        for connection in (first, second):
            run(connection, 'SELECT * FROM freshness.it FOR UPDATE NOWAIT')
    except pymysql.err.OperationalError:
        return False
    finally:
        for connection in (first, second):
            run(connection, 'ROLLBACK')
    return True


def main(number, password, *addresses):
    with connect(addresses[0], password) as setting_up:
        run(setting_up, 'CREATE DATABASE IF NOT EXISTS freshness')
        run(
            setting_up,
            'CREATE OR REPLACE TABLE freshness.it '
            '(id INT PRIMARY KEY, generation BIGINT)',
        )
        run(setting_up, 'INSERT INTO freshness.it VALUES (1, 1)')
        time.sleep(1)
        found = {}
        for way, (elsewhere, wait) in WAYS.items():
            connections = [connect(each, password, wait) for each in addresses]
            found[way] = measure(connections, elsewhere, int(number))
        found['locks are local'] = locks_are_local(connections)
        run(setting_up, 'DROP DATABASE freshness')
    print(json.dumps(found, indent=2))


if __name__ == '__main__':
    main(*sys.argv[1:])

# SPDX-License-Identifier: Apache-2.0
"""How long ``openstack market offer list`` takes, beside ``baremetal node list``.

    python -m benchmarks.startup --runs 20

Both commands are started as processes, in turn, and ask services on this machine that
answer at once with an empty list: what is left is their start. Needs
python-ironicclient. Prints JSON: the seconds of each run, their medians, and how much
longer ours takes, of the wall clock and of the processor.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time

import webob
import webob.dec

from tests import fixtures

COMMANDS = {
    'market': ('market', 'offer', 'list', '-f', 'json'),
    'baremetal': ('baremetal', 'node', 'list', '-f', 'json'),
}


@webob.dec.wsgify
def ironic(request):
    """As much of Ironic as a list of no nodes takes."""
    headers = {
        'X-OpenStack-Ironic-API-Version': '1.99',
        'X-OpenStack-Ironic-API-Minimum-Version': '1.1',
        'X-OpenStack-Ironic-API-Maximum-Version': '1.99',
    }
    version = {
        'id': 'v1',
        'status': 'CURRENT',
        'min_version': '1.1',
        'version': '1.99',
        'links': [{'rel': 'self', 'href': f'{request.host_url}/v1/'}],
    }
    documents = {
        '/': {'versions': [version], 'default_version': version},
        '/v1': {'id': 'v1', 'version': version, 'links': version['links']},
        '/v1/nodes': {'nodes': []},
    }
    found = documents.get(request.path.rstrip('/') or '/')
    if found is None:
        return webob.Response(status=404)
    response = webob.Response(json=found)
    response.headers.update(headers)
    return response


def run(command, environment):
    """Seconds that a command took: of the clock, and of the processor."""
    began = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, '-m', 'openstackclient.shell', *command],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if json.loads(done.stdout) != []:
        raise RuntimeError(f'{command} lists something: {done.stdout}')
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, used


def environment(identity, home):
    kept = {name: value for name, value in os.environ.items() if name[:3] != 'OS_'}
    return kept | {
        'HOME': home,
        'OS_AUTH_URL': f'{identity}/v3',
        'OS_USERNAME': 'umbrella-member',
        'OS_PASSWORD': 'umbrella-member',
        'OS_PROJECT_NAME': 'umbrella',
        'OS_USER_DOMAIN_NAME': 'Default',
        'OS_PROJECT_DOMAIN_NAME': 'Default',
    }


def measure(runs):
    times = {name: [] for name in COMMANDS}
    with (
        fixtures.Marketplace() as marketplace,
        fixtures.Served(ironic) as served,
        tempfile.TemporaryDirectory() as home,
    ):
        marketplace.catalog['baremetal'] = served.url
        env = environment(marketplace.identity, home)
        # The first run of each compiles what it imports.
        for number in range(runs + 1):
            for name, command in COMMANDS.items():
                taken = run(command, env)
                if number:
                    times[name].append(taken)
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--runs', type=int, default=10)
    times = measure(parser.parse_args().runs)
    report = {}
    for what, position in (('seconds', 0), ('processor_seconds', 1)):
        taken = {n: [round(t[position], 3) for t in times[n]] for n in COMMANDS}
        medians = {name: statistics.median(each) for name, each in taken.items()}
        report[what] = {
            'runs': taken,
            'median': medians,
            'ratio': round(medians['market'] / medians['baremetal'], 3),
        }
    print(json.dumps(report, indent=2))


if __name__ == '__main__':
    main()

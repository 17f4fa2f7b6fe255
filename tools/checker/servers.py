# SPDX-License-Identifier: Apache-2.0
"""What must hold between the market and the servers in Ironic."""

from tools.checker import database

VERSION = {'X-OpenStack-Ironic-API-Version': '1.65'}
FIELDS = 'uuid,name,lessee,provision_state,power_state,maintenance'
PAGE = 1000

# Before it begins nothing is anybody's; these may have set the lessee already.
EXPLAINS = (
    'created',
    'wait_fulfill',
    'active',
    'wait_end',
    'wait_cancel',
    'error',
)


def read(get):
    """Every node of an Ironic.

    :param get: called with a path, returns the document there.
    """
    found, marker = [], ''
    while True:
        # The marker is ours, as Ironic's own links drop what was asked for.
        page = get(f'/v1/nodes?fields={FIELDS}&limit={PAGE}{marker}')['nodes']
        found += page
        if len(page) < PAGE:
            return found
        marker = f'&marker={page[-1]["uuid"]}'


def violations(market, nodes, now, resting):
    """Every lessee that no contract explains, and contract without its server.

    :param resting: nothing is deployed by anybody but renters, so that all other
        servers have to be clean and available.
    """
    by_uuid = {node['uuid']: node for node in nodes}
    begun = _begun(market, now)
    for node in nodes:
        yield from _unexplained(node, begun.get(node['uuid'], []), resting)
    for uuid, lines in begun.items():
        for line in lines:
            node = by_uuid.get(uuid)
            if line.status == 'active' and not _is_sublet(line, node, lines):
                yield from _missing(line, node, now)


def _begun(market, now):
    """The lines, by server, for which something may be delivered."""
    begun = {}
    for line in market.all_lines:
        if line.resource_type != 'ironic_node' or line.start_time > now:
            continue
        if line.status in EXPLAINS:
            begun.setdefault(line.resource_uuid, []).append(line)
    return begun


def _unexplained(node, lines, resting):
    explained = {line.project_id for line in lines}
    # Whoever has it while it is taken back, it is not a renter.
    taken_back = {'wait_end', 'wait_cancel', 'error'} & {line.status for line in lines}
    if node['lessee'] and node['lessee'] not in explained and not taken_back:
        yield _violation('lessee', node, f'no contract gives it to {node["lessee"]}')
    if resting and not lines and node['provision_state'] != 'available':
        yield _violation('left', node, f'nobody has it: {node["provision_state"]}')


def _is_sublet(line, node, lines):
    """Whether the renter of ``line`` has let another have the server meanwhile."""
    return node is not None and any(
        each.sublet_of == line.uuid and each.project_id == node['lessee']
        for each in lines
    )


def _missing(line, node, now):
    lessee = node and node['lessee']
    if lessee != line.project_id and now < line.end_time:
        yield database.Violation(
            'undelivered', 'line', line.uuid, f'its server has lessee {lessee}'
        )


def _violation(kind, node, detail):
    return database.Violation(kind, 'node', node['uuid'], detail)

# SPDX-License-Identifier: Apache-2.0
"""Find out from Ironic's node history whether demanded clean steps were done. Pure.

An entry of the history is a dictionary with ``event_type``, ``severity`` and ``event``,
as https://docs.openstack.org/api-ref/baremetal/#node-history-nodes has them. Ironic
(``log_step_flow_history`` of its conductor) writes the steps of a cleaning into the
entry of its start where it needs no ramdisk. Where a ramdisk has to be booted first,
there is no entry of the start, and that of the end names no steps: then those count
that were seen of the node while it was cleaned.
"""

import ast
import json

from oslo_utils import strutils

#: How Ironic's history calls the start and the end of a cleaning that somebody has
#: asked for.
STARTED, ENDED = 'manual_cleaning_start', 'manual_cleaning_end'

_STEPS = 'with steps='

#: Steps that Ironic does itself, and leaves out when it names all of them.
_FLOW = {'hold', 'power_off', 'power_on', 'reboot', 'wait'}


def is_proven(entries, demanded, seen):
    """Whether ``entries`` say that the ``demanded`` steps were completed.

    :param entries: of the history of a node, in their order, since it was asked for.
    :param demanded: clean steps, each a dictionary with ``interface`` and ``step``.
    :param seen: whether these were seen under way, and no others; False where others
        were, None where nothing was seen.
    """
    wanted, started = comparable(demanded), None
    for entry in entries:
        if entry['event_type'] == STARTED:
            started = _named(entry)
        elif entry['severity'] == 'ERROR':
            started = None
        elif entry['event_type'] == ENDED:
            done = _named(entry) or (None if seen is False else started)
            if (wanted if not done and seen else done) == wanted:
                return True
            started = None
    return False


def since(entries, uuid):
    """The entries after that of this uuid.

    All, where there is none: it was removed for its age, with all before it.
    """
    uuids = [each['uuid'] for each in entries]
    return entries[uuids.index(uuid) + 1 :] if uuid in uuids else entries


def comparable(steps):
    """What tells steps, as they were asked for, from other ones.

    Ironic adds to each what it knows of it, and hides passwords in its arguments.
    """
    return [
        (step['interface'], step['step'], _text(step.get('args') or {}))
        for step in steps
        if step['step'] not in _FLOW
    ]


def _text(arguments):
    return json.dumps(strutils.mask_dict_password(arguments), sort_keys=True)


def _named(entry):
    """The steps that an entry names, comparable; None where it names none."""
    _, found, text = entry['event'].partition(_STEPS)
    try:
        return comparable(ast.literal_eval(text)) if found else None
    except (ValueError, SyntaxError, LookupError, TypeError):
        # Whatever a later release writes there, it is no proof.
        return None

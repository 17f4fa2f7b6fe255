# SPDX-License-Identifier: Apache-2.0
"""Traces of osprofiler, on from thread to thread and from process to process."""

from osprofiler import initializer
from osprofiler import profiler

# What this process signs its requests with: a message does not bring the key along.
_KEYS = ['']


def enable(conf, service, host):
    """Send what is traced to where ``[profiler]`` says."""
    _KEYS[0] = conf.profiler.hmac_keys.split(',')[0].strip()
    initializer.init_from_conf(
        conf, context={}, project='flocx', service=service, host=host
    )


def here():
    """What another needs to go on with this thread's trace; None if there is none."""
    tracing = profiler.get()
    if not tracing:
        return None
    return {'base_id': tracing.get_base_id(), 'parent_id': tracing.get_id()}


def go_on(trace):
    """Let this thread go on with ``trace``, as ``here`` gives it, or trace nothing."""
    profiler.clean()
    if trace:
        profiler.init(_KEYS[0], **trace)


def part(name):
    """A context in which this thread does the part ``name`` of its trace, if any."""
    return profiler.Trace(name)

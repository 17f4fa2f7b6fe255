# SPDX-License-Identifier: Apache-2.0
"""The cleaning that a site demands of each hand-back. Pure.

Beside the cleaning that Ironic does by itself a site may name steps, or a runbook, for
servers of a resource class. FLOCX asks Ironic for them, and gives no server back before
Ironic's node history says that they were completed.
"""

import dataclasses

from flocx import exceptions

#: The key of the options that stands for every class that has none of its own.
EVERY = '*'


@dataclasses.dataclass(frozen=True, slots=True)
class Demand:
    """Clean steps as ``interface.step``, in order, or the name of a runbook."""

    steps: tuple = ()
    runbook: str | None = None

    @property
    def text(self):
        """As ``cleaned_by`` of offers says it."""
        return f'runbook:{self.runbook}' if self.runbook else ','.join(self.steps)

    @property
    def arguments(self):
        """As Ironic's API takes it with the target ``clean``."""
        if self.runbook:
            return {'runbook': self.runbook}
        return {'clean_steps': self.clean_steps}

    @property
    def clean_steps(self):
        """The steps as Ironic's API has them; none of a runbook, which Ironic knows."""
        pairs = (step.partition('.') for step in self.steps)
        return [{'interface': interface, 'step': step} for interface, _, step in pairs]


def demands(conf):
    """{resource class: Demand} of the options of ``[provider]``.

    :raises Invalid: a class has steps and a runbook, or a step has no interface.
    """
    both = conf.clean_steps.keys() & conf.clean_runbooks.keys()
    if both:
        raise exceptions.Invalid(
            f'[provider] clean_steps and clean_runbooks: {", ".join(sorted(both))} is '
            'in both'
        )
    for name, steps in conf.clean_steps.items():
        if not steps or not all(_is_step(step) for step in steps):
            raise exceptions.Invalid(
                f'[provider] clean_steps: {name}: expected steps like '
                '[deploy.erase_devices,raid.delete_configuration]'
            )
    return {name: Demand(tuple(steps)) for name, steps in conf.clean_steps.items()} | {
        name: Demand(runbook=runbook) for name, runbook in conf.clean_runbooks.items()
    }


def demanded(demands, resource_class):
    """What is demanded of a server of a class, a Demand, or None."""
    return demands.get(resource_class) or demands.get(EVERY)


def _is_step(text):
    interface, dot, step = text.partition('.')
    return bool(interface and dot and step)

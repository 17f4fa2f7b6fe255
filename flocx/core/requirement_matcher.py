# SPDX-License-Identifier: Apache-2.0
"""Which of many servers meet requirements, at a bounded cost.

Bids share requirements and servers share hardware, so each is tried on each once.
"""

from collections.abc import Collection
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Sequence
import json
import math
from typing import Any

from flocx import exceptions
from flocx.core import expressions
from flocx.core import requirements

#: So many steps may be taken to try what a bid asks on all hardware documents, and so
#: many more for each of these. Few servers have sixty disks, which take six hundred.
STEPS_AT_ALL, STEPS_EACH = 100_000, 1_000

#: A RequirementMatcher that remembers so many trials, some hundred megabytes, forgets
#: them.
REMEMBERED = 500_000


class Asked:
    """The triples of a bid, as a RequirementMatcher knows them."""

    def __init__(self, triples: Iterable[Sequence[Any]]) -> None:
        self.triples = [(json.dumps(triple), triple) for triple in triples]


class RequirementMatcher:
    """Says which hardware meets requirements, and tries each of them on each once.

    A hardware document is given as text, one and the same for the same hardware.
    """

    def __init__(self, most_steps: float = math.inf) -> None:
        """Know nothing yet.

        :param most_steps: so many may be taken for all that this one judges; where
            more are needed, it raises Invalid.
        """
        self._trials: dict[tuple[str, str], requirements.Trial] = {}
        self._left = most_steps

    def met(self, asked: Asked, document: str) -> bool:
        """Whether ``document`` meets all that is ``asked``."""
        return requirements.together(self._each(asked, document)).met

    def meeting(self, asked: Asked, documents: Collection[str]) -> frozenset[str]:
        """Those of ``documents`` that meet all that is ``asked``.

        None does where it takes too many steps to find out. Steps are counted that
        were taken earlier, too, so neither the order of documents nor what is already
        known decides.
        """
        left, found = _most_for(documents), set()
        for document in documents:
            met, steps = requirements.together(self._each(asked, document))
            left -= steps
            if left < 0:
                return frozenset()
            if met:
                found.add(document)
        return frozenset(found)

    def each_met(self, asked: Asked, documents: Collection[str]) -> list[list[bool]]:
        """For each document, whether it meets each thing that is ``asked``, alone.

        What is left when there are no more steps to try it counts as not met.
        """
        left, found = _most_for(documents), []
        for document in documents:
            met, steps = [False] * len(asked.triples), 0
            for at, trial in enumerate(self._each(asked, document) if left > 0 else ()):
                steps += trial.steps
                if steps > expressions.MAX_STEPS:
                    break
                met[at] = trial.met
            left -= steps
            found.append(met)
        return found

    def _each(self, asked: Asked, document: str) -> Iterator[requirements.Trial]:
        for text, triple in asked.triples:
            trial = self._trials.get((text, document))
            if trial is None:
                (requirement,) = requirements.parse([triple], requirements.NO_LIMITS)
                trial = requirement.tried_on(json.loads(document))
                if len(self._trials) >= REMEMBERED:
                    self._trials.clear()
                self._trials[text, document] = trial
                self._left -= trial.steps
                if self._left < 0:
                    raise exceptions.Invalid(
                        'requirements: to try them on all hardware takes too long'
                    )
            yield trial


def _most_for(documents: Collection[str]) -> int:
    """How many steps may be taken to try what somebody asks on ``documents``."""
    return STEPS_AT_ALL + STEPS_EACH * len(documents)

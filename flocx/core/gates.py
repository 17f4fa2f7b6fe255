# SPDX-License-Identifier: Apache-2.0
"""What of the API there is since or until a version of it.

Versions are compared as pairs of whole numbers; they are named as text, like ``1.10``.
"""

from collections.abc import Iterable
from collections.abc import Mapping
import dataclasses
from typing import Any

from flocx.core import query

Version = tuple[int, int]


def parsed(text: str) -> Version:
    """The version that ``text`` names."""
    major, minor = text.split('.')
    return int(major), int(minor)


@dataclasses.dataclass(frozen=True)
class Gate:
    """Lets versions by, from ``since`` up to and including ``until``."""

    since: str | None = None
    until: str | None = None

    def lets(self, version: Version) -> bool:
        """Whether there is what it guards at ``version``."""
        return (self.since is None or version >= parsed(self.since)) and (
            self.until is None or version <= parsed(self.until)
        )


@dataclasses.dataclass(frozen=True)
class Gated:
    """Parses a parameter that there is since or until a version."""

    parse: query.Parser
    gate: Gate

    def __call__(self, value: str, field: str) -> Any:
        return self.parse(value, field)


class Choices:
    """Some strings, of which there may be some since a version only."""

    def __init__(self, choices: Iterable[str], **since: str) -> None:
        """Take choices.

        :param since: the version since which there is a choice, by choice.
        """
        self._gates = {str(each): Gate(since.get(str(each))) for each in choices}

    def at(self, version: Version) -> list[str]:
        """Those that there are at ``version``."""
        return [each for each, gate in self._gates.items() if gate.lets(version)]


def gate(thing: object) -> Gate:
    """The Gate of a parameter, a field or an operation."""
    found = getattr(thing, 'gate', None)
    return found if isinstance(found, Gate) else Gate()


def served(parameters: Mapping[str, Any], version: Version) -> dict[str, query.Parser]:
    """{name: what parses it} of the parameters that there are at ``version``."""
    return {
        name: query.one_of(each.at(version)) if isinstance(each, Choices) else each
        for name, each in parameters.items()
        if gate(each).lets(version)
    }

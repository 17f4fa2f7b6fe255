# SPDX-License-Identifier: Apache-2.0
"""Columns side by side, of several series, as ``charts/_columns.html`` draws them."""

import dataclasses

from flocx_dashboard.charts import frame


@dataclasses.dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float
    title: str


@dataclasses.dataclass(frozen=True)
class Series:
    """The bars of one kind; ``number`` is that of its colour."""

    number: int
    name: str
    bars: list
    label_y: float


@dataclasses.dataclass(frozen=True)
class Picture:
    frame: frame.Frame
    series: list

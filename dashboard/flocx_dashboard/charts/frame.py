# SPDX-License-Identifier: Apache-2.0
"""The size of the pictures, and what is around what they show."""

import dataclasses

#: Units of the SVG, which scales with its place on the page.
WIDTH, HEIGHT = 860, 320
LEFT, RIGHT, TOP, BOTTOM = 64, 110, 18, 40
#: About how wide a letter is, and one of a name in a legend, which is bold.
LETTER, BOLD = 6.6, 8


def shortened(text, room, letter=LETTER):
    """``text`` as far as it fits into ``room`` units."""
    most = int(room / letter)
    return text if len(text) <= most else f'{text[: most - 1]}…'


@dataclasses.dataclass(frozen=True)
class Frame:
    """The axes of a picture: marks with their places and texts."""

    x_marks: list
    y_marks: list
    x_title: str
    y_title: str
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM

    @property
    def middle(self):
        return (self.left + self.right) / 2

    @property
    def x_text(self):
        return self.bottom + 18

    @property
    def x_title_at(self):
        return self.height - 4

    @property
    def y_text(self):
        return self.left - 8

    @property
    def y_title_at(self):
        return (self.top + self.bottom) / 2

    @property
    def legend(self):
        return self.right + 10

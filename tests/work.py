# SPDX-License-Identifier: Apache-2.0
"""How much work something is, by a measure that is the same on every machine."""

import contextlib
import sys

import sqlalchemy as sa


@contextlib.contextmanager
def statements(database):
    """The statements that a database executes in the block, a list."""
    found = []

    def listen(connection, cursor, text, *_):
        found.append(text)

    sa.event.listen(database.engine, 'before_cursor_execute', listen)
    try:
        yield found
    finally:
        sa.event.remove(database.engine, 'before_cursor_execute', listen)


def counted(function):
    """(what ``function`` returns, how many functions it has called).

    Those that are written in C count as well, each as one however much it does.
    """
    calls = 0

    def profile(frame, event, argument):
        nonlocal calls
        calls += event in ('call', 'c_call')

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        found = function()
    finally:
        sys.setprofile(before)
    return found, calls

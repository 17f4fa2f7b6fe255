# SPDX-License-Identifier: Apache-2.0
"""Checking what a step shows, and saying what it proves."""

import datetime

from tools.lab import progress
from tools.lab import trouble


def hold(condition, complaint):
    """Stop the tour unless the condition holds."""
    if not condition:
        raise trouble.NotHeld(complaint)


def proves(text):
    progress.say(f'=> {progress.bold(text)}\n')


def now():
    return datetime.datetime.now(datetime.UTC)


def moment(text):
    """A moment as the services write it."""
    return datetime.datetime.fromisoformat(text)


def free_until(offer, end):
    """Whether an offer is free from now, or before, to that end."""
    return any(
        moment(start) <= now() and moment(until) == moment(end)
        for start, until in offer['availabilities']
    )

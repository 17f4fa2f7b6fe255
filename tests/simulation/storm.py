# SPDX-License-Identifier: Apache-2.0
"""All that is left to chance, out of one seed."""

import datetime
import random

#: What may go wrong, and how often where it is common.
FAULTS = {
    'message lost': 0.3,
    'message twice': 0.2,
    'request lost': 0.05,
    'request late': 0.05,
    'request twice': 0.05,
    'answer lost': 0.05,
    'deadlock': 0.05,
    'database away': 0.02,
    'acknowledgement lost': 0.02,
    'ironic 503': 0.1,
    'ironic 409': 0.1,
    'ironic late': 0.05,
    'cleaning fails': 0.1,
    'cleaning hangs': 0.1,
    'crash': 0.3,
    'meddling': 0.3,
}


class Storm:
    """The weather of one seed: some faults are common, some rare, some absent."""

    SECOND = datetime.timedelta(seconds=1)

    def __init__(self, seed):
        self._random = random.Random(seed)
        self.choice, self.below = self._random.choice, self._random.randrange
        # A world without any fault is one that has to work too.
        self.rates = {
            name: often * self._random.choice((0, 0, 0.3, 1))
            for name, often in FAULTS.items()
        }
        self.calm = not self._random.randrange(8)
        self.struck = set()

    def strikes(self, what):
        """Whether this fault happens here and now."""
        if self.calm or self._random.random() >= self.rates[what]:
            return False
        self.struck.add(what)
        return True

    def pick(self, items):
        return self._random.choice(items)

    def toss(self):
        return self.draw() < 0.5

    def draw(self):
        """What ``random.random`` is elsewhere."""
        return self._random.random()

    def weighted(self, weights):
        """One key of {key: weight}."""
        return self._random.choices(list(weights), list(weights.values()))[0]

    def uuid(self):
        """What ``uuid.uuid4`` is elsewhere."""
        return f'{self._random.getrandbits(128):032x}'

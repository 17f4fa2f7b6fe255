# SPDX-License-Identifier: Apache-2.0
"""The parameter ``requirements`` of a list: what hardware is looked for."""

import json

from flocx.core import requirement_matcher
from flocx.core import requirements
from market import conf as market_conf

#: How many steps a request may take; some hundred for each of a thousand sorts of
#: hardware are enough for anybody.
MOST_STEPS = 1_000_000


def suits(conf, special):
    """Whether a hardware document is wanted, as a function; None if any is.

    A document that several offers share is judged once.

    :param special: the parsed parameters of the list, by name.
    :raises Invalid: they are no requirements; the message names the parameter.
    """
    if 'requirements' not in special:
        return None
    triples = special['requirements']
    requirements.parse(triples, market_conf.requirement_limits(conf))
    judge, asked = (
        requirement_matcher.RequirementMatcher(MOST_STEPS),
        requirement_matcher.Asked(triples),
    )
    return lambda document: judge.met(asked, json.dumps(document, sort_keys=True))

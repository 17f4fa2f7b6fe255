# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the rules that all three services share, and asking them."""

import functools
import inspect
import time
import types

from oslo_policy import _checks
from oslo_policy import policy

from flocx import exceptions


@policy.register('project_id')
@policy.register('service_roles')
class _CallerCheck(policy.Check):
    """``project_id:%(project_id)s``: what is known of the caller is what is meant.

    The check that oslo.policy would use parses ``project_id`` as Python at every
    question. Python 3.11 counts the depth of what it parses for all threads together
    (https://github.com/python/cpython/issues/106905), so that two that parse at once
    sometimes end in a SystemError, and their callers would get a 500.
    """

    def __call__(self, target, creds, enforcer, current_rule=None):
        try:
            wanted, known = self.match % target, creds[self.kind]
        except KeyError:
            return False
        return wanted in known if isinstance(known, list) else wanted == known


# oslo.policy inspects what each check takes, anew at every question: a tenth to a fifth
# of a request (benchmarks/routing.py). It never changes. test_policy_files.py tells
# when oslo.policy no longer does.
_checks.inspect = types.SimpleNamespace(
    getfullargspec=functools.lru_cache(maxsize=10_000)(inspect.getfullargspec)
)


ADMIN = 'rule:flocx:admin'
READER = 'rule:flocx:reader'
MEMBER = 'rule:flocx:member'
MANAGER = 'rule:flocx:manager'
SERVICE = 'rule:flocx:service'

#: A rule's target is the owner of the object, never the caller.
SHARED = [
    policy.RuleDefault(
        'flocx:admin', 'role:admin', 'Operates the marketplace; sees all of it.'
    ),
    policy.RuleDefault(
        'flocx:service',
        'role:service',
        "A service's own account, like a provider's.",
    ),
    policy.RuleDefault(
        'flocx:reader',
        'rule:flocx:admin or (role:reader and project_id:%(project_id)s)',
        'Sees what belongs to the project.',
    ),
    policy.RuleDefault(
        'flocx:member',
        'rule:flocx:admin or (role:member and project_id:%(project_id)s)',
        'Trades for the project.',
    ),
    policy.RuleDefault(
        'flocx:manager',
        'rule:flocx:admin or (role:manager and project_id:%(project_id)s)',
        'Hands on what the project has to spend.',
    ),
]


def documented(name, check, description, *operations):
    """A rule that stands beside the operations it guards.

    :param operations: pairs of an HTTP method and a path.
    """
    return policy.DocumentedRuleDefault(
        name=name,
        check_str=check,
        description=description,
        operations=[{'method': method, 'path': path} for method, path in operations],
        scope_types=['project'],
    )


#: For how many seconds the operator's files are not looked for again.
_LOOK = 1


class Policy:
    """The rules of one service, with what its operator changed in them."""

    def __init__(self, conf, rules):
        self._enforcer = policy.Enforcer(conf)
        self._enforcer.register_defaults(SHARED + rules)
        self._look_at = 0

    def _look(self):
        """See whether the operator's files have changed.

        An enforcer looks for them, in all folders of configuration, at every question
        unless it is told not to use them: a tenth to a fifth of a request
        (benchmarks/routing.py).
        """
        now = time.monotonic()
        if now >= self._look_at:
            self._enforcer.use_conf = True
            self._enforcer.load_rules()
            self._enforcer.use_conf = False
            self._look_at = now + _LOOK

    def allows(self, context, rule, target):
        """Whether the caller may do what ``rule`` guards to ``target``."""
        self._look()
        return self._enforcer.authorize(rule, target, context)

    def authorize(self, context, rule, target):
        """Nothing, or Forbidden.

        :param target: ``{'project_id': ...}`` of the object's owner.
        """
        if not self.allows(context, rule, target):
            action = rule.rpartition(':')[2].replace('_', ' ')
            resource_type = rule.split(':')[1]
            raise exceptions.Forbidden(
                f'Your roles in this project do not allow you to {action} '
                f'{resource_type} here ({rule})'
            )

# SPDX-License-Identifier: Apache-2.0
"""Who may do what: the rules that all three services share, and asking them."""

import ast
import inspect
import time

from oslo_policy import _checks
from oslo_policy import policy

from flocx import exceptions

#: The literals that look like names.
_CONSTANTS = ('True', 'False', 'None')


@policy.register(None)
class _Comparison(_checks.GenericCheck):
    """Finds out once whether a rule compares a literal, and not at every question.

    oslo.policy parses the name in ``project_id:%(project_id)s`` each time. Python 3.11
    counts the depth of what it parses for all threads together, so that two that parse
    at once sometimes end in a SystemError, and their callers would get a 500. This
    class stands above all rules, which are parsed where they are written down.
    """

    def __init__(self, kind, match):
        super().__init__(kind, match)
        self._literal, self._path = None, kind.split('.')
        if all(map(str.isidentifier, self._path)) and kind not in _CONSTANTS:
            return
        try:
            self._literal = str(ast.literal_eval(kind))
        except (ValueError, SyntaxError):
            # It is looked for in what is known of the caller, and not found there.
            pass

    def __call__(self, target, creds, enforcer, current_rule=None):
        try:
            match = self.match % target
        except KeyError:
            return False
        if self._literal is not None:
            return match == self._literal
        return self._find_in_dict(creds, self._path, match)


ADMIN = 'rule:flocx:admin'
READER = 'rule:flocx:reader'
MEMBER = 'rule:flocx:member'
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


# At every question oslo.policy inspects what each check in it takes. That is most of
# what a question costs, and Python inspects nothing that has its signature with it.
for _check in (
    policy.AndCheck,
    policy.NotCheck,
    policy.OrCheck,
    _Comparison,
    *policy.Check.__subclasses__(),
):
    _check.__call__.__signature__ = inspect.signature(_check.__call__)

#: For how many seconds the operator's files are not looked at again.
_LOOK = 1


class _Enforcer(policy.Enforcer):
    """Looks whether the files of rules have changed, but not at every question."""

    def __init__(self, conf):
        super().__init__(conf)
        self._looked = None

    def load_rules(self, force_reload=False):
        now = time.monotonic()
        if force_reload or self._looked is None or now - self._looked >= _LOOK:
            super().load_rules(force_reload)
            self._looked = now


class Policy:
    """The rules of one service, with what its operator changed in them."""

    def __init__(self, conf, rules):
        self._enforcer = _Enforcer(conf)
        self._enforcer.register_defaults(SHARED + rules)

    def allows(self, context, rule, target):
        """Whether the caller may do what ``rule`` guards to ``target``."""
        return self._enforcer.authorize(rule, target, context)

    def authorize(self, context, rule, target):
        """Nothing, or Forbidden.

        :param target: ``{'project_id': ...}`` of the object's owner.
        """
        if not self.allows(context, rule, target):
            deed = rule.rpartition(':')[2].replace('_', ' ')
            noun = rule.split(':')[1]
            raise exceptions.Forbidden(
                f'Your roles in this project do not allow you to {deed} {noun} here '
                f'({rule})'
            )

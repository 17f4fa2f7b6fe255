# SPDX-License-Identifier: Apache-2.0
"""The mechanisms by name, as entry points install them, and their options."""

from oslo_config import cfg
from stevedore import driver
from stevedore import extension

from flocx import exceptions

ALLOCATIONS = 'flocx.mechanisms.allocation'
PRICINGS = 'flocx.mechanisms.pricing'

#: The group of the options that are made of the parameters of mechanisms.
GROUP = 'matcher'


def allocation(conf):
    """The allocation that ``[matcher] allocation`` names, with its parameters."""
    return _from_conf(named(ALLOCATIONS, conf.matcher.allocation), conf)


def pricing(conf):
    """The pricing that ``[matcher] pricing`` names, with its parameters."""
    return _from_conf(named(PRICINGS, conf.matcher.pricing), conf)


def with_parameters(namespace, name, parameters):
    """The mechanism ``name`` with some parameters given, the others by default.

    :param parameters: {name: text}; what belongs to other mechanisms is left out.
    :raises Invalid: a text is no value of its parameter.
    """
    kind, conf = named(namespace, name), cfg.ConfigOpts()
    conf.register_opts(options(kind), GROUP)
    for parameter in kind.PARAMETERS:
        if parameter.name in parameters:
            text = parameters[parameter.name]
            try:
                conf.set_override(parameter.name, text, GROUP)
            except ValueError as error:
                raise exceptions.Invalid(
                    f'{parameter.name}: {text} is not valid: {error}'
                ) from None
    conf([], default_config_files=[], default_config_dirs=[])
    return kind.from_conf(conf)


def named(namespace, name):
    """The class of the mechanism ``name``, which may be an older alias.

    :raises NoMatches: (stevedore) no entry point has this name.
    """
    return driver.DriverManager(namespace, name).driver


def installed(namespace):
    """The mechanisms of an entry point, as pairs of name and class, without aliases."""
    manager = extension.ExtensionManager(namespace)
    return sorted(
        (each.name, each.plugin) for each in manager if each.name == each.plugin.NAME
    )


def options(kind):
    """The options that the parameters of the mechanism ``kind``, a class, make."""
    return [
        cfg.Opt(
            parameter.name,
            type=_Type(parameter.parse),
            default=parameter.default,
            help=parameter.help,
            deprecated_name=parameter.deprecated_name,
        )
        for parameter in kind.PARAMETERS
    ]


def all_options():
    """The options of all mechanisms that are installed, for the sample."""
    return [
        option
        for namespace in (ALLOCATIONS, PRICINGS)
        for _, kind in installed(namespace)
        for option in options(kind)
    ]


def _from_conf(kind, conf):
    # Only now, for what is not used need not be imported.
    conf.register_opts(options(kind), GROUP)
    return kind.from_conf(conf)


class _Type:
    """What oslo.config converts and describes an option by."""

    def __init__(self, parse):
        self._parse, self.type_name = parse, f'{parse.__name__} value'

    def __call__(self, value):
        # oslo.config gives a default, which is a value already, here too.
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ArithmeticError as error:
            # What decimal.Decimal raises of a text that is no number.
            raise ValueError(f'{value} is no number') from error

    def __eq__(self, other):
        # An option may be registered twice if it is the same.
        return isinstance(other, _Type) and self._parse == other._parse

    __hash__ = None

    def __repr__(self):
        return self.type_name

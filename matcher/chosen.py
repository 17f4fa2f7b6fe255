# SPDX-License-Identifier: Apache-2.0
"""The mechanisms by name, as entry points install them."""

import decimal

from stevedore import driver
from stevedore import extension

ALLOCATIONS = 'flocx.mechanisms.allocation'
PRICINGS = 'flocx.mechanisms.pricing'


def allocation(name):
    """The allocation that an entry point calls ``name``."""
    return driver.DriverManager(ALLOCATIONS, name, invoke_on_load=True).driver


def pricing(name, k='0.5'):
    """The pricing that an entry point calls ``name``.

    :param k: for the pricing of this name, which part goes to the owner.
    """
    return driver.DriverManager(
        PRICINGS,
        name,
        invoke_on_load=True,
        invoke_kwds={'k': decimal.Decimal(k)} if name == 'k' else {},
    ).driver


def installed(namespace):
    """The mechanisms of an entry point, as pairs of name and class."""
    manager = extension.ExtensionManager(namespace)
    return sorted((each.name, each.plugin) for each in manager)

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


def pricing(name, seller_share='0.5'):
    """The pricing that an entry point calls ``name``.

    :param seller_share: for the k-double auction, which part of the surplus goes to
        the owner: a decimal from 0 to 1.
    """
    return driver.DriverManager(
        PRICINGS,
        name,
        invoke_on_load=True,
        invoke_kwds=(
            {'seller_share': decimal.Decimal(seller_share)}
            if name in ('k', 'k_double_auction')
            else {}
        ),
    ).driver


def installed(namespace):
    """The mechanisms of an entry point, as pairs of name and class, without aliases."""
    manager = extension.ExtensionManager(namespace)
    return sorted(
        (each.name, each.plugin) for each in manager if each.name == each.plugin.NAME
    )


def canonical_name(namespace, name):
    """The name that the mechanism ``name`` has now; ``name`` may be an older alias."""
    return driver.DriverManager(namespace, name).driver.NAME

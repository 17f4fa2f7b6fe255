# SPDX-License-Identifier: Apache-2.0
"""Grants credits to allocations, and takes down what was spent of them.

What was granted the marketplace knows, and is asked each time: a task may be lost, run
twice or at once with another one, and the same is granted.
"""

import collections
import datetime
import decimal
import itertools
import logging

from coldfront.core.allocation import models
from django import conf
import openstack

from flocxclient.sdk import services

#: The attributes of an allocation: which OpenStack project has the budget, and how many
#: credits are in it. Credits have a usage.
PROJECT, CREDITS = 'FLOCX Project ID', 'FLOCX Credits'
ZERO = decimal.Decimal(0)

LOG = logging.getLogger(__name__)


def grant_credits(allocation_pk):
    """Grant an active allocation what it has beyond what was granted for it before.

    Less than that takes nothing back: what is left of it the operator transfers.
    """
    allocation = models.Allocation.objects.get(pk=allocation_pk)
    if allocation.status.name == 'Active':
        _grant(_market(), allocation)


def sync():
    """Grant what is missing, and set the usage of all active allocations. Daily.

    What goes wrong with one of them is logged, and does not keep it from the others.
    """
    market, of_project = _market(), collections.defaultdict(list)
    found = models.Allocation.objects.filter(status__name='Active')
    for allocation in found.order_by('start_date', 'pk'):
        try:
            if _grant(market, allocation) is not None:
                of_project[_text(allocation, PROJECT)].append(allocation)
        except Exception:
            LOG.exception('Allocation %s was not granted its credits', allocation.pk)
    for project, allocations in of_project.items():
        try:
            _set_usage(market, project, allocations)
        except Exception:
            LOG.exception('The usage of project %s is not known', project)


def _market():
    """The marketplace, as the cloud of clouds.yaml that ``FLOCX_CLOUD`` names.

    Its user is an administrator of the marketplace.
    """
    cloud = getattr(conf.settings, 'FLOCX_CLOUD', None)
    return services.market(openstack.connect(cloud=cloud))


def _text(allocation, name):
    found = allocation.allocationattribute_set.filter(
        allocation_attribute_type__name=name
    ).first()
    return found and found.value.strip()


def _wanted(allocation):
    """The credits of an allocation; None where it is no budget.

    :raises ValueError: they are no such number.
    """
    text = _text(allocation, CREDITS)
    if not text or not _text(allocation, PROJECT):
        return None
    try:
        found = decimal.Decimal(text)
    except decimal.InvalidOperation:
        found = ZERO - 1
    if not found.is_finite() or found < 0:
        raise ValueError(f'{CREDITS}: {text} is not a number of credits')
    return found


def _grant(market, allocation):
    """The credits of an allocation, which were granted; None where it is no budget."""
    wanted = _wanted(allocation)
    if wanted is None:
        return None
    project, reason = (
        _text(allocation, PROJECT),
        f'ColdFront allocation {allocation.pk}',
    )
    granted = sum(
        (
            decimal.Decimal(each.amount)
            for each in market.grants(project_id=project, status='any')
            if each.reason == reason
        ),
        ZERO,
    )
    more = (wanted - granted).quantize(
        decimal.Decimal('0.000001'), rounding=decimal.ROUND_DOWN
    )
    if more > 0:
        market.create_grant(
            # Two tasks that have seen the same grants make one and the same of them.
            idempotency_key=f'coldfront-{allocation.pk}-{granted:f}-{more:f}',
            project_id=project,
            amount=f'{more:f}',
            reason=reason,
        )
    return wanted


def _set_usage(market, project, allocations):
    """Take down what ``project`` has spent, the oldest allocation's credits first."""
    spent = _spent(market, project, allocations[0].start_date)
    for place, allocation in enumerate(allocations, 1):
        last = place == len(allocations)
        used = spent if last else min(spent, _wanted(allocation))
        allocation.set_usage(CREDITS, float(used))
        spent -= used


def _spent(market, project, since):
    """The credits that a project has spent since the month of a date."""
    first = f'{since or datetime.date.min:%Y-%m}'
    months = itertools.filterfalse(
        lambda month: month < first,
        (each.month for each in market.statements(project_id=project)),
    )
    return -sum(
        (
            decimal.Decimal(market.get_statement(month, project_id=project).spent)
            for month in months
        ),
        ZERO,
    )

# SPDX-License-Identifier: Apache-2.0
"""Statistics of the market: sums, prices and quotes.

None of these is an object that can be fetched by its uuid.
"""

from openstack import resource

from flocxclient.sdk import resource as flocx_resource


class Depth(flocx_resource.Resource):
    """Supply and demand of one resource class.

    A level is a dictionary of ``price``, ``servers`` and ``server_hours``;
    the best price comes first.
    """

    resource_class = resource.Body('resource_class')
    supply = resource.Body('supply', type=list)
    demand = resource.Body('demand', type=list)


class Price(flocx_resource.Resource):
    """What servers of a class were sold for in an interval of time."""

    resource_class = resource.Body('resource_class')
    #: When the interval begins.
    start_time = resource.Body('start_time')
    min = resource.Body('min')
    median = resource.Body('median')
    max = resource.Body('max')
    #: How many servers were sold.
    #: How many pairs of organisations traded; the figures are of their prices.
    pairs = resource.Body('pairs', type=int)
    fills = resource.Body('fills', type=int)
    server_hours = resource.Body('server_hours')


class Fill(flocx_resource.Resource):
    """A server that was sold in an interval of time; nobody knows to whom."""

    resource_class = resource.Body('resource_class')
    #: When the interval begins.
    start_time = resource.Body('start_time')
    price = resource.Body('price')
    server_hours = resource.Body('server_hours')


class Usage(flocx_resource.Resource):
    """What a project used, as renter, or served, as owner, in a period."""

    project_id = resource.Body('project_id')
    #: ``renter`` or ``owner``.
    role = resource.Body('role')
    #: The period.
    start_time = resource.Body('start_time')
    end_time = resource.Body('end_time')
    server_seconds = resource.Body('server_seconds', type=int)
    server_hours = resource.Body('server_hours')
    #: What was promised and not served, which costs nothing.
    missed_seconds = resource.Body('missed_seconds', type=int)
    missed_hours = resource.Body('missed_hours')
    amount = resource.Body('amount')
    #: One dictionary per server under contract; the amounts add up exactly.
    lines = resource.Body('lines', type=list)


class UsageGroup(flocx_resource.Resource):
    """What was spent or earned on one class, server, project, partner or month."""

    #: ``renter`` or ``owner``.
    role = resource.Body('role')
    #: What it is, under the name of what was grouped by.
    group = resource.Body('group')
    server_seconds = resource.Body('server_seconds', type=int)
    server_hours = resource.Body('server_hours')
    missed_hours = resource.Body('missed_hours')
    amount = resource.Body('amount')


class StatementMonth(flocx_resource.Resource):
    """A month in which something was booked for a project."""

    month = resource.Body('month')
    #: ``closed``: it never changes any more; or ``open``.
    status = resource.Body('status')


class Statement(flocx_resource.Resource):
    """What was booked for a project in a month."""

    month = resource.Body('month')
    project_id = resource.Body('project_id')
    #: ``closed``: it never changes any more; or ``open``.
    status = resource.Body('status')
    #: What the project had, held or not, as the month began and ended.
    opening_balance = resource.Body('opening_balance')
    closing_balance = resource.Body('closing_balance')
    #: Sums of what was booked, below zero where it was taken.
    granted = resource.Body('granted')
    lapsed = resource.Body('lapsed')
    transferred = resource.Body('transferred')
    spent = resource.Body('spent')
    earned = resource.Body('earned')
    #: One dictionary for each transfer.
    lines = resource.Body('lines', type=list)


class Finding(flocx_resource.Resource):
    """What a rule of the audit has found, for people to judge."""

    rule = resource.Body('rule')
    #: Whom it is about: the owner, where two have traded.
    project_id = resource.Body('project_id')
    #: The renter, where two have traded.
    other_project_id = resource.Body('other_project_id')
    resource_class = resource.Body('resource_class')
    #: How often, and of how much time.
    count = resource.Body('count', type=int)
    server_hours = resource.Body('server_hours')
    #: What, in words.
    detail = resource.Body('detail')


class Provider(flocx_resource.Resource):
    """How a service does that hands servers over and takes them back."""

    #: The account that it publishes offers with.
    provider_id = resource.Body('provider_id')
    #: How many servers have an open offer or contract.
    servers = resource.Body('servers', type=int)
    #: How many are under open contracts, and of these are late or in trouble.
    lines = resource.Body('lines', type=int)
    late = resource.Body('late', type=int)
    failed = resource.Body('failed', type=int)
    #: When the next is to be handed over or taken back.
    next_due_time = resource.Body('next_due_time')
    #: When one was last reported to be.
    last_report_time = resource.Body('last_report_time')
    #: When the provider last said that it is at work, and how often it wants to, in
    #: seconds; both None where it never has.
    last_seen_time = resource.Body('last_seen_time')
    report_interval = resource.Body('report_interval', type=int)
    #: Whether it was not heard of for long, and has something open.
    silent = resource.Body('silent', type=bool)


class Property(flocx_resource.Resource):
    """An expression that requirements may use, and what it finds on offer."""

    expression = resource.Body('expression')
    #: ``number`` or ``string``.
    type = resource.Body('type')
    #: How many offers have it.
    offers = resource.Body('offers', type=int)
    #: The least and the greatest number.
    min = resource.Body('min')
    max = resource.Body('max')
    #: The strings, the most frequent first.
    known_values = resource.Body('values', type=list)


class Quote(flocx_resource.Resource):
    """What a bid would get and pay if it were placed now."""

    start_time = resource.Body('start_time')
    end_time = resource.Body('end_time')
    #: A dictionary per server; none if nothing can be had now.
    lines = resource.Body('lines', type=list)
    #: For all the servers and all the time.
    amount = resource.Body('amount')
    #: How many offers the bid could take at some time and price.
    offers = resource.Body('offers', type=int)
    #: How many offers meet each requirement alone.
    requirements = resource.Body('requirements', type=list)
    #: The lowest price that would do at some time, None if none would.
    lowest_ceiling = resource.Body('lowest_ceiling')
    #: Why nothing can be had now.
    reason = resource.Body('reason')
    detail = resource.Body('detail')
    #: Whether interruptible contracts have servers that would do.
    displaceable = resource.Body('displaceable', type=bool)
    #: What starts an hour or a day apart would cost, if that was asked for.
    calendar = resource.Body('calendar', type=list)
    #: The group that all its servers are of, if it asks for one.
    group_value = resource.Body('group_value')
    #: Which alternative it would get, 0 for its own terms, and the answer to each.
    alternative = resource.Body('alternative', type=int)
    alternatives = resource.Body('alternatives', type=list)

# SPDX-License-Identifier: Apache-2.0
"""Servers, wherever they are: one interface, a module for each place.

A place is an entry point in ``flocx.nodes``, a subclass of ``Nodes``.
"""

import abc
import dataclasses
import typing

from stevedore import driver
from stevedore import exception as stevedore_exceptions

from flocx import exceptions

#: The namespace of the entry points.
DRIVERS = 'flocx.nodes'


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A server as Ironic describes it; ``inventory`` is that of the inspection."""

    uuid: str
    name: str | None = None
    owner: str | None = None
    lessee: str | None = None
    resource_class: str | None = None
    properties: dict = dataclasses.field(default_factory=dict)
    traits: tuple = ()
    inventory: dict = dataclasses.field(default_factory=dict)
    provision_state: str = 'available'
    target_provision_state: str | None = None
    power_state: str | None = None
    console_enabled: bool = False
    maintenance: bool = False
    protected: bool = False
    retired: bool = False
    automated_clean: bool | None = None
    #: The node that it is a part of, as a card in a server is.
    parent_node: str | None = None
    #: What it is used for, where somebody has said so; an allocation does, too.
    instance_uuid: str | None = None
    inspection_finished_at: str | None = None
    #: The conductor that works on it now.
    reservation: str | None = None


class Nodes(abc.ABC):
    """What the provider needs of the place where its servers are.

    With a context a method acts as the caller, with their own token; without one
    as the provider itself.
    """

    RESOURCE_TYPE: str

    #: The options of ``[provider]`` that only this kind of place has.
    OPTS: typing.ClassVar[list] = []

    @classmethod
    def register_opts(cls, conf):
        """Register the options of this kind of place."""
        conf.register_opts(cls.OPTS, 'provider')

    @classmethod
    def from_conf(cls, conf, session):
        """The servers that ``conf`` names.

        :param session: keystoneauth session of the provider's own account.
        """
        return cls(conf, session)

    @abc.abstractmethod
    def list(self, context):
        """The nodes that the caller's project owns or leases."""

    @abc.abstractmethod
    def all(self):
        """Every node that the provider's own account sees."""

    @abc.abstractmethod
    def get(self, ident, context=None):
        """The node of this uuid or name.

        :raises NotFound: there is none, or the caller may not see it.
        """

    def parent(self, node):
        """The node that ``node`` is a part of; None without any, or if it is gone."""
        if node.parent_node is None:
            return None
        try:
            return self.get(node.parent_node)
        except exceptions.NotFound:
            return None

    @abc.abstractmethod
    def inventory(self, uuid):
        """What inspection found, ``{}`` where there was none."""

    def with_automatic_lessee(self):
        """The names of nodes that were given a lessee with a deployment."""
        return []

    @abc.abstractmethod
    def leased_to(self, project_id):
        """The nodes with this lessee, with one request, however many there are."""

    @abc.abstractmethod
    def set_lessee(self, uuid, project_id):
        """Make ``project_id`` the lessee of a node; return the node as it is then."""

    @abc.abstractmethod
    def clear_lessee(self, uuid, project_id, back_to=None):
        """Take the node back from ``project_id``.

        Nothing, if it has it no more or the node is not ``available``. Return the node
        as it is then.

        :param back_to: the project that sub-let it, which is its lessee again.
        """

    @abc.abstractmethod
    def own_project(self):
        """The project of the provider's own account."""

    @abc.abstractmethod
    def settings(self, uuid):
        """How the node is, in the form of ``provider.node_settings.of``.

        Its ``lessee`` is read after all else: whoever is lessee then has had the
        rights to change what was read, and nobody who became it later.
        """

    @abc.abstractmethod
    def restore(self, uuid, before):
        """Put back what differs from the settings ``before``.

        Return what differs afterwards, as ``provider.node_settings.differences`` does.

        :raises Conflict, Unavailable: not now.
        :raises Invalid, Forbidden: Ironic does not allow it.
        """

    @abc.abstractmethod
    def prepare_cleaning(self, node):
        """Let the node be undeployed and cleaned: neither protected, nor in
        maintenance, nor retired, nor exempt from cleaning; and, where nothing is
        deployed on it, on no network.

        What of it has to be otherwise, :meth:`restore` puts back.
        """

    @abc.abstractmethod
    def keep_out(self, uuid):
        """Let nobody begin a deployment: put the node into maintenance."""

    @abc.abstractmethod
    def provision(self, uuid, target):
        """Ask for a change of the provision state, as Ironic's API names it.

        It only begins with this: the node is on its way when the call returns.
        """

    @abc.abstractmethod
    def set_resource_class(self, uuid, resource_class):
        """Say of which class a node is."""

    @abc.abstractmethod
    def set_property(self, uuid, name, value):
        """Write one of the properties of a node; None takes it away, if it is there."""

    @abc.abstractmethod
    def clean(self, uuid, demand):
        """Ask for the cleaning that a ``provider.cleaning_demands.Demand`` names.

        Like :meth:`provision` it only begins with this; the node is ``manageable``
        before and afterwards.
        """

    @abc.abstractmethod
    def clean_steps(self, demand):
        """The steps that a Demand comes to, in order, as Ironic's API has them.

        :raises NotFound: there is no runbook of that name.
        """

    @abc.abstractmethod
    def steps_under_way(self, uuid):
        """The clean steps that a node goes through now, ``[]`` where none are known."""

    @abc.abstractmethod
    def history(self, uuid):
        """What happened to a node, in order: entries with ``uuid``, ``event_type``,
        ``severity`` and ``event`` as Ironic has them (``provider.cleaning_history``).
        """

    @abc.abstractmethod
    def detach(self, uuid):
        """Take the node off its networks."""

    @abc.abstractmethod
    def detach_media(self, uuid):
        """Take away virtual media; nothing where the hardware has none."""

    @abc.abstractmethod
    def console_off(self, uuid):
        """Take the console away."""

    def console_on(self, uuid):
        """Ask for the serial console; it may take a moment until it is there.

        :raises Invalid: the node has none, or its driver knows of none.
        """
        raise exceptions.Invalid(f'Node {uuid} has no serial console')

    def console(self, uuid):
        """Where the serial console of a node is, a URL with the scheme ``tcp``.

        None while it is off.

        :raises Invalid: it is of a kind that cannot be passed on.
        """
        return None

    @abc.abstractmethod
    def power_off(self, uuid):
        """Switch the node off."""


def build(conf, session):
    """The servers of the place that ``[provider] nodes`` names.

    :param session: keystoneauth session of the provider's own account.
    :raises Invalid: no such place is installed.
    """
    name = conf.provider.nodes
    try:
        kind = driver.DriverManager(DRIVERS, name).driver
    except stevedore_exceptions.NoMatches:
        raise exceptions.Invalid(
            f'[provider] nodes: no driver {name!r} is installed in {DRIVERS}'
        ) from None
    kind.register_opts(conf)
    return kind.from_conf(conf, session)

# SPDX-License-Identifier: Apache-2.0
"""The provider API."""

from openstack import exceptions

from flocxclient.sdk import console_token as _console_token
from flocxclient.sdk import contract as _contract
from flocxclient.sdk import identifiers
from flocxclient.sdk import node as _node
from flocxclient.sdk import offer as _offer
from flocxclient.sdk import proxy


class Proxy(proxy.Proxy):
    """The caller's own servers, and offering them on the market."""

    def nodes(self, **query):
        return self._list(_node.Node, **query)

    def get_node(self, node):
        return self._fetched(_node.Node, node)

    def create_console_token(self, node, seconds=None):
        """Switch the serial console of a server on that the caller's project rents.

        :param seconds: for how long the token opens sessions; None for the usual time.
        :returns: a ConsoleToken with ``token`` and ``access_url``, where a WebSocket
            client opens the console.
        """
        path = identifiers.path(_node.Node.base_path, self._node(node))
        attrs = {} if seconds is None else {'seconds': seconds}
        document = self._posted(f'{path}/console_tokens', attrs)
        return self._existing(_console_token.ConsoleToken, document)

    def _node(self, node):
        return node if isinstance(node, str) else node.id

    def create_offer(self, idempotency_key=None, **attrs):
        """Publish an offer; the Offer as the market stored it."""
        return self._created(_offer.Offer, '/v1/offers', attrs, idempotency_key)

    def create_offers(self, idempotency_key=None, **attrs):
        """Publish offers of many servers on the same terms.

        :param attrs: as for :meth:`create_offer`, with ``nodes``, a list of uuids
            and names, or ``query``, a dictionary of resource_class, traits,
            requirements and rented, instead of ``resource_uuid``.
        :returns: a dictionary for each server: resource_uuid, name and either
            offer_uuid or error, which has status, code and detail.
        """
        return self._posted('/v1/offers', attrs, idempotency_key)['publications']

    def provide_node(self, node, project_id, idempotency_key=None, **attrs):
        """Give a server to a project, which need not ask for it; the Contract.

        :param attrs: end_time and, each of which may be missing, start_time, name,
            purpose and reclaim_notice, in seconds; and dry_run, with which nothing is
            made and the Contract is what it would be.
        """
        attrs = {'resource_uuid': self._node(node), 'project_id': project_id, **attrs}
        path = _contract.Contract.base_path
        return self._created(_contract.Contract, path, attrs, idempotency_key)

    def withdraw_offer(self, offer):
        """Take an offer off the market.

        :param offer: a uuid or a resource; names are the market's to look up.
        :raises InvalidRequest: it is neither.
        """
        uuid = getattr(offer, 'uuid', offer)
        if not isinstance(uuid, str) or not identifiers.is_uuid(uuid):
            raise exceptions.InvalidRequest(
                f'{uuid!r} is no uuid: "delete_offer" of the market takes a name'
            )
        self._ended(_offer.Offer, uuid)

# SPDX-License-Identifier: Apache-2.0
"""From a caller's wish to an offer on the market, or to many of them."""

from concurrent import futures
import dataclasses
import json

from flocx import exceptions
from flocx.core import requirements
from provider import hardware
from provider import nodes as node_drivers
from provider import ownership
from provider import selection

#: The most servers that one request may offer.
MAX_OFFERS = 1000

#: How long one request to the market gets, in characters of JSON. oslo.middleware
#: refuses what is longer than 114,688 bytes unless its operator allows more.
_REQUEST_LENGTH = 90_000


def publish(
    nodes,
    marketplace,
    context,
    headers=None,
    *,
    resource_uuid,
    resource_type=None,
    **terms,
):
    """Offer a server of the caller's; return the market's offer, JSON.

    :param headers: of the caller's request, for the market's to have too.
    :param resource_uuid: uuid or name of the node.
    :param terms: name, lessee_id, start_time, end_time and price, as JSON.
    :raises NotFound: the caller does not own such a node.
    :raises Conflict: it cannot be offered now, or is offered then already.
    """
    _require_type(nodes, resource_type)
    node = nodes.get(resource_uuid, context)
    rented = marketplace.rented(context, [node]).get(node.uuid)
    ownership.check(node, context.project_id, bool(rented))
    return marketplace.publish(
        context, _offer(nodes, node, terms, sublet_of(rented, terms)), headers
    )


def sublet_of(rented, terms):
    """Of the lines ``rented`` the uuid of that which has the end of an offer.

    None without any. If none has it, the first: the market says what is wrong.
    """
    end = terms['end_time']
    lines = sorted(rented or (), key=lambda line: line['start_time'])
    fit = [line for line in lines if line['start_time'] < end <= line['end_time']]
    return next((line['uuid'] for line in fit or lines), None)


@dataclasses.dataclass(kw_only=True)
class Publication:
    """What became of one server: the uuid of its offer, or the error."""

    identifier: str
    node: node_drivers.Node | None = None
    document: dict | None = None
    rented: list | None = None
    offer_uuid: str | None = None
    error: dict | None = None

    def refuse(self, error):
        self.error = {
            'status': error.status,
            'code': error.code,
            'detail': str(error),
        }

    def plain(self):
        """As JSON."""
        return {
            'resource_uuid': self.node.uuid if self.node else self.identifier,
            'name': self.node.name if self.node else None,
            'offer_uuid': self.offer_uuid,
            'error': self.error,
        }


class Publishing:
    """Offers many servers of a caller's on the same terms."""

    def __init__(self, nodes, marketplace, workers):
        """:param workers: how many servers are read at a time."""
        self._nodes, self._marketplace = nodes, marketplace
        self._workers = workers

    def named(self, context, headers, idents, **terms):
        """Offer the servers of these uuids or names; return a Publication for each.

        :raises Invalid: there are too many.
        """
        selection.require_few('nodes', len(idents), MAX_OFFERS)
        chosen = [
            Publication(identifier=ident, node=node)
            for ident, node in selection.named(self._nodes.list(context), idents)
        ]
        self._check(chosen, context)
        self._describe(chosen)
        return self._publish(context, headers, chosen, terms)

    def alike(self, context, headers, query, **terms):
        """Offer the caller's servers that ``query`` finds.

        :param query: ``resource_class``, ``traits`` and ``requirements``, in the
            match language, and ``rented``, for those that they rent, to sub-let them;
            each of which may be missing.
        :raises Invalid: a requirement makes no sense, or too many are found.
        """
        query = {name: value for name, value in query.items() if value is not None}
        asked = requirements.parse(
            query.pop('requirements', None) or [], field='query.requirements'
        )
        found = selection.alike(self._nodes.list(context), context.project_id, **query)
        chosen = [Publication(identifier=node.uuid, node=node) for node in found]
        if asked:
            self._describe(chosen)
            chosen = [each for each in chosen if _meets(each, asked)]
        selection.require_few('query', len(chosen), MAX_OFFERS)
        self._check(chosen, context)
        self._describe(each for each in chosen if each.document is None)
        return self._publish(context, headers, chosen, terms)

    def _check(self, chosen, context):
        known = [each.node for each in chosen if each.node]
        rented = self._marketplace.rented(context, known)
        for each in chosen:
            each.rented = each.node and rented.get(each.node.uuid)
            _check(each, context)

    def _describe(self, chosen):
        """Read the hardware of those that are still to be offered."""
        left = [each for each in chosen if not each.error]
        if not left:
            return
        with futures.ThreadPoolExecutor(min(self._workers, len(left))) as executor:
            list(executor.map(self._read, left))

    def _read(self, each):
        try:
            each.document = _document(self._nodes, each.node)
        except exceptions.FlocxError as error:
            each.refuse(error)

    def _publish(self, context, headers, chosen, terms):
        _require_type(self._nodes, terms.pop('resource_type', None))
        offers = [
            (each, self._offer_for(each, terms)) for each in chosen if not each.error
        ]
        for part in _parts(offers):
            self._send(context, headers, part)
        return chosen

    def _offer_for(self, each, terms):
        line = sublet_of(each.rented, terms)
        return _terms(self._nodes, each.node, each.document, terms, line)

    def _send(self, context, headers, part):
        try:
            answers = self._marketplace.publish_all(
                context, [offer for _, offer in part], headers
            )
        except exceptions.FlocxError as error:
            # What was said of the parts before this one is worth to be known.
            for each, _ in part:
                each.refuse(error)
            return
        for (each, _), answer in zip(part, answers, strict=True):
            each.offer_uuid, each.error = answer['offer_uuid'], answer['error']


def _check(each, context):
    try:
        if each.node is None:
            raise exceptions.NotFound(f'nodes: {each.identifier} not found')
        ownership.check(each.node, context.project_id, bool(each.rented))
    except exceptions.FlocxError as error:
        each.refuse(error)


def _meets(each, asked):
    # One that could not be read is told of rather than left out.
    return each.error or requirements.met(asked, each.document)


def _parts(offers):
    """``offers`` in stretches that a request can hold."""
    part, length = [], 0
    for each in offers:
        more = len(json.dumps(each[1]))
        if part and length + more > _REQUEST_LENGTH:
            yield part
            part, length = [], 0
        part.append(each)
        length += more
    if part:
        yield part


def _require_type(nodes, resource_type):
    if resource_type not in (None, nodes.RESOURCE_TYPE):
        raise exceptions.Invalid(
            f'resource_type: this provider has {nodes.RESOURCE_TYPE}, '
            f'not {resource_type}'
        )


def _offer(nodes, node, terms, line_uuid):
    return _terms(nodes, node, _document(nodes, node), terms, line_uuid)


def _document(nodes, node):
    return hardware.describe(node, nodes.inventory(node.uuid))


def _terms(nodes, node, document, terms, line_uuid):
    """An offer as the market takes it."""
    return {
        **terms,
        **({'sublet_of': line_uuid} if line_uuid else {}),
        'resource_type': nodes.RESOURCE_TYPE,
        'resource_uuid': node.uuid,
        'resource_class': node.resource_class,
        'properties': document,
    }

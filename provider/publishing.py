# SPDX-License-Identifier: Apache-2.0
"""From a caller's wish to an offer on the market, or to many of them."""

from concurrent import futures
import dataclasses
import functools
import json

from flocx import exceptions
from flocx.core import requirements
from provider import former_owners
from provider import nodes as node_drivers
from provider import offered_hardware
from provider import ownership
from provider import selection

#: The most servers that one request may offer.
MAX_OFFERS = 1000

#: What the market answers where another offer has time of the same server.
_OVERLAP = 'flocx.conflict.overlap'

#: How long one request to the market gets, in characters of JSON. oslo.middleware
#: refuses what is longer than 114,688 bytes unless its operator allows more.
_REQUEST_LENGTH = 90_000


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
    """Offers servers of a caller's, one or many on the same terms."""

    def __init__(self, conf, nodes, marketplace):
        """:param conf: the options of ``[provider]``."""
        self._nodes, self._marketplace = nodes, marketplace
        self._workers = conf.workers
        self._hardware = offered_hardware.OfferedHardware(conf, nodes, marketplace)
        self._former_owners = former_owners.FormerOwners(marketplace)

    def one(self, context, headers=None, *, resource_uuid, resource_type=None, **terms):
        """Offer a server; return the market's offer, JSON.

        :param headers: of the caller's request, for the market's to have too.
        :param resource_uuid: uuid or name of the node.
        :param terms: name, lessee_id, start_time, end_time and price, as JSON.
        :raises NotFound: the caller does not own such a node.
        :raises Conflict: it cannot be offered now, or is offered then already.
        """
        node, offer = self.draft(context, resource_uuid, resource_type, **terms)
        publish = functools.partial(self._marketplace.publish, context, offer, headers)
        return self._send_one(node, publish)

    def give(
        self, context, headers, *, resource_uuid, purpose=None, dry_run=False, **terms
    ):
        """Give a server to a project, without its asking; return the contract, JSON.

        :param dry_run: whether it is only to be shown what the contract would be.
        :param terms: as for :meth:`one`; ``lessee_id`` is that project.
        :raises NotFound: the caller does not own such a node.
        :raises Conflict: it cannot be given now, or is offered then already.
        """
        node, offer = self.draft(context, resource_uuid, **terms)
        give = functools.partial(
            self._marketplace.give, context, offer, purpose, headers, dry_run
        )
        # Whoever only looks ends no offers of former owners.
        return give() if dry_run else self._send_one(node, give)

    def _send_one(self, node, send):
        """What ``send()`` returns; once more, where a former owner was in the way."""
        try:
            return send()
        except exceptions.Conflict as error:
            if error.code != _OVERLAP or not self._former_owners.end([node]):
                raise
        return send()

    def draft(self, context, resource_uuid, resource_type=None, **terms):
        """What :meth:`one` publishes: the node, and the offer as the market takes it.

        :raises NotFound: the caller does not own such a node.
        :raises Conflict: it cannot be offered now.
        """
        _require_type(self._nodes, resource_type)
        each = Publication(
            identifier=resource_uuid, node=self._nodes.get(resource_uuid, context)
        )
        self._read_lines([each], context)
        self._require_own(each, context)
        each.document = self._hardware.describe(each.node)
        return each.node, self._offer_for(each, terms)

    def named(self, context, headers, idents, **terms):
        """Offer the servers of these uuids or names; return a Publication for each.

        :raises Invalid: there are too many.
        """
        selection.require_few('nodes', len(idents), MAX_OFFERS)
        chosen = [
            Publication(identifier=ident, node=node)
            for ident, node in selection.named(self._nodes.list(context), idents)
        ]
        self._read_lines([each for each in chosen if each.node], context)
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
        self._read_lines(chosen, context)
        if asked:
            self._describe(chosen)
            chosen = [each for each in chosen if _meets(each, asked)]
        selection.require_few('query', len(chosen), MAX_OFFERS)
        self._check(chosen, context)
        self._describe(each for each in chosen if each.document is None)
        return self._publish(context, headers, chosen, terms)

    def _check(self, chosen, context):
        for each in chosen:
            try:
                self._require_own(each, context)
            except exceptions.FlocxError as error:
                each.refuse(error)

    def _require_own(self, each, context):
        """Nothing, if the caller may offer the server of ``each``."""
        if each.node is None:
            raise exceptions.NotFound(f'nodes: {each.identifier} not found')
        ownership.check(
            each.node,
            context.project_id,
            bool(each.rented),
            self._nodes.parent(each.node),
        )

    def _read_lines(self, chosen, context):
        """By which lines the caller rents servers; and what class rented ones have.

        A renter may change the class in Ironic. While a server is rented it has that
        with which it was sold.
        """
        rented = self._marketplace.rented(context, [each.node for each in chosen])
        let = [
            each.node.uuid
            for each in chosen
            if each.node.lessee and each.node.uuid not in rented
        ]
        lines = rented | self._marketplace.lines_delivered(let)
        for each in chosen:
            each.rented = rented.get(each.node.uuid)
            for line in lines.get(each.node.uuid, ()):
                each.node = dataclasses.replace(
                    each.node, resource_class=line['resource_class']
                )

    def _describe(self, chosen):
        """Read the hardware of those that are still to be offered."""
        left = [each for each in chosen if not each.error]
        if not left:
            return
        with futures.ThreadPoolExecutor(min(self._workers, len(left))) as executor:
            list(executor.map(self._read, left))

    def _read(self, each):
        try:
            each.document = self._hardware.describe(each.node)
        except exceptions.FlocxError as error:
            each.refuse(error)

    def _publish(self, context, headers, chosen, terms):
        _require_type(self._nodes, terms.pop('resource_type', None))
        if terms.get('block'):
            # With those that are refused, too: without them it is not whole.
            terms.setdefault('block_size', len(chosen))
        offers = [
            (each, self._offer_for(each, terms)) for each in chosen if not each.error
        ]
        for part in _parts(offers):
            self._send(context, headers, part)
        return chosen

    def _offer_for(self, each, terms):
        line = sublet_of(each.rented, terms)
        return {
            **terms,
            **({'sublet_of': line} if line else {}),
            'resource_type': self._nodes.RESOURCE_TYPE,
            'resource_uuid': each.node.uuid,
            **({'resource_name': each.node.name} if each.node.name else {}),
            **{
                name: value
                for name, value in each.document.items()
                if value is not None or name == 'resource_class'
            },
        }

    def _send(self, context, headers, part, again=True):
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
        taken = [
            (each, offer)
            for each, offer in part
            if each.error and each.error['code'] == _OVERLAP
        ]
        nodes = [each.node for each, _ in taken]
        if again and nodes and self._former_owners.end(nodes):
            self._send(context, headers, taken, again=False)


def _meets(each, asked):
    # One that could not be read is told of rather than left out.
    return each.error or requirements.met(asked, each.document['properties'])


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

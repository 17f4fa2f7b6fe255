# SPDX-License-Identifier: Apache-2.0
"""The walk of an offer from its URL to SQL is the one in the architecture page."""

import pathlib
import re
import sys

import sqlalchemy as sa

from tests.functional import base

_ROOT = pathlib.Path(__file__).resolve().parents[2]
_PAGE = _ROOT / 'doc' / 'source' / 'contributor' / 'architecture.rst'
_PACKAGES = ('flocx', 'lease', 'market', 'matcher', 'provider')


def _ours(frame):
    """The frames of our code above ``frame``, the outermost first."""
    found = []
    while frame:
        module = frame.f_globals['__name__']
        if module.split('.')[0] in _PACKAGES:
            found.append(f'{module}.{frame.f_code.co_name}')
        frame = frame.f_back
    return found[::-1]


def _from_url(frames):
    """Those that follow the pipeline, which a request passes before it is routed."""
    return frames[frames.index('flocx.api.expose.handle') :]


class WalkTest(base.MarketplaceTestCase):
    def walk(self, statement, request):
        """The frames at the first statement that begins so, in ``request()``."""
        walks = []

        def listen(connection, cursor, text, *_):
            if text.startswith(statement):
                walks.append(_ours(sys._getframe()))

        engine = self.marketplace.database.engine
        sa.event.listen(engine, 'before_cursor_execute', listen)
        try:
            self.good(request())
        finally:
            sa.event.remove(engine, 'before_cursor_execute', listen)
        return _from_url(walks[0])

    def test_an_offer(self):
        provider = self.at('marketplace', 'acme-member', 'service-service')
        walked = self.walk(
            'INSERT INTO offers',
            lambda: provider.post(
                '/v1/offers',
                {
                    'resource_type': 'dummy_node',
                    'resource_uuid': 'walked',
                    'properties': {},
                    'end_time': self.time(5),
                    'price': '1',
                },
            ),
        )
        section = _PAGE.read_text().partition('From URL to SQL\n')[2]
        block = section.partition('.. code-block:: text\n')[2]
        shown = re.findall(r'^   ([a-z_.]+)  ', block.split('\n\n\n')[0], re.MULTILINE)
        self.assertEqual(shown[: len(walked)], walked)
        self.assertLessEqual(len(walked), 4)

    def test_a_bid_and_a_claim(self):
        renter = self.market('umbrella-member')
        bid = {'end_time': self.time(5), 'price': '1'}
        walked = self.walk('INSERT INTO bids', lambda: renter.post('/v1/bids', bid))
        self.assertLessEqual(len(walked), 4, walked)
        claim = f'/v1/offers/{self.offer()["uuid"]}/claim'
        walked = self.walk('INSERT INTO contracts', lambda: renter.post(claim))
        self.assertLessEqual(len(walked), 4, walked)

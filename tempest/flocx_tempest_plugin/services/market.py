# SPDX-License-Identifier: Apache-2.0
"""The market: offers, bids, contracts, events."""

from flocx_tempest_plugin.services import rest


class MarketClient(rest.Client):
    def list_offers(self, **query):
        return self.show('/v1/offers', **query)['offers']

    def show_offer(self, ident):
        return self.show(f'/v1/offers/{ident}')

    def change_offer(self, ident, **fields):
        return self.change(f'/v1/offers/{ident}', fields)

    def delete_offer(self, ident):
        return self.remove(f'/v1/offers/{ident}')

    def claim_offer(self, ident, **fields):
        return self.create(f'/v1/offers/{ident}/claim', fields)

    def list_bids(self, **query):
        return self.show('/v1/bids', **query)['bids']

    def show_bid(self, ident):
        return self.show(f'/v1/bids/{ident}')

    def create_bid(self, **fields):
        return self.create('/v1/bids', fields)

    def change_bid(self, ident, **fields):
        return self.change(f'/v1/bids/{ident}', fields)

    def delete_bid(self, ident):
        return self.remove(f'/v1/bids/{ident}')

    def list_contracts(self, **query):
        return self.show('/v1/contracts', **query)['contracts']

    def show_contract(self, ident):
        return self.show(f'/v1/contracts/{ident}')

    def change_contract(self, ident, **fields):
        return self.change(f'/v1/contracts/{ident}', fields)

    def release_contract(self, ident):
        return self.remove(f'/v1/contracts/{ident}')

    def quote(self, **fields):
        return self.create('/v1/quotes', fields, expected=200)

    def list_events(self, **query):
        return self.show('/v1/events', **query)['events']

    def show_usage(self, **query):
        return self.show('/v1/usage', **query)

    def show_book(self, **query):
        return self.show('/v1/book', **query)

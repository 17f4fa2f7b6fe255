# SPDX-License-Identifier: Apache-2.0
"""The engine: what it computes with, and what it did."""

from flocx_tempest_plugin.services import rest


class MatcherClient(rest.Client):
    def list_mechanisms(self):
        return self.show('/v1/mechanisms')

    def list_rounds(self, **query):
        return self.show('/v1/rounds', **query)['rounds']

    def run_round(self):
        return self.create('/v1/rounds', expected=(200, 201, 202))

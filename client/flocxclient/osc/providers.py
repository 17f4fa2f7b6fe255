# SPDX-License-Identifier: Apache-2.0
"""The services that hand servers over and take them back."""

from flocxclient.osc import columns
from flocxclient.osc import command


class ListProviders(command.Lister):
    """List how the providers do: what they look after and are late with (admin).

    Late are servers under contract that should have been handed over or taken back
    some minutes ago; failed are those that need somebody to look. A provider that
    is well, and has nothing due, has nothing to report.
    """

    fields = (
        'provider_id',
        'servers',
        'lines',
        'late',
        'failed',
        'next_due_time',
        'last_report_time',
    )
    columns = {
        'provider_id': 'User',
        'next_due_time': 'Time',
        'last_report_time': 'Time',
    }
    _epilog = command.examples(
        'openstack market provider list',
        'openstack market provider list -f value -c "Provider ID" -c Late',
    )

    def take_action(self, parsed_args):
        # What a field is called is too wide for a terminal.
        headings = [each.removesuffix(' Time') for each in columns.labels(self.fields)]
        return headings, [
            self.values(each, self.fields) for each in self.market.providers()
        ]

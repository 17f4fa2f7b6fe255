# SPDX-License-Identifier: Apache-2.0
"""The services that hand servers over and take them back."""

from flocxclient.osc import columns
from flocxclient.osc import command


class ListProviders(command.Lister):
    """List how the providers do: what they look after and are late with (admin).

    Late are servers under contract that should have been handed over or taken back
    some minutes ago; failed are those that need somebody to look. A provider says
    about every minute that it is at work; one that is silent, with servers on offer or
    under contract, has stopped doing so, whether or not anything is due.
    """

    fields = (
        'provider_id',
        'silent',
        'servers',
        'late',
        'failed',
        'next_due_time',
        'last_seen_time',
    )
    #: What programs get, and whoever chooses columns.
    more_fields = ('lines', 'last_report_time', 'report_interval')
    columns = {
        'provider_id': 'User',
        'next_due_time': 'Time',
        'last_report_time': 'Time',
        'last_seen_time': 'Time',
    }
    _epilog = command.examples(
        'openstack market provider list',
        'openstack market provider list -f value -c "Provider ID" -c Late',
    )

    def take_action(self, parsed_args):
        shown = self.fields
        if parsed_args.formatter != 'table' or parsed_args.columns:
            shown += self.more_fields
        # What a field is called is too wide for a terminal.
        headings = [each.removesuffix(' Time') for each in columns.labels(shown)]
        return headings, [self.values(each, shown) for each in self.market.providers()]

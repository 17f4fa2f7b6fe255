# SPDX-License-Identifier: Apache-2.0
"""The help of all commands can be translated, and is where it has been."""

from importlib import metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from osc_lib.command import command

from flocxclient.osc import alternatives
from flocxclient.osc import bids
from flocxclient.osc import offers
from flocxclient.osc import requirements
from flocxclient.osc import times

CLIENT = pathlib.Path(__file__).resolve().parents[2]
# The client's tests are begun in its own folder.
with mock.patch.object(sys, 'path', [str(CLIENT.parent), *sys.path]):
    from tests import pseudo

#: What is typed, in every language.
TYPED = sorted(
    (
        *(times.MOMENTS, times.DURATIONS, requirements.FORMS),
        *(alternatives.FORMS, alternatives.FORMS_OF_PARTS),
        *(', '.join(each.options) for each in (bids.CreateBid, offers.CreateOffer)),
    ),
    key=len,
    reverse=True,
)


def helps():
    """{command: [its description, the help of each of its options]}."""
    found, of_cliff = {}, set()
    for kind in (command.Lister, command.ShowOne):
        bare = type(
            kind.__name__, (kind,), {'take_action': None, '__module__': __name__}
        )
        of_cliff |= {
            each.help for each in bare(mock.Mock(), None).get_parser('')._actions
        }
    for point in metadata.entry_points(group='openstack.market.v1'):
        asked = point.load()(mock.Mock(), None)
        actions = asked.get_parser(point.name)._actions
        texts = [each.help for each in actions if each.help not in of_cliff]
        found[point.name] = [asked.get_description(), *filter(None, texts)]
    return found


class TranslatedTest(unittest.TestCase):
    def test_no_help_is_left_in_english(self):
        with tempfile.TemporaryDirectory() as folder:
            messages = pseudo.messages(CLIENT, CLIENT / 'babel.cfg')
            pseudo.write(messages, folder, 'flocxclient')
            done = subprocess.run(
                [sys.executable, '-W', 'ignore', '-m', __name__],
                env=os.environ
                | {'LANGUAGE': 'de', 'FLOCXCLIENT_LOCALEDIR': folder}
                | {'PYTHONPATH': os.pathsep.join(filter(None, sys.path))},
                capture_output=True,
                text=True,
            )
        self.assertEqual(0, done.returncode, done.stderr)
        helps = json.loads(done.stdout)
        self.assertGreater(len(helps), 50)
        left = {text: name for name, texts in helps.items() for text in texts}
        self.maxDiff = None
        self.assertEqual({}, {text: left[text] for text in filter(english, left)})


def english(text):
    """The words of a text that are in English, but for what is typed."""
    for typed in TYPED:
        text = text.replace(typed.replace('%', '%%'), '').replace(typed, '')
    text = re.sub(r'%\(\w+\)s|\w+_\w+', '', text)
    return re.findall('[A-Za-z]{3,}', text)


if __name__ == '__main__':
    print(json.dumps(helps()))

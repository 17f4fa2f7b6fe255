# SPDX-License-Identifier: Apache-2.0
"""The files on the page about a cluster, as one of its hosts has them."""

import functools
import re
import textwrap

from tools.lab import folder as folders

PAGE = folders.CHECKOUT / 'doc/source/install/cluster.rst'
#: The network and the balancer's address on the page, and the hosts in it.
NETWORK, SHARED = '192.0.2.', '192.0.2.10'
HOSTS = (11, 12, 13)

_FILE = re.compile(
    r'^\.\. code-block:: \w+\n   :caption: (/\S+)\n\n((?:   .*\n|\n)+)', re.MULTILINE
)


@functools.cache
def files(text=None):
    """{path: text} of the files that the page shows.

    :param text: of another page.
    """
    text = PAGE.read_text() if text is None else text
    return {
        path: textwrap.dedent(body).strip() + '\n' for path, body in _FILE.findall(text)
    }


class Page:
    """The files for one network and its passwords.

    :param network: what the hosts' addresses begin with, as ``127.1.2.``.
    :param shared: {port on the page: (host, port)} of what the balancer listens to.
    :param words: what else stands on the page, and here instead.
    """

    def __init__(self, network, shared, words):
        self._network, self._shared, self._words = network, shared, words
        self._files = files()

    def file(self, path, host=None):
        """The text of a file, on the host with that number if it has one."""
        text = self._files[path]
        for port, (address, here) in self._shared.items():
            text = text.replace(f'{SHARED}:{port}', f'{address}:{here}')
        if host is not None:
            text = text.replace('ADDRESS', f'{NETWORK}{host}')
        for word, here in self._words.items():
            text = text.replace(word, here)
        # The port mapper of this machine knows all of them, by different names.
        text = re.sub(rf'\brabbit@{re.escape(NETWORK)}1(\d)', r'rabbit\1@\g<0>', text)
        return text.replace('@rabbit@', '@').replace(NETWORK, self._network)

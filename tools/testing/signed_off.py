# SPDX-License-Identifier: Apache-2.0
"""Whether each commit says that its author may give it.

By the Developer Certificate of Origin 1.1 (https://developercertificate.org): a line
``Signed-off-by:`` with the author's name and address, which ``git commit -s`` adds.
"""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
#: What came before it was asked for.
SINCE = '2a3db6e'
_FIELDS = '%h%x1f%an <%ae>%x1f%(trailers:key=Signed-off-by,valueonly,separator=%x1e)'


def missing(folder=ROOT, since=SINCE):
    """The commits after ``since`` that their author has not signed off, abbreviated.

    :returns: None where the history does not go back as far.
    """
    command = ['git', '-C', folder, 'log', '--no-merges', f'--format={_FIELDS}']
    done = subprocess.run(
        [*command, f'{since}..HEAD'], capture_output=True, text=True, check=False
    )
    if done.returncode:
        return None
    commits = [line.split('\x1f') for line in done.stdout.splitlines() if line]
    return [
        name for name, author, signed in commits if author not in signed.split('\x1e')
    ]


def main():
    found = missing()
    if found is None:
        print(f'Not looked at: {SINCE} is not in the history that is here.')
    elif found:
        print('Not signed off by their authors (git rebase --signoff):', *found)
    return int(bool(found))


if __name__ == '__main__':
    sys.exit(main())

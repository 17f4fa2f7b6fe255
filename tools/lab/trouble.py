# SPDX-License-Identifier: Apache-2.0
"""What can go wrong, said so that the reader knows what to do next."""

import errno


class Trouble(Exception):
    """Something that a person has to repair, with advice on how."""

    def __init__(self, what, advice=''):
        super().__init__(what)
        self.what = what
        self.advice = advice

    def __str__(self):
        return f'{self.what}\n{self.advice}' if self.advice else self.what


class NotHeld(Exception):
    """A step of the tour that did not do what it should."""


def of_os_error(error):
    """The Trouble behind an OSError, which by itself only names a file."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Trouble(
            f'The disk is full: {error}',
            'Free about 1 GB, or choose another disk with --dir.',
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return Trouble(
            f'Not allowed to write there: {error}',
            'Choose a folder of your own with --dir.',
        )
    return Trouble(f'The operating system refused: {error}')


def last_lines(log, number=15, offset=0):
    """The end of a log file after that offset, for a person to read."""
    try:
        text = log.read_bytes()[offset:].decode(errors='replace')
    except OSError:
        return ''
    lines = text.splitlines()
    return '\n'.join(f'    {line[:200]}' for line in lines[-number:])

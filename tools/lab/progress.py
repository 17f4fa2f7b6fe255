# SPDX-License-Identifier: Apache-2.0
"""Telling a waiting person what happens and for how long already."""

import contextlib
import shutil
import sys
import threading
import time

# A terminal shows each second in place; a log file gets a line now and then.
TERMINAL_TICK = 1
LOG_TICK = 10


def say(text=''):
    print(text, flush=True)


def bold(text):
    return f'\033[1m{text}\033[0m' if sys.stdout.isatty() else text


def _newest_line(log):
    """The last full line of a growing log that says what is going on."""
    try:
        with open(log, 'rb') as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - 4096))
            lines = stream.read().decode(errors='replace').split('\n')[:-1]
    except OSError:
        return ''
    told = [line.strip() for line in lines if not line.startswith('WARNING')]
    return next(filter(None, reversed(told)), '')


def _tick(title, log, began, over):
    terminal = sys.stdout.isatty()
    while not over.wait(TERMINAL_TICK if terminal else LOG_TICK):
        seconds = int(time.monotonic() - began)
        line = f'  {title} ... {seconds} s'
        detail = _newest_line(log) if log else ''
        if detail:
            line += f' ({detail})'
        width = shutil.get_terminal_size().columns - 1 if terminal else 110
        if terminal:
            sys.stdout.write(f'\r\033[K{line[:width]}')
            sys.stdout.flush()
        else:
            say(line[:width])


@contextlib.contextmanager
def during(title, log=None):
    """Say what is going on until it is over, and how long it took."""
    began = time.monotonic()
    over = threading.Event()
    ticker = threading.Thread(target=_tick, args=(title, log, began, over))
    ticker.daemon = True
    ticker.start()
    done = 'failed'
    try:
        yield
        done = 'done'
    finally:
        over.set()
        ticker.join()
        erase = '\r\033[K' if sys.stdout.isatty() else ''
        seconds = time.monotonic() - began
        say(f'{erase}  {title} ... {done} in {seconds:.1f} s')

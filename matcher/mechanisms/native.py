# SPDX-License-Identifier: Apache-2.0
"""Functions over arrays of integers, compiled to machine code.

The first call of a process loads what an earlier process compiled from the same
sources (:func:`cache_folder`). Nothing that is compiled holds the GIL.

What is compiled makes no array: it fills those that it is given. So it need not count
who refers to them, which would take most of its time: functions here are given dozens
of arrays in tuples, and every call would count each of them up and down again.

What a loop changes and gives to such a function begins as ``ZERO`` or ``MINUS_ONE``: of
a plain 0 numba first thinks that it stays one, and compiles that function, and all that
it calls, for it as well.
"""

from collections.abc import Callable
import hashlib
import os
import pathlib
import shutil
import typing

import numpy as np
import numpy.typing as npt

try:
    import numba
except ImportError:
    numba = None  # type: ignore[assignment]

#: Whether functions are compiled. Where numba is not installed they are run by Python,
#: which comes to the same and takes far longer; ``NUMBA_DISABLE_JIT`` does likewise.
COMPILES = numba is not None

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Words = npt.NDArray[np.uint64]

#: Integers that are no literals.
ZERO = typing.cast(int, np.int64(0))
MINUS_ONE = typing.cast(int, np.int64(-1))

#: For how many states of the sources a folder is kept: this release, and those before.
_KEPT = 3


def cache_folder(base: pathlib.Path, sources: pathlib.Path) -> pathlib.Path:
    """A folder in ``base`` for what is compiled of the modules in ``sources``.

    It is named by the contents of all of them. numba itself looks for changes in the
    file of a function and in none whose functions that calls, so that some of a former
    release would run on in the next one; and it fails to load what it has kept of a
    release that had a module which is gone.
    """
    digest = hashlib.sha256()
    for path in sorted(sources.rglob('*.py')):
        text = path.read_bytes()
        # The others have nothing that is compiled.
        if b'native' in text:
            digest.update(text)
    folder = base / f'flocx-{digest.hexdigest()[:16]}'
    if not folder.exists():
        former = sorted(base.glob('flocx-*'), key=_changed, reverse=True)
        for each in former[_KEPT - 1 :]:
            shutil.rmtree(each, ignore_errors=True)
    return folder


def _changed(folder: pathlib.Path) -> float:
    try:
        return folder.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _base() -> pathlib.Path:
    """What ``NUMBA_CACHE_DIR`` names, beside this file, or the user's cache folder."""
    if named := getattr(numba.config, 'CACHE_DIR', None):
        return pathlib.Path(named)
    beside = pathlib.Path(__file__).parent
    if os.access(beside, os.W_OK):
        return beside / '__pycache__'
    user = os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache')
    return pathlib.Path(user) / 'numba'


if COMPILES:
    _FOLDER = cache_folder(_base(), pathlib.Path(__file__).parents[1])
    # The options of numba are made when it is imported, of the environment.
    setattr(numba.config, 'CACHE_DIR', str(_FOLDER))  # noqa: B010

_Function = typing.TypeVar('_Function', bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """``function``, compiled when it is first called; it cannot make an array."""
    return _compiled(function, called_from_python=True)


def helper(function: _Function) -> _Function:
    """Likewise, for functions that only compiled functions call.

    Unpacking dozens of arrays from what Python hands over is what takes longest to
    compile, and these need not. Called from Python they end the process: a test looks
    for such calls (``tests/unit/matcher/test_native.py``).
    """
    return _compiled(function, called_from_python=False)


def _compiled(function: _Function, called_from_python: bool) -> _Function:
    if not COMPILES:
        return function
    options: dict[str, typing.Any] = {
        'nogil': True,
        'error_model': 'numpy',
        '_nrt': False,
        # For those who call from C, which nobody does.
        'no_cfunc_wrapper': True,
        'no_cpython_wrapper': not called_from_python,
    }
    try:
        done = numba.njit(cache=True, **options)(function)
    except RuntimeError:
        # No folder can be written to: every process compiles for itself.
        done = numba.njit(**options)(function)
    return typing.cast(_Function, done)


@helper
def uniform(random: Words) -> float:
    """The next number in [0, 1) of a xorshift generator; ``random[0]`` is not 0."""
    word = random[0]
    word ^= word << np.uint64(13)
    word ^= word >> np.uint64(7)
    word ^= word << np.uint64(17)
    random[0] = word
    return float(word >> np.uint64(11)) / 9007199254740992.0


def generator(seed: int) -> Words:
    """The state that ``uniform`` starts from."""
    # A few rounds of mixing, as neighbouring seeds would begin alike.
    word = (seed * 0x9E3779B97F4A7C15 + 0x1D872B41C0FFEE25) & (2**64 - 1)
    for _ in range(3):
        word ^= word >> 31
        word = word * 0xBF58476D1CE4E5B9 & (2**64 - 1)
    return np.array([word or 1], np.uint64)


@compiled
def sort(order: Ints, key: typing.Any, low: int, high: int) -> None:
    """Sort ``order[low:high]`` by ``key[order[n]]``, the least first (a heapsort)."""
    size = high - low
    for top in range(size // 2 - 1, -1, -1):
        _sink(order, key, low, top, size)
    for last in range(size - 1, 0, -1):
        order[low], order[low + last] = order[low + last], order[low]
        _sink(order, key, low, ZERO, last)


@helper
def _sink(order: Ints, key: typing.Any, low: int, top: int, size: int) -> None:
    """Let ``order[low + top]`` sink in the heap of ``size`` that begins at ``low``."""
    while 2 * top + 1 < size:
        child = 2 * top + 1
        if child + 1 < size:
            if key[order[low + child]] < key[order[low + child + 1]]:
                child += 1
        if key[order[low + child]] <= key[order[low + top]]:
            return
        above, below = low + top, low + child
        order[above], order[below] = order[below], order[above]
        top = child

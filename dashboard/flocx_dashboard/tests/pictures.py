# SPDX-License-Identifier: Apache-2.0
"""The pictures of the pages in the documentation, from what the tour has seen.

    tools/test --suite dashboard -- --serial 'test_two_members|test_whatever_theme'
    .test/venv-dashboard/bin/python -m flocx_dashboard.tests.pictures

or ``tox -e pictures``. They are reduced to few colours, which screens have anyway.
"""

import os
import pathlib

from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[3]
SEEN = pathlib.Path(
    os.environ.get('FLOCX_TEST_SCREENSHOTS', ROOT / '.test' / 'screenshots')
)
SHOWN = ROOT / 'doc' / 'source' / 'images'
#: The pictures of the tour by the pages that they show.
PICTURES = {
    **{
        name: f'default-{name}-1280'
        for name in (
            *('overview', 'offers', 'contract', 'prices', 'book', 'timeline'),
            *('calendar', 'rent', 'money'),
        )
    },
    'bid': 'bid',
    'file': 'file',
}
COLOURS = 48


def reduce(source, target):
    """Write a picture of a screen in few colours.

    :raises OSError: there is no such picture.
    """
    with Image.open(source) as picture:
        picture.convert('RGB').quantize(COLOURS, dither=Image.Dither.NONE).save(
            target, optimize=True
        )


def main():
    for name, seen in PICTURES.items():
        target = SHOWN / f'dashboard-{name}.png'
        reduce(SEEN / f'{seen}.png', target)
        print(f'{target.relative_to(ROOT)}: {target.stat().st_size // 1024} kB')


if __name__ == '__main__':
    main()

"""Brings the pictures of the documentation up to date, from those that the browser tests take.

SURVEY_SCREENSHOTS=shots python -m pytest tests/browser/test_all_pages.py
python tests/docs/take_pictures.py shots
"""

import sys
from pathlib import Path

from PIL import Image

sys.path.insert(0, str(Path(__file__).parent))
from documentation_pages import DOCS, pages

_TALLEST = 1500  # px: the foot of a long table shows nothing new
_COLOURS = 64  # flat colours and grey text need no more


def main(taken: Path) -> None:
    for name in sorted({name for page in pages() for name in page.pictures()}):
        with Image.open(taken / name) as picture:
            top = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, _TALLEST)))
        top.quantize(_COLOURS).save(DOCS / "images" / name, optimize=True)
        print(DOCS / "images" / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

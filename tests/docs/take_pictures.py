"""Brings the pictures of the documentation up to date, from those that the browser tests take.

SURVEY_SCREENSHOTS=shots python -m pytest tests/browser/test_all_pages.py
python tests/docs/take_pictures.py shots
"""

import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from documentation_pages import DOCS, pages


def main(taken: Path) -> None:
    for name in sorted({name for page in pages() for name in page.pictures()}):
        shutil.copyfile(taken / name, DOCS / "images" / name)
        print(DOCS / "images" / name)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Draw the app's icons (PNG) from webapp/static/icon.svg, with Debian's Chromium: after the drawing changed.

python tests/browser/draw_icons.py
"""

import re
from pathlib import Path

from playwright.sync_api import sync_playwright

STATIC = Path(__file__).parents[2] / "webapp" / "static"
CHROMIUM = "/usr/bin/chromium"
SAFE = 0.72  # a launcher may cut a maskable icon down to a circle of four fifths of its width


def main() -> None:
    drawing = (STATIC / "icon.svg").read_text(encoding="utf-8")
    sizes = {"icon-192.png": (drawing, 192), "icon-512.png": (drawing, 512)}
    sizes["icon-maskable-512.png"] = (maskable(drawing), 512)
    (STATIC / "icons").mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        for name, (svg, size) in sizes.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(f"<style>body{{margin:0}}svg{{display:block;width:{size}px}}</style>{svg}")
            page.screenshot(path=STATIC / "icons" / name, omit_background=True)
        browser.close()


def maskable(drawing: str) -> str:
    """The ground fills the square, and what is drawn on it keeps clear of the edge."""
    square = re.sub(r' rx="\d+"', "", drawing)
    middle = 16 * (1 - SAFE)
    return re.sub(
        r"(<path.*?/>)", rf'<g transform="translate({middle} {middle}) scale({SAFE})">\1</g>', square
    )


if __name__ == "__main__":
    main()

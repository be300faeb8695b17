"""Windows of the browser: their languages, and what is noted of each."""

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page

LOCALES = {"en": "en-GB", "de": "de-DE"}
HEIGHT = 900
# What the console says of an answer such as 404 to the page itself; tests look at the status instead.
_STATUS = "Failed to load resource: the server responded with a status of"


def watch(page: Page, faults: list[str]) -> None:
    """Note in `faults` what no page may do."""

    def console(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_STATUS):
            faults.append(f"{page.url}: {message.text}")

    def asked(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in {"data", "blob", "about"}:
            return
        if parts.hostname not in {"127.0.0.1", "localhost"}:
            faults.append(f"{page.url} asked another host: {url}")

    page.on("console", console)
    page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
    page.on("request", lambda request: asked(request.url))

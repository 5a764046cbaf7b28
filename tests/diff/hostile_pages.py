"""Pages of hostile notebooks, opened in a real browser that is watched: what ran, what was asked for, what covers what.

The same pages can be made without what protects them, one layer or both: then the watchers have to see something.
"""

import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, NamedTuple

from depository.diff.compare import diff
from depository.diff.page import render
from tests.chromium import Page, opened
from tests.diff.hostile_notebooks import HOSTILE, MARK, changed, pointed
from tests.notebook.shown import notebook

Mode = Literal["as made", "without its policy", "without sanitising", "with neither"]

MODES: tuple[Mode, ...] = ("as made", "without its policy", "without sanitising", "with neither")
TITLE = "what was compared"
ENDLESS = "SVG that draws without end"
"""Where nothing keeps it back a browser draws this for minutes, and answers nobody."""

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_SETTLING = 0.25
"""Seconds for what a page does by itself."""

_PREPARATION = """
window.__refused = 0;
addEventListener('securitypolicyviolation', () => { window.__refused += 1; }, true);
"""

_EVENTS = """
(() => {
  for (const details of document.querySelectorAll('details')) details.open = true;
  const names = 'mouseover pointerover mouseenter focus toggle load error animationstart start click'.split(' ');
  for (const element of document.querySelectorAll('main *, body > :not(header, nav, main) *')) {
    if (element.closest('a, area, summary')) continue;
    for (const name of names) element.dispatchEvent(new Event(name));
  }
})()
"""

_COVERING = """
(() => {
  let found = 0;
  for (const element of document.querySelectorAll('body *')) {
    if (['fixed', 'sticky'].includes(getComputedStyle(element).position) || element.matches(':modal')) found += 1;
  }
  for (let top = 0; top < Math.min(document.documentElement.scrollHeight, 8000); top += innerHeight) {
    scrollTo(0, top);
    for (let y = 3; y < innerHeight; y += 53) {
      for (let x = 3; x < innerWidth; x += 89) {
        const element = document.elementFromPoint(x, y);
        if (!element || element.matches('html, body, main')) continue;
        const place = element.closest('.preview') || element.closest('main > *, body > header, body > nav');
        const box = place && place.getBoundingClientRect();
        if (!box || x < box.left - 1 || x > box.right + 1 || y < box.top - 1 || y > box.bottom + 1) found += 1;
      }
    }
  }
  scrollTo(0, 0);
  return found;
})()
"""

_SHAPE = """
[[...document.body.children].map(element => element.localName).join(' '),
  document.querySelectorAll('main > section').length]
"""

_LINKS = "[...document.querySelectorAll('a, area')].filter(a => !(a.getAttribute('href') || '').startsWith('#'))"


class Seen(NamedTuple):
    """What was seen of one page."""

    scripts: int = 0
    """Signs that a script ran: marks that it left, and dialogs."""
    requests: int = 0
    """Requests for anything but the page and what is in it, but for links that were clicked."""
    covering: int = 0
    """Points at which something lies that belongs elsewhere, and elements that are fixed to the window."""
    misshapen: int = 0
    """1 where elements stand that are none of the page's."""
    links: int = 0
    """Links that were clicked, the page's own left out."""
    followed: int = 0
    """Of these the ones that led to a server, or to a letter."""
    refused: int = 0
    """What the browser would have loaded or run but for the page's policy."""

    @property
    def is_harmless(self) -> bool:
        """Nothing ran, was sent, or is out of its place."""
        return not (self.scripts or self.requests or self.covering or self.misshapen)


class Trap:
    """A server on this computer that counts who asks it."""

    def __init__(self) -> None:
        hits: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.append(self.path)
                # a page that is led here stays where it is
                self.send_response(204)
                self.end_headers()

            do_POST = do_HEAD = do_OPTIONS = do_GET  # noqa: N815 - the names that the handler is asked for

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as the base has it
                pass

        self.hits = hits
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @contextmanager
    def running(self) -> Iterator["Trap"]:
        """The trap, set until the block ends."""
        self._thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()


class Watch:
    """A browser that opens pages, and what it sees of them."""

    def __init__(self, page: Page, trap: Trap) -> None:
        self._page = page
        self._trap = trap
        self._url = ""
        self._loaded = False
        self._clicking = False
        self._scripts = 0
        self._asked: dict[str, str] = {}
        self._followed = 0
        page.on_event = self._happened
        for domain in ("Page", "Network", "Runtime"):
            page.do(f"{domain}.enable")
        page.do("Page.addScriptToEvaluateOnNewDocument", source=_PREPARATION)

    def open(self, file: Path) -> Seen:
        """Open a page, let it do what it does, touch all that is in it, click all its links, and tell what was seen."""
        page = self._page
        self._url, self._loaded, self._scripts, self._followed = file.as_uri(), False, 0, 0
        self._asked.clear()
        hits = len(self._trap.hits)
        page.do("Page.navigate", url=self._url)
        end = time.monotonic() + 20
        while not self._loaded and time.monotonic() < end:
            page.listen(0.02)
        page.listen(_SETTLING)
        covering, shape = page.value(_COVERING), page.value(_SHAPE)
        page.do("Runtime.evaluate", expression=_EVENTS, userGesture=True)
        page.listen(_SETTLING / 2)
        marks = self._marks()
        links = self._click()
        refused = page.value("window.__refused")
        hit = len(self._trap.hits) - hits
        sections = file.read_text(encoding="utf-8", errors="replace").count('<section id="')
        return Seen(
            scripts=self._scripts + max(marks, self._marks()),
            requests=max(len(self._asked), hit),
            covering=int(covering or 0),
            misshapen=int(shape not in ([f"header{nav} main", sections] for nav in ("", " nav"))),
            links=links,
            followed=self._followed,
            refused=refused if isinstance(refused, int) else 0,
        )

    def _marks(self) -> int:
        return int(bool(self._page.value(f"window.__{MARK} === 1 || document.title === '{MARK}'")))

    def _click(self) -> int:
        """Click each link; what a click leads to is stopped on its way, and counted."""
        count = self._page.value(f"{_LINKS}.length")
        count = min(count, 200) if isinstance(count, int) else 0
        if count:
            self._page.do("Fetch.enable", patterns=[{"urlPattern": "*"}])
            self._clicking = True
            for number in range(count):
                click = (
                    f"{_LINKS}[{number}].dispatchEvent(new MouseEvent('click', {{bubbles: true, cancelable: true}}))"
                )
                self._page.do("Runtime.evaluate", expression=click, userGesture=True)
                self._page.listen(_SETTLING / 5)
            self._page.listen(_SETTLING)
            self._clicking = False
            self._page.do("Fetch.disable")
        return count

    def _happened(self, event: str, told: Mapping[str, Any]) -> None:
        match event:
            case "Page.loadEventFired":
                self._loaded = True
            case "Page.javascriptDialogOpening":
                self._scripts += 1
                self._page.tell("Page.handleJavaScriptDialog", accept=False)
            case "Network.requestWillBeSent" | "Network.webSocketCreated":
                self._requested(told["requestId"], told.get("request", told)["url"], told.get("type", ""))
            case "Network.loadingFailed" if told.get("blockedReason") == "csp":
                # it was told of, and did not leave
                self._asked.pop(told["requestId"], None)
            case "Fetch.requestPaused":
                self._page.tell("Fetch.failRequest", requestId=told["requestId"], errorReason="Aborted")

    def _requested(self, number: str, url: str, kind: str) -> None:
        if url.partition("#")[0] == self._url or url.startswith("data:"):
            return
        if self._clicking and kind == "Document" and url.startswith(("http:", "https:", "mailto:")):
            self._followed += 1
        else:
            self._asked[number] = url


@contextmanager
def watching(browser: str, profile: Path, trap: Trap) -> Iterator[Watch]:
    """A browser that is watched, until the block ends."""
    with opened(browser, profile) as page:
        yield Watch(page, trap)


def pages(directory: Path, mode: Mode, trap: Trap, names: Mapping[str, Any] = HOSTILE) -> Iterator[tuple[str, Path]]:
    """Write the pages of hostile notebooks: each against an empty one, and against a changed twin."""
    for number, (name, hostile) in enumerate(names.items()):
        if name == ENDLESS and mode in ("without sanitising", "with neither"):
            continue
        armed = pointed(hostile, trap.address)
        twin = pointed(changed(hostile), trap.address)
        for word, (old, new) in {"alone": (notebook(), armed), "changed": (armed, twin)}.items():
            file = directory / f"{number:02}-{word}.html"
            file.write_text(_page(old, new, mode), encoding="utf-8", errors="surrogatepass")
            yield f"{name}, {word}", file


def _page(old: dict[str, Any], new: dict[str, Any], mode: Mode) -> str:
    compared = diff(old, new, metadata=True, execution_counts=True)
    safe = "".join(render(compared, title=TITLE, old="before", new="after"))
    policy = _POLICY.search(safe)
    assert policy
    match mode:
        case "as made":
            return safe
        case "without its policy":
            return safe.replace(policy[0], "")
        case "without sanitising":
            return _unsafe(old, new, policy[0])
        case "with neither":
            return _unsafe(old, new, "")


def _unsafe(old: dict[str, Any], new: dict[str, Any], policy: str) -> str:
    """What a page would be that believes a notebook."""
    cells = [
        f'<section id="change-{number}"><h2>cell</h2><div>{" ".join(_leaves(cell))}</div></section>'
        for number, cell in enumerate([*old["cells"], *new["cells"], old["metadata"], new["metadata"]])
    ]
    head = f'<meta charset="utf-8">{policy}<title>{TITLE}</title>'
    return f"<!doctype html><html><head>{head}</head><body><header></header><main>{''.join(cells)}</main></body></html>"


def _leaves(value: Any) -> Iterator[str]:
    """All the texts in a value, scripts as such."""
    match value:
        case str():
            yield value[:20_000]
        case list():
            for item in value:
                yield from _leaves(item)
        case dict():
            for name, item in value.items():
                yield from _leaves(name)
                yield from ([f"<script>{item}</script>"] if "javascript" in name else _leaves(item))

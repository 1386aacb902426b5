"""One Chromium for all tests of pages, driven by its DevTools protocol over a pipe: no port, no driver, no network."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

__all__ = ["BROWSER", "Browser", "Tab"]

BROWSER = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome", "chrome")
        if (found := shutil.which(name))
    ),
    None,
)
SECONDS = 60
ON_PIPE = """
import fcntl, os, sys
ends = [fcntl.fcntl(int(end), fcntl.F_DUPFD, 20) for end in sys.argv[1:3]]
for end, place in zip(ends, (3, 4)):
    os.dup2(end, place, inheritable=True)
    os.close(end)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Chromium reads what it is told from descriptor 3, and answers on 4."""


class Browser:
    """A headless Chromium. `tab()` opens a page in a window of its own."""

    def __init__(self, folder: Path) -> None:
        assert BROWSER is not None
        self._folder = folder
        inside, self._out = os.pipe()
        self._in, outside = os.pipe()
        command = [
            sys.executable, "-c", ON_PIPE, str(inside), str(outside), BROWSER, "--headless", "--no-sandbox",
            "--disable-gpu", "--disable-dev-shm-usage", "--disable-extensions", "--disable-background-networking",
            "--force-color-profile=srgb", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}",
            "--remote-debugging-pipe", "about:blank",
        ]  # fmt: skip
        self._process = subprocess.Popen(
            command, pass_fds=(inside, outside), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(inside)
        os.close(outside)
        self._number = 0
        self._rest = b""
        self._messages: deque[dict[str, Any]] = deque()
        self.asked: dict[str, list[str]] = {}
        """What each tab asked for, by its session: the addresses."""

    def close(self) -> None:
        try:
            self.call("Browser.close")
        except (OSError, AssertionError):
            self._process.kill()
        self._process.wait(SECONDS)
        os.close(self._in)
        os.close(self._out)

    @contextmanager
    def tab(self, page: str, fragment: str = "", **look: Any) -> Iterator[Tab]:
        """A page in a tab of its own, loaded."""
        self._number += 1
        file = self._folder / f"page-{self._number}.html"
        file.write_text(page, "utf-8")
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, session)
        try:
            tab.load(f"{file.as_uri()}{fragment}", **look)
            yield tab
        finally:
            self.call("Target.closeTarget", targetId=target)
            file.unlink()

    def call(self, method: str, session: str | None = None, **given: Any) -> Any:
        """What the browser answers to one command; events meanwhile are kept for `until`."""
        self._number += 1
        told = {"id": self._number, "method": method, "params": given}
        if session is not None:
            told["sessionId"] = session
        os.write(self._out, json.dumps(told).encode() + b"\0")
        end = time.monotonic() + SECONDS
        while True:
            message = self._read(end)
            if message.get("id") == self._number:
                assert "error" not in message, (method, message["error"])
                return message["result"]
            self._messages.append(message)

    def until(self, event: str, session: str) -> dict[str, Any]:
        """The next such event of a session."""
        end = time.monotonic() + SECONDS
        while True:
            message = self._messages.popleft() if self._messages else self._read(end)
            if message.get("method") == event and message.get("sessionId") == session:
                found: dict[str, Any] = message["params"]
                return found

    def _read(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            more = os.read(self._in, 1 << 20)
            assert more, "the browser is gone"
            self._rest += more
        text, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(text)
        if found.get("method") == "Network.requestWillBeSent":
            self.asked.setdefault(found["sessionId"], []).append(found["params"]["request"]["url"])
        return found


class Tab:
    """One loaded page: scripts run in it, whatever the page's policy lets in of its own."""

    def __init__(self, browser: Browser, session: str) -> None:
        self._browser, self._session = browser, session

    def call(self, method: str, **given: Any) -> Any:
        return self._browser.call(method, self._session, **given)

    def look(self, width: int = 1280, height: int = 900, *, dark: bool = False, media: str = "") -> None:
        """The size of the window, light or dark, screen or print."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media=media, features=[scheme])

    def load(self, address: str, **look: Any) -> None:
        self.look(**look)
        self.call("Page.enable")
        self.call("Network.enable")
        self.call("Page.navigate", url=address)
        self._browser.until("Page.loadEventFired", self._session)

    def run(self, script: str) -> Any:
        """What a script gives back: the body of an asynchronous function that has the helpers of `DRIVE`."""
        told = f"(async () => {{{DRIVE}\n{script}\n}})()"
        answer = self.call("Runtime.evaluate", expression=told, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    @property
    def asked(self) -> list[str]:
        """The addresses that the page asked for, its own the first."""
        return self._browser.asked.get(self._session, [])

    @property
    def dom(self) -> str:
        """The page as it stands now."""
        return str(self.run("return document.documentElement.outerHTML"))

    def picture(self) -> bytes:
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12_000), "scale": 1}
        shot = self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)
        return base64.b64decode(shot["data"])

    def pdf(self) -> bytes:
        """The page as it prints."""
        return base64.b64decode(
            self.call("Page.printToPDF", preferCSSPageSize=True, printBackground=False)["data"]
        )


DRIVE = """
const $ = (query) => document.querySelector(query);
const $$ = (query) => [...document.querySelectorAll(query)];
const texts = (query) => $$(query).map((found) => found.textContent);
const press = (target, key) => target.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const wait = (time) => new Promise((done) => setTimeout(done, time));
"""

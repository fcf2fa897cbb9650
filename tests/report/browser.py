"""A headless Chromium to open pages in, spoken to by the WebDriver protocol; no package needed."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import subprocess
import time

FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1280,1800",
]


def missing() -> str:
    """What is not installed, in a word; empty where all is there."""
    if not (shutil.which("chromium") or shutil.which("chrome")):
        return "needs Chromium: apt-get install chromium chromium-driver"
    return "" if shutil.which("chromedriver") else "needs chromedriver: apt-get install it"


class Browser:
    """One window; a context that ends it."""

    def __init__(self, profile, dark=False):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.driver = subprocess.Popen(
            [shutil.which("chromedriver"), f"--port={self.port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
        self.session = ""
        wanted = {
            "browserName": "chrome",
            "goog:chromeOptions": {"args": [*FLAGS, scheme, f"--user-data-dir={profile}"],
                                   "binary": shutil.which("chromium") or shutil.which("chrome")},
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }  # fmt: skip
        for _ in range(100):
            try:
                made = self.call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
                break
            except ConnectionError:
                time.sleep(0.1)
        self.session = f"/session/{made['sessionId']}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", self.session)
        finally:
            self.driver.terminate()
            self.driver.wait(10)

    def call(self, method, path, body=None):
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        link.request(method, path, None if method == "GET" else json.dumps(body or {}))
        value = json.loads(link.getresponse().read())["value"]
        link.close()
        if isinstance(value, dict) and "error" in value:
            raise AssertionError(value["message"])
        return value

    def open(self, path):
        self.call("POST", f"{self.session}/url", {"url": path.as_uri()})

    def run(self, script, *args):
        """What a script returns; our own word, past the page's policy."""
        return self.call("POST", f"{self.session}/execute/sync",
                         {"script": script, "args": list(args)})  # fmt: skip

    def settle(self):
        """Until what was asked to be drawn is drawn."""
        frame = "await new Promise(requestAnimationFrame);"
        self.run(f"return (async () => {{ {frame} {frame} }})()")

    def point(self, x, y, click=False):
        """Move the mouse to a place of the window, and press."""
        acts = [{"type": "pointerMove", "x": int(x), "y": int(y), "duration": 0}]
        if click:
            acts += [{"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]
        mouse = {"type": "pointer", "id": "mouse", "actions": acts,
                 "parameters": {"pointerType": "mouse"}}  # fmt: skip
        self.call("POST", f"{self.session}/actions", {"actions": [mouse]})

    def log(self, kind):
        return self.call("POST", f"{self.session}/se/log", {"type": kind})

    def requests(self):
        """The addresses that pages from files asked for, themselves among them; the browser's own
        first page does not count."""
        found = [json.loads(entry["message"])["message"] for entry in self.log("performance")]
        sent = [m["params"] for m in found if m["method"] == "Network.requestWillBeSent"]
        return [p["request"]["url"] for p in sent if not p["documentURL"].startswith("chrome:")]

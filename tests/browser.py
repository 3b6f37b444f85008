"""A headless Chromium, driven by the DevTools protocol over a pipe: no port, no driver program, no package."""

import base64
import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path


def find_chromium():
    """The path of a Chromium or Chrome; None if there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    return None


class Browser:
    def __init__(self, program):
        self.home = tempfile.mkdtemp(prefix="mambasynth-chromium-")
        to_browser, self.output = os.pipe()
        self.input, from_browser = os.pipe()

        def take_pipes():  # Chromium reads descriptor 3 and writes to 4
            first, second = os.dup(to_browser), os.dup(from_browser)
            os.dup2(first, 3)
            os.dup2(second, 4)

        self.process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--hide-scrollbars", f"--user-data-dir={self.home}", "--remote-debugging-pipe", "about:blank"],
            preexec_fn=take_pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env=os.environ | {"HOME": self.home})
        os.close(to_browser)
        os.close(from_browser)
        self.buffer = b""
        self.number = 0
        self.events = []

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        os.close(self.output)
        os.close(self.input)
        shutil.rmtree(self.home, ignore_errors=True)

    def _message(self):
        while b"\0" not in self.buffer:
            piece = os.read(self.input, 1 << 16)
            assert piece, "Chromium closed its pipe"
            self.buffer += piece
        text, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, session=None, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.output, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") == self.number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            self.events.append(answer)

    def open(self, address, **settings):
        return Page(self, address, **settings)


class Page:
    """A page that has loaded. `requests`: the addresses that it fetched, its own included; `problems`: what its console
    and its code complained of."""

    def __init__(self, browser, address, width=1400, height=1000, dark=False, javascript=True):
        self.browser = browser
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 600)
        self.media("screen", dark)
        if not javascript:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        self.call("Page.navigate", url=address)
        self.wait_for("Page.loadEventFired")

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def named(self, method):
        return [event["params"] for event in self.browser.events
                if event.get("sessionId") == self.session and event["method"] == method]

    def wait_for(self, method, seconds=60):
        end = time.monotonic() + seconds
        while not self.named(method):
            assert time.monotonic() < end, f"no {method}"
            self.call("Runtime.getIsolateId")  # reads what has come in
            time.sleep(0.02)
        return self.named(method)

    def media(self, media, dark=False):
        self.call("Emulation.setEmulatedMedia", media=media,
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def evaluate(self, expression):
        """The value of a JavaScript expression; promises are awaited."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def press(self, key, code):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                      text="\r" if key == "Enter" and kind == "keyDown" else "")

    @property
    def requests(self):
        return [event["request"]["url"] for event in self.named("Network.requestWillBeSent")]

    @property
    def problems(self):
        self.call("Runtime.getIsolateId")
        logged = [event["entry"]["text"] for event in self.named("Log.entryAdded")
                  if event["entry"]["level"] in ("error", "warning")]
        thrown = [event["exceptionDetails"]["text"] for event in self.named("Runtime.exceptionThrown")]
        said = [event["args"] for event in self.named("Runtime.consoleAPICalled")
                if event["type"] in ("error", "warning")]
        return logged + thrown + said

    def screenshot(self, file, full=True):
        Path(file).write_bytes(base64.b64decode(
            self.call("Page.captureScreenshot", format="png", captureBeyondViewport=full)["data"]))

    def pdf(self, file, width=8.27, height=11.69):
        self.media("print")
        printed = self.call("Page.printToPDF", printBackground=False, paperWidth=width, paperHeight=height)
        Path(file).write_bytes(base64.b64decode(printed["data"]))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)

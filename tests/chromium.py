"""A real browser, driven over DevTools' pipe: https://chromedevtools.github.io/devtools-protocol/."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from queue import Empty, Queue
from typing import Any, Self

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser")
TIMEOUT_SECONDS = 60
# https://developer.mozilla.org/docs/Web/API/KeyboardEvent/keyCode
_KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), " ": (32, " ")}

# What moves comes to its end; what moves for ever stands where it begins.
_REST = """Promise.all(document.getAnimations().map(one => {
  if (one.effect.getComputedTiming().iterations !== Infinity) return one.finished.catch(() => null);
  one.pause();
  one.currentTime = 0;
}))"""


class Browser:
    """A headless Chromium with one page.

    Args:
        profile: Where it may write.
        *options: Of its command.
    """

    def __init__(self, profile: Path, *options: str) -> None:
        their_read, self._to = os.pipe()
        self._from, their_write = os.pipe()
        assert PROGRAM is not None
        command = [PROGRAM, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run"]
        command += ["--disable-dev-shm-usage", f"--user-data-dir={profile}", *options]
        # Chromium reads commands from descriptor 3 and writes to 4.
        shell = 'exec 3<&"$0" 4>&"$1"; shift 1; exec "$@" --remote-debugging-pipe'
        self._process = subprocess.Popen(
            ["bash", "-c", shell, str(their_read), str(their_write), *command],
            pass_fds=(their_read, their_write),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(their_read)
        os.close(their_write)
        self._messages: Queue[dict[str, Any]] = Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._last_id = 0
        self._session: str | None = None
        page = self._call("Target.createTarget", url="about:blank")["targetId"]
        attached = self._call("Target.attachToTarget", targetId=page, flatten=True)
        self._session = attached["sessionId"]
        self.complaints: list[str] = []
        """What pages have written to the console, thrown, or were not let do."""
        self.requested: list[str] = []
        """The URLs that pages have asked for."""
        for domain in ("Runtime", "Log", "Network", "DOM", "Page"):
            self._call(f"{domain}.enable")

    def forget(self) -> None:
        """Complain of, and count, only what comes from now on."""
        self.run("null")
        self.complaints.clear()
        self.requested.clear()

    def open(self, url: str) -> None:
        """Go to an address, and wait until what is there is loaded."""
        self._call("Page.navigate", url=url)
        self.wait_for(f"location.href.startsWith({url!r}) && document.readyState == 'complete'")

    def run(self, script: str) -> Any:
        """Evaluate JavaScript in the page, and wait for its promise."""
        answer = self._call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def choose_file(self, selector: str, *files: Path) -> None:
        """Choose files in an input of the page, as a person does in the dialogue."""
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        found = self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._call("DOM.setFileInputFiles", nodeId=found, files=[str(file) for file in files])

    def press(self, *keys: str) -> None:
        """Press keys one after the other, by their names or as characters."""
        for key in keys:
            code, text = _KEYS.get(key, (0, key))
            pressed = {"key": key, "windowsVirtualKeyCode": code, "text": text}
            self._call("Input.dispatchKeyEvent", type="keyDown", **pressed)
            self._call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def drop(self, selector: str, *files: Path) -> None:
        """Drag files or folders over an element, and let go."""
        x, y = self.run(
            f"(({{x, y, width, height}}) => [x + width / 2, y + Math.min(height / 2, 200)])"
            f"(document.querySelector({selector!r}).getBoundingClientRect())"
        )
        data = {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1}
        for event in ("dragEnter", "dragOver", "drop"):
            self._call("Input.dispatchDragEvent", type=event, x=x, y=y, data=data)

    def save_downloads_in(self, folder: Path) -> None:
        """Where downloads go from now on."""
        self._call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))

    def slow_down(
        self, *, upload_bytes_per_second: int = -1, latency_milliseconds: int = 0
    ) -> None:
        """Make the network slow, or as fast as it is."""
        self._call(
            "Network.emulateNetworkConditions",
            offline=False,
            latency=latency_milliseconds,
            downloadThroughput=-1,
            uploadThroughput=upload_bytes_per_second,
        )

    def look(self, width: int, *, height: int = 900, dark: bool = False) -> None:
        """Be a screen of this size, with light or dark colours, from now on."""
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self._call("Emulation.setEmulatedMedia", features=scheme)
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)

    def screenshot(self, file: Path, width: int, *, height: int = 900, dark: bool = False) -> None:
        """Write the page as a person sees it at a width, to its end."""
        self.look(width, height=height, dark=dark)
        shot = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def picture(self) -> bytes:
        """What the screen shows now, as a PNG."""
        self.run("new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        self.run(_REST)
        return base64.b64decode(self._call("Page.captureScreenshot")["data"])

    def print_to_pdf(self) -> bytes:
        """The page as a printer gets it."""
        return base64.b64decode(self._call("Page.printToPDF", preferCSSPageSize=True)["data"])

    def wait_for(self, condition: str) -> Any:
        """Wait until an expression is true, and return its value."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while not (value := self.run(condition)):
            assert time.monotonic() < end, condition
            time.sleep(0.1)
        return value

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._last_id += 1
        message = {"id": self._last_id, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            try:
                answer = self._messages.get(timeout=TIMEOUT_SECONDS)
            except Empty:
                raise AssertionError(f"no answer to {method}") from None
            if "method" in answer:
                self._note(answer["method"], answer["params"])
            elif answer.get("id") == self._last_id:
                assert "error" not in answer, answer
                result: dict[str, Any] = answer["result"]
                return result

    def _note(self, event: str, said: dict[str, Any]) -> None:
        match event:
            case "Network.requestWillBeSent":
                self.requested.append(said["request"]["url"])
            case "Runtime.consoleAPICalled":
                self.complaints.append(f"{said['type']}: {said['args']}")
            case "Runtime.exceptionThrown":
                self.complaints.append(str(said["exceptionDetails"]))
            case "Log.entryAdded":
                entry = said["entry"]
                self.complaints.append(f"{entry['source']}: {entry['text']} ({entry.get('url')})")

    def _read(self) -> None:
        buffer = b""
        while data := os.read(self._from, 1 << 20):
            *whole, buffer = (buffer + data).split(b"\0")
            for message in whole:
                self._messages.put(json.loads(message))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._to)
        self._process.terminate()
        self._process.wait(30)
        self._reader.join(10)
        os.close(self._from)

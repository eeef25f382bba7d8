"""Firefox of the system, driven by Marionette, the protocol that is built into it.

Messages are JSON over a socket, so nothing has to be installed besides Firefox itself.
(Source: Firefox source docs, "Marionette", Protocol.)
"""

import json
import socket
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE = 120  # seconds for one command: a training is among them
# Firefox writes into this file of its profile on which port it listens.
PORT_FILE = "MarionetteActivePort"
PREFERENCES = {
    "marionette.port": 0,  # any that is free
    "network.proxy.type": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "app.update.enabled": False,
    "browser.shell.checkDefaultBrowser": False,
}


class FirefoxError(Exception):
    """What Firefox answered in place of a result."""


class Firefox:
    """A headless Firefox with an empty profile, which ends with its ``with`` block.

    Parameters
    ----------
    program : str
        The path of Firefox.
    preferences : dict
        Beside those that every test needs.
    """

    def __init__(self, program: str, **preferences):
        self._profile = TemporaryDirectory(ignore_cleanup_errors=True)
        folder = Path(self._profile.name)
        lines = [
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in (PREFERENCES | preferences).items()
        ]
        (folder / "user.js").write_text("".join(lines), encoding="utf-8")
        command = [program, "--headless", "--no-remote", "--marionette"]
        command += ["--profile", str(folder)]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        self._number = 0
        try:
            self._socket = socket.create_connection(("127.0.0.1", self._port(folder)))
            self._socket.settimeout(PATIENCE)
            self._stream = self._socket.makefile("rb")
            self._receive()  # Firefox introduces itself
            self.call("WebDriver:NewSession", capabilities={})
            timeouts = {"script": 1000 * PATIENCE, "pageLoad": 1000 * PATIENCE}
            self.call("WebDriver:SetTimeouts", **timeouts)
        except BaseException:
            self.close()
            raise

    def _port(self, folder: Path) -> int:
        """The port that Firefox has chosen, once it has."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise FirefoxError(f"Firefox ended with {self._process.returncode}")
            file = folder / PORT_FILE
            text = file.read_text() if file.exists() else ""
            if text:
                return int(text)
            time.sleep(0.05)
        raise FirefoxError("Firefox did not open a port for Marionette")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self) -> None:
        """End Firefox, and forget its profile."""
        self._process.terminate()
        self._process.wait()
        self._profile.cleanup()

    def _receive(self):
        """The next message: its length, a colon, and so many bytes of JSON."""
        length = b""
        while not length.endswith(b":"):
            letter = self._stream.read(1)
            if not letter:
                raise FirefoxError("Firefox has closed the connection")
            length += letter
        return json.loads(self._stream.read(int(length[:-1])))

    def call(self, command: str, **parameters):
        """What a command of Marionette gives.

        Raises
        ------
        FirefoxError
            If Firefox answers with an error.
        """
        self._number += 1
        message = json.dumps([0, self._number, command, parameters]).encode()
        self._socket.sendall(str(len(message)).encode() + b":" + message)
        _, _, error, result = self._receive()
        if error:
            raise FirefoxError(f"{command}: {error['message']}")
        if isinstance(result, dict) and set(result) == {"value"}:
            return result["value"]
        return result

    def visit(self, url: str) -> None:
        """Open a page, and wait until it has been loaded."""
        self.call("WebDriver:Navigate", url=url)

    def resize(self, width: int, height: int) -> None:
        """Make the window so large, in pixels."""
        self.call("WebDriver:SetWindowRect", width=width, height=height)

    def run(self, script: str, *arguments):
        """What a script returns, which gets ``arguments`` and may await promises."""
        waiting = f"""
            const done = arguments[arguments.length - 1];
            (async () => {{ {script} }}).apply(null, arguments).then(
                (value) => done({{ value: value ?? null }}),
                (error) => done({{ failed: String(error) }}),
            );"""
        answer = self.call(
            "WebDriver:ExecuteAsyncScript",
            script=waiting,
            args=list(arguments),
            newSandbox=True,
        )
        if "failed" in answer:
            raise FirefoxError(answer["failed"])
        return answer["value"]

    def wait_for(self, expression: str, *arguments):
        """The value of an expression in the page, once it is true there."""
        script = f"""
            const given = arguments, deadline = Date.now() + {900 * PATIENCE};
            for (;;) {{
                const value = {expression};
                if (value) return value;
                if (Date.now() > deadline) return null;
                await new Promise((done) => setTimeout(done, 50));
            }}"""
        value = self.run(script, *arguments)
        if not value:
            raise FirefoxError(f"not in {0.9 * PATIENCE:.0f} s: {expression}")
        return value

    def element(self, selector: str) -> dict:
        """An element of the page, as an argument for scripts and actions."""
        return self.call("WebDriver:FindElement", using="css selector", value=selector)

    def click(self, selector: str) -> None:
        """Click on an element."""
        self.call(
            "WebDriver:ElementClick", id=next(iter(self.element(selector).values()))
        )

    def choose(self, selector: str, path: Path) -> None:
        """Choose a file in an input of files."""
        [place] = self.element(selector).values()
        self.call("WebDriver:ElementSendKeys", id=place, text=str(path))

    def act(self, kind: str, actions: list[dict], **more) -> None:
        """Perform actions of one device, as WebDriver names them."""
        device = {"type": kind, "id": kind, "actions": actions} | more
        self.call("WebDriver:PerformActions", actions=[device])

    def draw(self, selector: str, strokes) -> None:
        """Draw strokes on an element with the mouse.

        Parameters
        ----------
        selector : str
        strokes : sequence of sequences of (x, y)
            Each from 0 to 1 over the element's width and height.
        """
        find = (
            "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        )
        box = self.run(find + "return [box.x, box.y, box.width, box.height];", selector)
        left, top, width, height = box
        actions = []
        for stroke in strokes:
            for number, (x, y) in enumerate(stroke):
                place = {"x": round(left + x * width), "y": round(top + y * height)}
                actions.append({"type": "pointerMove", "duration": 0} | place)
                if number == 0:
                    actions.append({"type": "pointerDown", "button": 0})
            actions.append({"type": "pointerUp", "button": 0})
        self.act("pointer", actions, parameters={"pointerType": "mouse"})

    def press(self, *keys: str) -> None:
        """Press and lift keys, one after another; names are those of WebDriver's table."""
        actions = []
        for key in keys:
            actions.append({"type": "keyDown", "value": key})
            actions.append({"type": "keyUp", "value": key})
        self.act("key", actions)

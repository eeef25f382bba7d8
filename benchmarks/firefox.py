"""Firefox of the system as a calculator: scripts go in, a result comes out.

A server on this machine gives a page to a headless Firefox, and the page sends back what it
has computed. So nothing has to be installed that drives the browser.
"""

import json
import shutil
import subprocess
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory

PATIENCE = 600  # seconds
PAGE = """<!doctype html>
<meta charset="utf-8">
<title>A calculation</title>
%s
<script>
(async () => {
    const answer = {};
    try {
        const given = await (await fetch("/arguments")).json();
        answer.result = await (%s)(given);
    } catch (error) {
        answer.failed = String(error);
    }
    await fetch("/answer", { method: "POST", body: JSON.stringify(answer) });
})();
</script>
"""


def program() -> str | None:
    """The path of Firefox; None if there is none."""
    return shutil.which("firefox") or shutil.which("firefox-esr")


def version() -> str:
    """What Firefox says of itself, such as ``Mozilla Firefox 140.0``."""
    command = [program(), "--version"]
    return subprocess.check_output(command, encoding="utf-8").strip()


def evaluate(scripts: Sequence[Path], function: str, arguments):
    """What a JavaScript function gives for some arguments, after scripts were loaded.

    Parameters
    ----------
    scripts : sequence of Path
    function : str
        Takes one argument; it may return a promise. What it takes and gives is fit for
        JSON.

    Raises
    ------
    RuntimeError
        If it fails, or there is no answer.
    """
    tags = [f"<script>{path.read_text(encoding='utf-8')}</script>" for path in scripts]
    answers = []
    answered = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            is_page = self.path == "/"
            text = (
                PAGE % ("\n".join(tags), function) if is_page else json.dumps(arguments)
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/html" if is_page else "text/plain")
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self):
            length = int(self.headers["Content-Length"])
            answers.append(json.loads(self.rfile.read(length)))
            self.send_response(200)
            self.end_headers()
            answered.set()

        def log_message(self, *_):
            pass  # its lines would stand in the table

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        _visit(f"http://127.0.0.1:{server.server_port}/", answered)
    finally:
        server.shutdown()
    if not answers or "failed" in answers[0]:
        raise RuntimeError(f"Firefox: {answers or 'no answer'}")
    return answers[0]["result"]


def _visit(url: str, answered: threading.Event) -> None:
    """Have a Firefox open a page until it has answered."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program(), "--headless", "--no-remote", "--profile", profile, url]
        quiet = subprocess.DEVNULL
        firefox = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        try:
            answered.wait(PATIENCE)
        finally:
            firefox.terminate()
            firefox.wait()

"""A real receiver of HTTP on this machine: it keeps what it is sent and answers as it is told."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """What came in, and how to answer: a status, headers, a pause before the answer in seconds."""

    def __init__(self) -> None:
        self.received: list[dict[str, Any]] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.pause_seconds = 0.0
        self.drips = False
        self.answer = b""
        self.url = ""

    @property
    def keys(self) -> list[str]:
        """The key of each letter that came in, repetitions included."""
        return [one["key"] for one in self.received]


@contextlib.contextmanager
def receiver() -> Iterator[Receiver]:
    """Run one; its address is ``url``."""
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state.received.append(
                {
                    "path": self.path,
                    "key": self.headers.get("Idempotency-Key"),
                    "token": self.headers.get("Authorization"),
                    "body": json.loads(body),
                }
            )
            time.sleep(state.pause_seconds)
            with contextlib.suppress(OSError):
                self.send_response(state.status)
                for name, value in state.headers.items():
                    self.send_header(name, value)
                if state.drips:
                    self.send_header("Content-Length", "1000")
                    self.end_headers()
                    for _second in range(100):
                        self.wfile.write(b"x")
                        self.wfile.flush()
                        time.sleep(0.1)
                else:
                    self.send_header("Content-Length", str(len(state.answer)))
                    self.end_headers()
                    self.wfile.write(state.answer)

        def do_GET(self) -> None:
            state.received.append({"path": self.path, "key": "", "token": None, "body": None})
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            """Nothing on the screen."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/send?app=academy"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(timeout=10)

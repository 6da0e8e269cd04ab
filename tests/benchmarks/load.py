"""A load generator: a few kept-alive connections, renewed now and then, each with one request under way.

It runs as a process of its own (`python -m tests.benchmarks.load`), reads a plan from standard input and
writes what it saw to standard output. Plain sockets and one loop keep its own cost far below a server's,
so that the fastest view is not measured as the client's speed.

Plan: {host, port, seconds, connections, requests: [{method, path, headers, body, status}]}
Answer: {requests, errors, seconds, latencies_ms, refusals: {status: count}}

Connection number c sends the requests c, c + connections, c + 2 × connections … and begins again at the end;
`{nonce}` in a body becomes a new value each time, `{tick}` the number of the round, and `{code}` the value
that `rotating` foretells for the present time window.
"""

import json
import selectors
import socket
import sys
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

CHUNK = 1 << 18
#: How long a connection is kept. Whichever worker accepts one keeps it, and eight may all fall to one of two
#: workers: a rate would then be that of one worker or of both, by chance. Renewed often, it is the mean.
LIFETIME_SECONDS = 0.2
SILENCE_SECONDS = 30


@dataclass
class Connection:
    """One connection and the request it waits for."""

    address: tuple[str, int]
    requests: list[dict[str, Any]]
    rotating: dict[str, Any] | None = None
    turn: int = 0
    sent_at: float = 0.0
    expected: int = 200
    renew_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)
    wire: socket.socket = field(init=False)

    def open(self) -> None:
        """Connect; small packets leave at once."""
        self.wire = socket.create_connection(self.address, timeout=30)
        self.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self) -> None:
        """Send the next request."""
        request = self.requests[self.turn % len(self.requests)]
        tick, self.turn = self.turn // len(self.requests), self.turn + 1
        text = request["body"]
        if "{" in text:
            text = text.replace("{nonce}", uuid.uuid4().hex).replace("{tick}", str(tick))
            if self.rotating:
                window = int(time.time()) // int(self.rotating["seconds"])
                text = text.replace("{code}", self.rotating["values"][str(window)])
        body = text.encode()
        head = request["head"] + (f"Content-Length: {len(body)}\r\n" if body else "") + "\r\n"
        self.expected = request["status"]
        self.received.clear()
        self.sent_at = time.perf_counter()
        self.wire.sendall(head.encode() + body)

    def status(self) -> int | None:
        """Return the status once the answer is complete."""
        end = self.received.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self.received[:end].lower()
        if b"transfer-encoding: chunked" in head:
            complete = self.received.endswith(b"0\r\n\r\n")
        else:
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            complete = len(self.received) >= end + 4 + length
        return int(self.received[9:12]) if complete else None


def headed(request: dict[str, Any], host: str) -> dict[str, Any]:
    """Return a request with its head written out once."""
    lines = [f"{request['method']} {request['path']} HTTP/1.1", f"Host: {host}", "Connection: keep-alive"]
    lines += [f"{name}: {value}" for name, value in request.get("headers", {}).items()]
    head = "\r\n".join(lines) + "\r\n"
    return {"head": head, "body": request.get("body", ""), "status": request.get("status", 200)}


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Send requests for the planned time; return what came back."""
    host, count = f"{plan['host']}:{plan['port']}", plan["connections"]
    requests = [headed(request, host) for request in plan["requests"]]
    selector = selectors.DefaultSelector()
    for number in range(count):
        mine = requests[number::count] or requests
        connection = Connection((plan["host"], plan["port"]), mine, plan.get("rotating"))
        connection.open()
        selector.register(connection.wire, selectors.EVENT_READ, connection)
    latencies: list[float] = []
    refusals: Counter[str] = Counter()
    began = time.perf_counter()
    end = began + plan["seconds"]
    for number, key in enumerate(list(selector.get_map().values())):
        # One after the other, not all at the same moment.
        key.data.renew_at = began + LIFETIME_SECONDS * (number + 1) / count
        key.data.send()
    under_way = count
    while under_way:
        ready = selector.select(timeout=SILENCE_SECONDS)
        if not ready:
            refusals["no answer"] += under_way
            break
        for key, _ in ready:
            connection = key.data
            try:
                data = connection.wire.recv(CHUNK)
            except OSError:
                data = b""
            closed = not data
            if closed:
                # The server closed the connection: an error unless it does so between requests.
                refusals["closed"] += 1
            else:
                connection.received += data
                status = connection.status()
                if status is None:
                    continue
                latencies.append((time.perf_counter() - connection.sent_at) * 1000)
                if status != connection.expected:
                    refusals[str(status)] += 1
            now = time.perf_counter()
            if now >= end:
                under_way -= 1
                continue
            if closed or now >= connection.renew_at:
                selector.unregister(connection.wire)
                connection.wire.close()
                connection.open()
                connection.renew_at = now + LIFETIME_SECONDS
                selector.register(connection.wire, selectors.EVENT_READ, connection)
            connection.send()
    seconds = time.perf_counter() - began
    return {
        "requests": len(latencies),
        "errors": sum(refusals.values()),
        "seconds": seconds,
        "latencies_ms": latencies,
        "refusals": dict(refusals),
    }


if __name__ == "__main__":
    json.dump(run(json.load(sys.stdin)), sys.stdout)

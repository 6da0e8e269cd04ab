"""How gunicorn serves the academy: the demo, the benchmarks and a real installation share this file."""

import gc
import os
from typing import Any

bind = os.environ.get("BIND", "127.0.0.1:8000")
# Threads, not processes, wait for the database and for slow phones (docs/adr/0005-gunicorn-gthread.md).
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# A phone on the move, or nginx, keeps its connection between two requests.
keepalive = 75
timeout = 60
graceful_timeout = 20
# Fresh processes now and then bound what a leak can cost; the spread keeps them from restarting together.
max_requests = int(os.environ.get("WEB_MAX_REQUESTS", "20000"))
max_requests_jitter = max_requests // 10
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 (not a file of ours)
control_socket_disable = True
accesslog = os.environ.get("ACCESS_LOG") or None
errorlog = "-"
loglevel = os.environ.get("WEB_LOG_LEVEL", "warning")


def post_worker_init(worker: Any) -> None:
    """Keep what was loaded out of the collector's rounds, and let them come after many new objects.

    The application never becomes garbage, and a page makes thousands of objects: Python's own threshold of
    seven hundred would stop for a look several times a request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)

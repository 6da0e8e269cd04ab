"""Reading settings from the environment, with one clear sentence for each value that is wrong.

Values come from environment variables; a file named by ``ACADEMY_ENV_FILE`` may hold them too.
"""

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = environ.Env()

if env_file := os.environ.get("ACADEMY_ENV_FILE"):
    if not Path(env_file).is_file():
        raise ImproperlyConfigured(f"ACADEMY_ENV_FILE names {env_file}, which is not a file.")
    env.read_env(env_file)


def database_from(url: str) -> dict[str, Any]:
    """Return Django's database settings for ``url`` (``sqlite:///…`` or ``postgres://…``).

    SQLite runs in write-ahead mode and takes the write lock when a transaction begins, so that a
    check and the write that depends on it cannot be separated by another writer.

    Raises:
        ImproperlyConfigured: the scheme is neither SQLite nor PostgreSQL.
    """
    config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    engine = config.get("ENGINE", "")
    options = config.setdefault("OPTIONS", {})
    if engine.endswith("sqlite3"):
        options.setdefault("timeout", 20)
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault(
            "init_command",
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            "PRAGMA busy_timeout=20000; PRAGMA cache_size=-32000; PRAGMA mmap_size=268435456;",
        )
        # A connection opened once per thread keeps its page cache and its prepared statements warm.
        config["CONN_MAX_AGE"] = None
    elif engine.endswith("postgresql"):
        config["CONN_MAX_AGE"] = None
        config["CONN_HEALTH_CHECKS"] = False
    else:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with sqlite:/// or postgres://; the academy runs on these two."
        )
    config["ATOMIC_REQUESTS"] = False
    return config

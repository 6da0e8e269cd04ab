"""Reading settings from the environment, with one clear sentence for each value that is wrong.

Values come from environment variables; a file named by ``ACADEMY_ENV_FILE`` may hold them too. The
environment goes before the file. A name in the file that the academy does not know is refused: it is a
typing mistake.
"""

import difflib
import json
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent

#: Every variable that the settings read; docs/operations.md says what each is for.
KNOWN = frozenset(
    {
        "ALLOWED_HOSTS",
        "DATABASE_URL",
        "DEBUG",
        "DEFAULT_FROM_EMAIL",
        "DJANGO_SETTINGS_MODULE",
        "EMAIL_URL",
        "IDENTITY_PEPPER",
        "LOG_LEVEL",
        "MAP_TILES_ATTRIBUTION",
        "MAP_TILES_MAX_ZOOM",
        "MAP_TILES_URL",
        "MEDIA_ROOT",
        "QUEUE_WORKERS",
        "REDIS_URL",
        "SECOND_FACTOR_REQUIRED_FOR_STAFF",
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "SITE_URL",
        "SMS_BODY",
        "SMS_TOKEN",
        "SMS_URL",
        "STATIC_ROOT",
        "TRUSTED_PROXY_COUNT",
        "WECOM_BODY",
        "WECOM_TOKEN",
        "WECOM_URL",
    }
)
_KINDS = {bool: "on or off", int: "a whole number", float: "a number"}


class Environment(environ.Env):
    """django-environ, which names the variable and says what was expected."""

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **kwargs: Any) -> Any:
        if cast is bool:
            return _truth(var, os.environ.get(var), default)
        try:
            return super().get_value(var, cast=cast, default=default, **kwargs)
        except (ValueError, TypeError):
            kind = _KINDS.get(cast, "readable")
            raise ImproperlyConfigured(f"{var} must be {kind}, not '{os.environ.get(var)}'.") from None


def _truth(var: str, value: str | None, default: Any) -> Any:
    """A switch; a typing mistake must not turn protection off without a word."""
    if value is None or not value.strip():
        return default
    word = value.strip().lower()
    if word in {"1", "true", "yes", "on"}:
        return True
    if word in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{var} must be on or off, not '{value}'.")


def read_file(name: str) -> None:
    """Take over the values of an environment file.

    Raises:
        ImproperlyConfigured: it is no readable file, or holds a name nobody reads.
    """
    path = Path(name)
    if not path.is_file():
        raise ImproperlyConfigured(f"ACADEMY_ENV_FILE names {name}, which is not a file.")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise ImproperlyConfigured(f"ACADEMY_ENV_FILE names {name}, which cannot be read.") from None
    for line in text.splitlines():
        line = line.strip().removeprefix("export ")
        if not line or line.startswith("#"):
            continue
        variable = line.partition("=")[0].strip()
        if variable not in KNOWN:
            near = difflib.get_close_matches(variable, KNOWN, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ImproperlyConfigured(f"{name} sets {variable}, which the academy does not know.{hint}")
    environ.Env.read_env(name)


env = Environment()
if env_file := os.environ.get("ACADEMY_ENV_FILE"):
    read_file(env_file)


def database_from(url: str) -> dict[str, Any]:
    """Return Django's database settings for ``url`` (``sqlite:///…`` or ``postgres://…``).

    SQLite runs in write-ahead mode and takes the write lock when a transaction begins, so that a
    check and the write that depends on it cannot be separated by another writer.

    Raises:
        ImproperlyConfigured: the scheme is neither SQLite nor PostgreSQL, or the SQLite file cannot be
            written.
    """
    if urlsplit(url).scheme not in {"sqlite", "postgres", "postgresql"}:
        raise ImproperlyConfigured(
            "DATABASE_URL must begin with sqlite:/// or postgres://; the academy runs on these two."
        )
    try:
        config: dict[str, Any] = dict(environ.Env.db_url_config(url))
    except ValueError:
        raise ImproperlyConfigured(
            "DATABASE_URL cannot be read; special characters in its password must be percent-encoded."
        ) from None
    options = config.setdefault("OPTIONS", {})
    if config["ENGINE"].endswith("sqlite3"):
        require_writable(str(config["NAME"]))
        options.setdefault("timeout", 20)
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault(
            "init_command",
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            "PRAGMA busy_timeout=20000; PRAGMA cache_size=-32000; PRAGMA mmap_size=268435456;",
        )
        # A connection opened once per thread keeps its page cache and its prepared statements warm.
        config["CONN_MAX_AGE"] = None
    else:
        config["CONN_MAX_AGE"] = None
        # A check would cost every request a round trip; Django drops a connection that failed.
        config["CONN_HEALTH_CHECKS"] = False
        # Pages ask the same few queries all day: the server plans each once per connection, not every time.
        options.setdefault("server_side_binding", True)
        options.setdefault("prepare_threshold", 5)
    config["ATOMIC_REQUESTS"] = False
    return config


#: What a gateway is sent unless it is told otherwise.
GATEWAY_BODY = '{"to": "{phone}", "text": "{subject} {url}", "id": "{key}"}'
_LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "::1"})


def gateway_from(name: str) -> dict[str, Any]:
    """A gateway for messages from ``<name>_URL``, ``<name>_TOKEN``, ``<name>_BODY``; off without an URL.

    Raises:
        ImproperlyConfigured: the address is no https address, or the body is no JSON object.
    """
    url = env.str(f"{name}_URL", default="").strip()
    if url:
        parts = urlsplit(url)
        safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL_HOSTS)
        if not safe or not parts.hostname:
            raise ImproperlyConfigured(
                f"{name}_URL must begin with https:// and a host: names and phone numbers are sent to it."
            )
    try:
        body = json.loads(env.str(f"{name}_BODY", default="").strip() or GATEWAY_BODY)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ImproperlyConfigured(
            f"{name}_BODY must be a JSON object, for example {GATEWAY_BODY}; leave it empty for this one."
        )
    return {"URL": url, "TOKEN": env.str(f"{name}_TOKEN", default=""), "BODY": body}


def origins_of(tiles: str) -> list[str]:
    """Where pictures of a map may come from, for the content security policy; nothing for no address.

    Raises:
        ImproperlyConfigured: the address cannot be one of map tiles.
    """
    if not tiles:
        return []
    parts = urlsplit(tiles)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "{z}" not in tiles:
        raise ImproperlyConfigured(
            "MAP_TILES_URL must look like https://tiles.example/{z}/{x}/{y}.png; leave it empty for none."
        )
    # Leaflet puts a, b, c … in the place of {s}.
    return [f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"]


def require_writable(name: str) -> None:
    """SQLite writes the file and, beside it, its journal.

    Raises:
        ImproperlyConfigured: it cannot; the sentence names what is missing.
    """
    if name == ":memory:" or not name or name.startswith("file:"):
        return
    path = Path(name)
    folder = path.parent
    if not folder.is_dir():
        if folder == BASE_DIR / "var":
            folder.mkdir(parents=True, exist_ok=True)
        else:
            raise ImproperlyConfigured(f"DATABASE_URL: the folder {folder} does not exist.")
    if path.is_dir():
        raise ImproperlyConfigured(f"DATABASE_URL: {path} is a folder, not a file.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"DATABASE_URL: the folder {folder} cannot be written.")
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        raise ImproperlyConfigured(f"DATABASE_URL: the file {path} cannot be written.")

"""Settings: production refuses what is missing or unsafe and names it; each wrong value gets one sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from academy.settings import environment
from academy.settings.environment import BASE_DIR, database_from, origins_of

KEY = "k3Y-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOP"
PEPPER = "pEPPer-9876543210-zyxwvutsrqponmlkjihgfedcba-ZYXWVUTSRQ"


def safe(tmp_path: Path, **changes: str | None) -> dict[str, str]:
    values: dict[str, str | None] = {
        "DJANGO_SETTINGS_MODULE": "academy.settings.production",
        "SECRET_KEY": KEY,
        "IDENTITY_PEPPER": PEPPER,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'academy.sqlite3'}",
        "ALLOWED_HOSTS": "academy.example.cn",
        "SITE_URL": "https://academy.example.cn",
        "MEDIA_ROOT": str(tmp_path / "media"),
        "STATIC_ROOT": str(tmp_path / "static"),
        "PATH": os.environ["PATH"],
    }
    values.update(changes)
    return {name: value for name, value in values.items() if value is not None}


def manage(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def start(env: dict[str, str]) -> str:
    """Import the production settings alone; return the sentence of the refusal, or nothing."""
    code = (
        "from django.core.exceptions import ImproperlyConfigured\n"
        "try:\n    import academy.settings.production\n"
        "except ImproperlyConfigured as problem:\n    print(problem)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=BASE_DIR, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.slow
def test_a_safe_environment_starts_and_the_deployment_check_has_no_warning(tmp_path):
    done = manage("check", "--deploy", "--fail-level", "WARNING", env=safe(tmp_path))
    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", None),
        ("SECRET_KEY", ""),
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "a" * 60),
        ("SECRET_KEY", "development-only-key-that-no-real-academy-may-use-0123456789"),
        ("SECRET_KEY", "django-insecure-0123456789-abcdefghijklmnopqrstuvwxyz-ABCDEF"),
        ("SECRET_KEY_FALLBACKS", "short"),
        ("IDENTITY_PEPPER", None),
        ("IDENTITY_PEPPER", "short"),
        ("IDENTITY_PEPPER", KEY),
        ("DATABASE_URL", None),
        ("DATABASE_URL", "mysql://u:p@h/d"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "sqlite:////nonexistent-folder/db.sqlite3"),
        ("ALLOWED_HOSTS", None),
        ("ALLOWED_HOSTS", "*"),
        ("ALLOWED_HOSTS", "academy.example.cn,*"),
        ("SITE_URL", None),
        ("SITE_URL", "http://academy.example.cn"),
        ("SITE_URL", "https://"),
        ("SITE_URL", "https://academy.example.cn/app"),
        ("DEBUG", "on"),
        ("DEBUG", "maybe"),
        ("SECOND_FACTOR_REQUIRED_FOR_STAFF", "off"),
        ("SECOND_FACTOR_REQUIRED_FOR_STAFF", "offf"),
        ("QUEUE_WORKERS", "many"),
        ("TRUSTED_PROXY_COUNT", "one"),
        ("ACADEMY_ENV_FILE", "/nonexistent/academy.env"),
    ],
)
def test_a_missing_or_unsafe_value_is_named(tmp_path, name, value):
    sentence = start(safe(tmp_path, **{name: value}))
    assert name in sentence
    assert "\n" not in sentence


def test_a_wrong_setting_ends_a_command_with_one_sentence(tmp_path):
    done = manage("check", env=safe(tmp_path, SITE_URL="http://academy.example.cn"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "SITE_URL" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_name_in_the_file_is_a_typing_mistake(tmp_path):
    file = tmp_path / "academy.env"
    file.write_text(f"SECRET_KEY={KEY}\nALOWED_HOSTS=academy.example.cn\n", encoding="utf-8")
    sentence = start(safe(tmp_path, ACADEMY_ENV_FILE=str(file)))
    assert "ALOWED_HOSTS" in sentence
    assert "ALLOWED_HOSTS?" in sentence


def test_the_file_gives_values_and_the_environment_goes_first(tmp_path):
    file = tmp_path / "academy.env"
    file.write_text(f"# the academy\nexport SECRET_KEY={KEY}\nSITE_URL=http://unsafe\n", encoding="utf-8")
    assert start(safe(tmp_path, SECRET_KEY=None, ACADEMY_ENV_FILE=str(file))) == ""


def test_every_variable_the_settings_read_is_known():
    import re

    read = set()
    for file in (BASE_DIR / "academy" / "settings").glob("*.py"):
        read |= set(
            re.findall(r'\b(?:env\.\w+|required|secret|judged)\(\s*"([A-Z_]+)"', file.read_text("utf-8"))
        )
        # A gateway is read by its name: `gateway_from("SMS")` reads three variables.
        for name in re.findall(r'\bgateway_from\(\s*"([A-Z_]+)"', file.read_text("utf-8")):
            read |= {f"{name}_{part}" for part in ("URL", "TOKEN", "BODY")}
    assert read <= environment.KNOWN
    assert environment.KNOWN - read == {"DJANGO_SETTINGS_MODULE"}


def test_sqlite_takes_the_write_lock_first_and_waits(tmp_path):
    config = database_from(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    assert config["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert config["OPTIONS"]["timeout"] >= 10
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout"):
        assert pragma in config["OPTIONS"]["init_command"]


def test_postgresql_connections_stay_open():
    config = database_from("postgres://academy:secret@127.0.0.1/academy")
    assert config["ENGINE"].endswith("postgresql")
    assert config["CONN_MAX_AGE"] is None


def test_a_folder_in_place_of_the_file_is_named(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="is a folder"):
        database_from(f"sqlite:///{tmp_path}")


def test_an_unwritable_file_or_folder_is_named(tmp_path, monkeypatch):
    file = tmp_path / "db.sqlite3"
    file.touch()
    # Root may write everywhere: the answer of the system is stood in for.
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: False if Path(path) == file else real(path, mode))
    with pytest.raises(ImproperlyConfigured, match="cannot be written"):
        database_from(f"sqlite:///{file}")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    with pytest.raises(ImproperlyConfigured, match=r"folder .* cannot be written"):
        database_from(f"sqlite:///{file}")


@pytest.mark.parametrize(
    ("tiles", "origins"),
    [
        ("", []),
        ("https://tiles.example/{z}/{x}/{y}.png", ["https://tiles.example"]),
        ("https://{s}.tiles.example:8443/{z}/{x}/{y}.png?k=1", ["https://*.tiles.example:8443"]),
    ],
)
def test_map_tiles_may_come_from_the_named_place_only(tiles, origins):
    assert origins_of(tiles) == origins


@pytest.mark.parametrize("tiles", ["tiles.example/{z}/{x}/{y}.png", "https://tiles.example/", "ftp://a/{z}"])
def test_an_address_that_cannot_be_one_of_tiles_is_refused(tiles):
    with pytest.raises(ImproperlyConfigured, match="MAP_TILES_URL"):
        origins_of(tiles)


def test_the_figures_of_the_rules_are_in_force(settings):
    assert (settings.LOCKOUT_FAILURES, settings.LOCKOUT_MINUTES) == (5, 15)
    assert (settings.IDLE_TIMEOUT_MINUTES, settings.IDLE_TIMEOUT_MINUTES_STAFF) == (30, 15)
    lengths = [
        one["OPTIONS"]["min_length"]
        for one in settings.AUTH_PASSWORD_VALIDATORS
        if "MinimumLength" in one["NAME"]
    ]
    assert lengths == [10]

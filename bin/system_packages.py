"""Install what Debian provides and a purpose lacks: `system_packages.py demo|test|bench`.

As root it asks apt-get; otherwise, or when that fails, each missing thing is named in one line together
with the feature that rests. With CI set to "true" and the purpose "test", a missing thing is a failure.
"""

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


def program(*names: str) -> Callable[[], bool]:
    """Return a test for a program under one of these names."""
    return lambda: any(shutil.which(name) for name in names)


def library(*names: str) -> Callable[[], bool]:
    """Return a test for shared libraries, all of them."""

    def loads() -> bool:
        try:
            for name in names:
                ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return loads


def chinese_font() -> bool:
    """Return whether a font that PDF forms and screenshots can use for Chinese is installed."""
    folders = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".fonts")
    return any(True for folder in folders for _ in folder.rglob("Noto*CJK*"))


def postgresql() -> bool:
    """Return whether the PostgreSQL server is installed, on the PATH or where Debian keeps it."""
    return bool(shutil.which("postgres")) or any(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@dataclass(frozen=True)
class Thing:
    """Something that comes from the system's packages."""

    name: str
    packages: tuple[str, ...]
    is_there: Callable[[], bool]
    rests: str
    purposes: tuple[str, ...]


THINGS = [
    Thing(
        "Pango",
        ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"),
        library("libpango-1.0.so.0", "libpangoft2-1.0.so.0"),
        "PDF forms and certificates",
        ("demo", "test"),
    ),
    Thing("Noto CJK fonts", ("fonts-noto-cjk",), chinese_font, "Chinese text in PDF forms", ("demo", "test")),
    Thing(
        "Poppler",
        ("poppler-utils",),
        lambda: bool(shutil.which("pdffonts") and shutil.which("pdftotext")),
        "tests that read PDF files back",
        ("test",),
    ),
    Thing("Chromium", ("chromium",), program("chromium"), "browser tests", ("test",)),
    Thing("PostgreSQL", ("postgresql",), postgresql, "the suite on PostgreSQL", ("test", "bench")),
    Thing(
        "Redis", ("redis-server",), program("redis-server", "valkey-server"), "tests with Redis", ("test",)
    ),
    Thing(
        "nginx",
        ("nginx-light",),
        lambda: bool(shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin")),
        "tests behind nginx",
        ("test",),
    ),
    Thing("ffmpeg", ("ffmpeg",), program("ffmpeg"), "nothing, imageio-ffmpeg takes over", ("test",)),
    Thing("gettext", ("gettext",), program("xgettext"), "the check for untranslated strings", ("test",)),
]


def install(missing: list[Thing]) -> str:
    """Ask apt-get for what is missing; return why it could not, or nothing."""
    if os.geteuid() != 0:
        return "only root can install it"
    if not shutil.which("apt-get"):
        return "there is no apt-get here"
    names = [package for thing in missing for package in thing.packages]
    print(f"Installing from Debian: {' '.join(names)} …", flush=True)
    # Run level 1 keeps Debian from starting the servers: the tests start their own.
    environment = dict(os.environ, DEBIAN_FRONTEND="noninteractive", RUNLEVEL="1")
    for command in (
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [line for line in (done.stderr or done.stdout).splitlines() if line.strip()]
            return f"apt-get said: {lines[-1] if lines else 'nothing'}"
    return ""


def main(purpose: str) -> int:
    """Install what the purpose needs; return 1 when something is missing where nothing may be."""
    missing = [thing for thing in THINGS if purpose in thing.purposes and not thing.is_there()]
    if not missing:
        return 0
    why = install(missing)
    still = [thing for thing in missing if not thing.is_there()]
    for thing in still:
        print(
            f"{thing.name} is missing ({why or 'it was installed but is not found'}); "
            f"rests: {thing.rests}. Package: {' '.join(thing.packages)}",
            flush=True,
        )
    return 1 if still and purpose == "test" and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1] if len(sys.argv) > 1 else "demo"))

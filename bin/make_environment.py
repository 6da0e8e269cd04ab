"""Create the virtual environment and install hashed locks: `make_environment.py base [test] [node]`.

Runs under the system's Python, with the standard library only. A second run takes no time: each lock
that was installed leaves its fingerprint in the environment.
"""

import os
import subprocess
import sys

from workplace import PYTHON, ROOT, VENV, Stamp, Stop, run

LOCKS = ROOT / "requirements"


def create() -> None:
    """Make an empty environment, with Debian's python3-venv where it is missing and may be installed."""
    if PYTHON.exists():
        return
    if sys.version_info < (3, 11):  # noqa: UP036 (it runs before anything has checked)
        raise Stop(
            f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}. Name another: make PYTHON=…"
        )
    print("Creating the environment in .venv …", flush=True)
    try:
        import ensurepip  # noqa: F401  (Debian ships it apart, in python3-venv)
    except ImportError:
        version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if os.geteuid() != 0:
            raise Stop(
                f"Python cannot make environments here. Ask an administrator for: apt-get install {version}"
            ) from None
        run("apt-get", "update", "-qq", doing="apt-get update")
        run(
            "apt-get",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            version,
            doing=f"Installing {version}",
        )
    run(sys.executable, "-m", "venv", VENV, doing="Creating the environment")


def index_options() -> dict[str, str]:
    """Return the environment for uv, pointed at the package index that this machine's pip is set up for."""
    environment = dict(os.environ, VIRTUAL_ENV=str(VENV), UV_NO_PROGRESS="1", UV_HTTP_TIMEOUT="180")
    listing = subprocess.run(
        [PYTHON, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    for line in listing.splitlines():
        name, _, value = line.partition("=")
        if name.endswith(".index-url") and not {"UV_INDEX_URL", "UV_DEFAULT_INDEX"} & environment.keys():
            environment["UV_DEFAULT_INDEX"] = value.strip("'\"")
        if name.endswith(".cert"):
            environment.setdefault("SSL_CERT_FILE", value.strip("'\""))
    return environment


def install(name: str) -> None:
    """Install one lock unless it was installed already."""
    lock = LOCKS / f"{name}.txt"
    stamp = Stamp(VENV / f".{name}.installed", [lock])
    if stamp.is_current():
        return
    print(f"Installing requirements/{name}.txt …", flush=True)
    if name == "bootstrap":
        run(
            PYTHON,
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            "--require-hashes",
            "-r",
            lock,
            doing="Installing uv",
        )
    else:
        run(
            VENV / "bin" / "uv",
            "pip",
            "install",
            "-q",
            "--require-hashes",
            # Once here, not at every start of every process (some machines forbid Python to keep it then).
            "--compile-bytecode",
            "--python",
            PYTHON,
            "-r",
            lock,
            doing=f"Installing requirements/{name}.txt",
            env=index_options(),
        )
    stamp.write()


def main(names: list[str]) -> None:
    """Create the environment and install the named locks."""
    create()
    for name in ["bootstrap", *names]:
        install(name)


if __name__ == "__main__":
    main(sys.argv[1:] or ["base"])

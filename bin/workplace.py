"""Where things are in a checkout, and how the commands behind `make` remember what is already done."""

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
BUILD = ROOT / "build"


class Stop(SystemExit):
    """Ends a command with one sentence for the person who called it."""

    def __init__(self, sentence: str) -> None:
        print(sentence, file=sys.stderr)
        super().__init__(1)


def digest(paths: Iterable[Path]) -> str:
    """Return one fingerprint of names and contents, so that a fresh clone and an old one agree."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()


class Stamp:
    """A file that holds the fingerprint of what something was last made from."""

    def __init__(self, path: Path, sources: Iterable[Path]) -> None:
        self.path = path
        self.digest = digest(sources)

    def is_current(self) -> bool:
        """Return whether the thing beside the stamp was made from the sources as they are now."""
        return self.path.is_file() and self.path.read_text() == self.digest

    def write(self) -> None:
        """Remember that the thing has just been made."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.digest)


def run(*command: object, doing: str, **options: object) -> None:
    """Run a command quietly; when it fails, show what it printed and stop."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        **options,  # type: ignore[call-overload]
    )
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        raise Stop(f"{doing} failed; what it said stands above.")

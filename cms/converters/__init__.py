"""Programs that read files from strangers: each in a process of its own, with limits of time and memory.

A file that was made to break a library breaks that process; the worker says one sentence and goes on.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent


class Failed(Exception):
    """The program was stopped, or ended without having done its work."""


def _command(program: list[str], *, seconds: int, megabytes: int) -> list[str]:
    return [sys.executable, "-I", str(_HERE / "limited.py"), str(seconds), str(megabytes), *program]


def _environment(home: str) -> dict[str, str]:
    """What a converter is told of the server: where programs are, and nothing else."""
    return {"PATH": os.environ.get("PATH", ""), "HOME": home, "LANG": "C.UTF-8"}


def lines(script: str, *arguments: object, seconds: int, megabytes: int) -> Iterator[dict[str, Any]]:
    """What ``script`` of this folder says, one JSON object a line, as it goes on.

    Raises:
        Failed: it was stopped by its limits (seconds on the clock, megabytes of memory), or broke.
    """
    program = [sys.executable, "-I", str(_HERE / f"{script}.py"), *(str(argument) for argument in arguments)]
    with (
        tempfile.TemporaryDirectory(prefix="academy-converter-") as home,
        subprocess.Popen(
            _command(program, seconds=seconds, megabytes=megabytes),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env=_environment(home),
            text=True,
        ) as process,
    ):
        # One that hangs says nothing, so its lines cannot be waited for.
        watch = threading.Timer(seconds, process.kill)
        watch.start()
        try:
            for line in process.stdout or ():
                yield json.loads(line)
            code = process.wait()
        except ValueError as error:
            raise Failed from error
        finally:
            watch.cancel()
            process.kill()
    if code != 0:
        raise Failed


def office() -> str | None:
    """Path of LibreOffice, where the machine has it."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def to_pdf(source: Path, folder: Path, *, seconds: int, megabytes: int) -> Path:
    """``source`` (an Office document) as a PDF in ``folder``.

    Raises:
        Failed: there is no LibreOffice, or it was stopped, or made nothing.
    """
    program = office()
    if program is None:
        raise Failed
    profile = folder / "profile"
    command = [
        *(program, "--headless", "--norestore", "--nolockcheck", f"-env:UserInstallation=file://{profile}"),
        *("--convert-to", "pdf", "--outdir", str(folder), str(source)),
    ]
    try:
        subprocess.run(
            _command(command, seconds=seconds, megabytes=megabytes),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env=_environment(str(folder)),
            timeout=seconds,
            check=True,
        )
    except (subprocess.SubprocessError, OSError) as error:
        raise Failed from error
    made = folder / f"{source.stem}.pdf"
    if not made.is_file():
        raise Failed
    return made

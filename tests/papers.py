"""Reads PDF files back with Poppler, as any reader would."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cms.pdf import why_resting

#: Nothing is made without Pango and fonts, and nothing is read back without Poppler.
needs_paper = pytest.mark.skipif(
    why_resting() is not None or shutil.which("pdftotext") is None,
    reason="Pango, Noto CJK or Poppler is missing (bin/system_packages.py test)",
)


def _ask(program: str, content: bytes, folder: Path, *options: str) -> str:
    path = folder / "paper.pdf"
    path.write_bytes(content)
    command = [program, *options, str(path)]
    if program == "pdftotext":
        command.append("-")
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def words(content: bytes, folder: Path) -> str:
    """The text, without the spaces and line ends that layout makes."""
    return "".join(_ask("pdftotext", content, folder).split())


def pages(content: bytes, folder: Path) -> int:
    """How many pages there are."""
    lines = _ask("pdfinfo", content, folder).splitlines()
    return int(next(line for line in lines if line.startswith("Pages:")).split()[1])


def metadata(content: bytes, folder: Path) -> str:
    """The XMP packet."""
    return _ask("pdfinfo", content, folder, "-meta")


def fonts(content: bytes, folder: Path) -> list[dict[str, bool | str]]:
    """Name of each font, and whether it is embedded, a subset, and can be read out."""
    rows = _ask("pdffonts", content, folder).splitlines()[2:]
    found = []
    for row in rows:
        *_left, embedded, subset, unicode, _number, _generation = row.split()
        found.append(
            {
                "name": row.split()[0],
                "embedded": embedded == "yes",
                "subset": subset == "yes",
                "unicode": unicode == "yes",
            }
        )
    return found

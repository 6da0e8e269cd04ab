"""What is shipped runs in Chromium 86: no style that it would drop in silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

#: Came with later versions, and is not lowered by the build.
LATER = {
    r":has\(": 105,
    r":is\(": 88,
    r":where\(": 88,
    r"@container": 105,
    r"@layer": 99,
    r"color-mix\(": 111,
    r"[{;](margin|padding)-(inline|block):": 87,
    r"[{;]inset:": 87,
    r"\d(dvh|svh|lvh)\b": 108,
}
SHEETS = sorted(Path("frontend/dist/assets").rglob("*.css"))


def test_there_are_styles() -> None:
    assert SHEETS


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_styles_are_old_enough(sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8")
    assert [pattern for pattern in LATER if re.search(pattern, text)] == []


def test_styles_are_not_nested() -> None:
    for sheet in SHEETS:
        assert not re.search(r"[{;}]\s*&", sheet.read_text(encoding="utf-8")), sheet.name

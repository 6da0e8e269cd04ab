"""How large the demo academy is, and the dice that make it the same every time."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CONTENT = Path(__file__).parent / "content"

#: Figures of the academy (docs: domain facts). Multiplied by the scale.
ORGANIZATIONS = 932
PEOPLE = 11_998
#: Everybody who can sign in to the demo has this password.
PASSWORD = "Academy-demo-2026"  # noqa: S105 - printed for everyone to try


@dataclass(frozen=True)
class Plan:
    """One demo academy: ``scale`` times the real one, told to ``say`` while it grows."""

    scale: int = 1
    say: Callable[[str], None] = print

    @property
    def organizations(self) -> int:
        """Grassroots organizations, below the zone and its parks."""
        return ORGANIZATIONS * self.scale

    @property
    def people(self) -> int:
        """People on the roster."""
        return PEOPLE * self.scale

    def dice(self, purpose: str) -> random.Random:
        """A generator of its own for each ``purpose``: a change to one part leaves the others as they were."""
        return random.Random(f"academy demo {purpose}")


def content(name: str) -> Any:
    """The content file ``name`` (without ``.json``)."""
    return json.loads((CONTENT / f"{name}.json").read_text(encoding="utf-8"))

"""Finding people by any part of a Chinese name: ``name__holds``, which PostgreSQL answers from an index.

It is ``icontains``. Trigrams do not help: what people type is mostly two characters. So PostgreSQL indexes
the characters and pairs of characters of each name (migration 0035); names that have all pairs of what is
looked for are then compared as ever. Other databases compare every name.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django.db.models import CharField
from django.db.models.lookups import IContains

FUNCTION = "enrollment_pairs"


def pairs_of(text: str) -> list[str]:
    """What a name that holds ``text`` has in the index: its pairs, or the one character there is.

    Characters that become several in capitals are left out: databases differ about them.
    """
    upper = [character.upper() for character in text]
    if len(upper) == 1:
        return upper if len(upper[0]) == 1 else []
    return sorted({one + other for one, other in pairwise(upper) if len(one) == len(other) == 1})


class Holds(IContains):
    """``icontains`` by the index of pairs."""

    lookup_name = "holds"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Compared as ``icontains`` is: some databases treat it by its name."""
        compared, params = IContains(self.lhs, self.rhs).as_sql(compiler, connection)
        return compared, list(params)

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        """The pairs narrow it down, the comparison decides."""
        compared, params = self.as_sql(compiler, connection)
        wanted = pairs_of(self.rhs) if isinstance(self.rhs, str) else []
        if not wanted:
            return compared, params
        column, column_params = compiler.compile(self.lhs)
        return f"({FUNCTION}({column}) @> %s AND {compared})", [*column_params, wanted, *params]


def register() -> None:
    """Let every name be asked so."""
    CharField.register_lookup(Holds)

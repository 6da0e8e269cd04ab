"""``rules.duplicates.name_key`` for the database, so that it can group people by their names."""

from __future__ import annotations

from typing import Any

from django.db.backends.signals import connection_created
from django.db.models import CharField, Func

from enrollment.rules.duplicates import SEPARATORS, VARIANTS, name_key

FUNCTION = "enrollment_name_key"


class NameKey(Func):
    """The name as registers agree on it. PostgreSQL has what it takes; SQLite calls the rule itself."""

    function = FUNCTION
    arity = 1
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> tuple[str, Any]:
        """Compose forms, replace variants, drop separators (characters without a counterpart fall away)."""
        sql, params = compiler.compile(self.source_expressions[0])
        return (
            f"UPPER(TRANSLATE(NORMALIZE({sql}, NFKC), %s, %s))",
            [*params, "".join(VARIANTS) + SEPARATORS, "".join(VARIANTS.values())],
        )


def _teach(connection: Any, **_kwargs: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function(FUNCTION, 1, name_key, deterministic=True)


def connect() -> None:
    """Teach each new connection to SQLite the rule."""
    connection_created.connect(_teach, dispatch_uid=FUNCTION)

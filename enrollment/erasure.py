"""What every app does when a person is erased: the registry that higher apps fill when they start.

An eraser takes away (or makes nameless) what its app holds about people and their accounts. It is called
inside the transaction that erases them, after the people were locked, with ids of trainees and of accounts;
it writes set by set, so that its cost does not grow with what each person did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from django.db.models import F, Model, QuerySet

Eraser = Callable[[Collection[int], Collection[int]], None]

ERASERS: list[Eraser] = []
#: Rows by which an account still has something to do, with the field that names it.
DUTIES: list[tuple[type[Model], str]] = []


def register(eraser: Eraser, *, duties: Iterable[tuple[type[Model], str]] = ()) -> None:
    """Add an app's eraser, and the duties that keep somebody from being erased; again changes nothing."""
    if eraser not in ERASERS:
        ERASERS.append(eraser)
    DUTIES.extend(duty for duty in duties if duty not in DUTIES)


def replace_names(
    rows: QuerySet[Any], fields: Collection[str], *, named: str, names: Mapping[int, str], by: str
) -> None:
    """Put ``by`` in the place of names in free text: one query, and one more for what holds any.

    ``named`` leads from a row to the key of the person whose name (in ``names``) it may hold; a row that
    belongs to several is looked through for each.
    """
    found: dict[Any, Any] = {}
    wanted = {pk: name for pk, name in names.items() if len(name) > 1}
    for row in rows.filter(**{f"{named}__in": list(wanted)}).annotate(whose=F(named)):
        kept = found.get(row.pk, row)
        name = wanted[row.whose]
        texts = {field: getattr(kept, field) for field in fields if name in (getattr(kept, field) or "")}
        for field, text in texts.items():
            setattr(kept, field, text.replace(name, by))
        if texts:
            found[row.pk] = kept
    rows.model._base_manager.bulk_update(found.values(), list(fields), batch_size=200)

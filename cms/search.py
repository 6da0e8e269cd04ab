"""Wagtail's database search, made to find words inside Chinese sentences.

Stock search keeps a Chinese sentence as one term on SQLite and on PostgreSQL. Here the text is
cut by `cms.rules.segmentation` on its way into the index and into the query; everything else is Wagtail's.
Name ``cms.search`` as BACKEND in ``WAGTAILSEARCH_BACKENDS``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from typing import Any

from django.db import connection
from modelsearch.query import MATCH_ALL, Not, PlainText
from wagtail.search.index import RelatedFields

from cms.rules.segmentation import for_index, for_query


class _SegmentedObject:
    """An object as the indexer sees it: the same values, cut into pairs."""

    def __init__(self, wrapped: Any) -> None:
        self.wrapped = wrapped
        self.pk = wrapped.pk

    def get_search_fields(self) -> list[Any]:
        return [_segmented(field) for field in self.wrapped.get_search_fields()]


def _segmented(field: Any) -> Any:
    """A copy of search field ``field`` whose value is cut into pairs."""
    twin = copy.copy(field)
    original = field.get_value

    if isinstance(field, RelatedFields):
        twin.fields = [_segmented(sub_field) for sub_field in field.fields]
        twin.get_value = lambda obj: original(getattr(obj, "wrapped", obj))
    else:
        twin.get_value = lambda obj: _cut(original(getattr(obj, "wrapped", obj)))
    return twin


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return for_index(value)
    if isinstance(value, list):
        return [_cut(item) for item in value]
    if isinstance(value, dict):
        return {key: _cut(item) for key, item in value.items()}
    return value


class SegmentedIndexMixin:
    """An index that stores text cut into pairs."""

    def add_items(self, model: Any, objs: Iterable[Any]) -> None:
        super().add_items(model, [_SegmentedObject(obj) for obj in objs])  # type: ignore[misc]


class SegmentedQueryMixin:
    """A query compiler that looks for pairs."""

    #: True for autocomplete, where the last thing typed is a beginning in any case.
    LAST_TERM_IS_PREFIX: bool

    def __init__(self, queryset: Any, query: Any, *args: Any, **kwargs: Any) -> None:
        if isinstance(query, str):
            query = PlainText(query, operator=(kwargs.get("operator") or "and"))
        if isinstance(query, PlainText):
            terms, beginning = for_query(query.query_string)
            if beginning is not None:
                # The engines match a beginning only in the last place.
                terms.append(beginning)
                self.LAST_TERM_IS_PREFIX = True
            # Nothing but punctuation finds nothing.
            query = PlainText(" ".join(terms), operator=query.operator) if terms else Not(MATCH_ALL)
        # Operators, boosts and column names always reach the whole index row.
        kwargs["fields"] = None
        super().__init__(queryset, query, *args, **kwargs)  # type: ignore[call-arg]


def SearchBackend(params: dict[str, Any]) -> Any:  # noqa: N802 - the name Wagtail looks for
    """The back end for the default database."""
    if connection.vendor == "postgresql":
        from cms.search_postgresql import SegmentedPostgresSearchBackend

        return SegmentedPostgresSearchBackend({"SEARCH_CONFIG": "simple", **params})
    from cms.search_sqlite import SegmentedSQLiteSearchBackend

    return SegmentedSQLiteSearchBackend(params)

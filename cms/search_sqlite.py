"""Chinese search on SQLite's FTS5."""

from modelsearch.backends.database.sqlite.sqlite import (
    SQLiteAutocompleteQueryCompiler,
    SQLiteIndex,
    SQLiteSearchBackend,
    SQLiteSearchQueryCompiler,
)

from cms.search import SegmentedIndexMixin, SegmentedQueryMixin


class SegmentedSQLiteIndex(SegmentedIndexMixin, SQLiteIndex):
    """FTS5 table of pairs."""


class SegmentedSQLiteQueryCompiler(SegmentedQueryMixin, SQLiteSearchQueryCompiler):
    """Queries for pairs."""


class SegmentedSQLiteAutocompleteCompiler(SegmentedQueryMixin, SQLiteAutocompleteQueryCompiler):
    """Queries for pairs while typing."""


class SegmentedSQLiteSearchBackend(SQLiteSearchBackend):
    """Wagtail's SQLite back end with pairs in and pairs out."""

    index_class = SegmentedSQLiteIndex
    query_compiler_class = SegmentedSQLiteQueryCompiler
    autocomplete_query_compiler_class = SegmentedSQLiteAutocompleteCompiler

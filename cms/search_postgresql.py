"""Chinese search on PostgreSQL's full text."""

from modelsearch.backends.database.postgres.postgres import (
    PostgresAutocompleteQueryCompiler,
    PostgresIndex,
    PostgresSearchBackend,
    PostgresSearchQueryCompiler,
)

from cms.search import SegmentedIndexMixin, SegmentedQueryMixin


class SegmentedPostgresIndex(SegmentedIndexMixin, PostgresIndex):
    """Vectors of pairs."""


class SegmentedPostgresQueryCompiler(SegmentedQueryMixin, PostgresSearchQueryCompiler):
    """Queries for pairs."""


class SegmentedPostgresAutocompleteCompiler(SegmentedQueryMixin, PostgresAutocompleteQueryCompiler):
    """Queries for pairs while typing."""


class SegmentedPostgresSearchBackend(PostgresSearchBackend):
    """Wagtail's PostgreSQL back end with pairs in and pairs out."""

    index_class = SegmentedPostgresIndex
    query_compiler_class = SegmentedPostgresQueryCompiler
    autocomplete_query_compiler_class = SegmentedPostgresAutocompleteCompiler

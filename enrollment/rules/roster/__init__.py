"""Rules of the roster 花名册: what a cell says, which column is which, and what a row means. Pure."""

from enrollment.rules.roster.cells import (
    EARLIEST_YEAR,
    Fault,
    Reading,
    plain,
    read_birth,
    read_date,
    read_education,
    read_ethnicity,
    read_gender,
    read_identity,
    read_name,
    read_phone,
    read_post,
    read_status,
)
from enrollment.rules.roster.columns import Column, Header, find_header, is_footer, is_header_again
from enrollment.rules.roster.judgement import Alias, Judged, Outcome, Stored, judge
from enrollment.rules.roster.rows import COMPARED, Person, Problem, Row, organization_variants, read_row

__all__ = [
    "COMPARED",
    "EARLIEST_YEAR",
    "Alias",
    "Column",
    "Fault",
    "Header",
    "Judged",
    "Outcome",
    "Person",
    "Problem",
    "Reading",
    "Row",
    "Stored",
    "find_header",
    "is_footer",
    "is_header_again",
    "judge",
    "organization_variants",
    "plain",
    "read_birth",
    "read_date",
    "read_education",
    "read_ethnicity",
    "read_gender",
    "read_identity",
    "read_name",
    "read_phone",
    "read_post",
    "read_row",
    "read_status",
]

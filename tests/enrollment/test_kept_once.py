"""What was kept twice before the database forbade it is brought in order by the migration."""

from __future__ import annotations

import datetime as dt
from importlib import import_module

from enrollment.models import OrganizationContact, Pairing

migration = import_module("enrollment.migrations.0026_kept_once")
DAY = dt.date(2026, 3, 1)
LATER = DAY + dt.timedelta(days=9)


def pairing(pk: int, starts_on: dt.date, ends_on: dt.date | None = None, partner: int = 2) -> Pairing:
    return Pairing(pk=pk, organization_id=1, partner_id=partner, starts_on=starts_on, ends_on=ends_on)


def contact(pk: int, name: str, ends_on: dt.date | None) -> OrganizationContact:
    return OrganizationContact(
        pk=pk, organization_id=1, role="book", name=name, starts_on=DAY, ends_on=ends_on
    )


def test_the_later_of_two_open_pairings_ends() -> None:
    rows = [pairing(1, LATER), pairing(2, DAY), pairing(3, DAY, LATER), pairing(4, DAY, partner=3)]
    assert [(row.pk, row.ends_on) for row in migration.still_open_twice(rows)] == [(1, LATER)]


def test_of_doubles_the_open_one_stays_else_the_first() -> None:
    rows = [pairing(1, DAY, LATER), pairing(2, DAY), pairing(3, LATER, LATER), pairing(4, LATER, LATER)]
    assert {row.pk for row in migration.doubles(rows, migration.PAIRING)} == {1, 4}


def test_different_contacts_of_one_day_are_both_kept() -> None:
    rows = [contact(1, "Now", None), contact(2, "Before", DAY), contact(3, "Between", DAY)]
    moved = migration.others_of_that_day(rows)
    next_day, after = (DAY + dt.timedelta(days=days) for days in (1, 2))
    assert [(row.name, row.starts_on, row.ends_on) for row in moved] == [
        ("Between", next_day, next_day),
        ("Now", after, None),
    ]

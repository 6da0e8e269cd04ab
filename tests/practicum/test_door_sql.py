"""The door's statement is written by hand: it must go on saying what the models say."""

from __future__ import annotations

from enrollment.models import ROSTER_STATUSES, Enrollment, Trainee, TrainingClass
from practicum.actions.checkin import DOOR_SQL
from practicum.models import Attendance, Booking, BookingStatus, Session


def test_it_names_the_tables_of_the_models() -> None:
    for model in (Session, TrainingClass, Trainee, Attendance, Booking, Enrollment):
        assert f" {model._meta.db_table} " in DOOR_SQL


def test_it_asks_for_the_statuses_of_the_models() -> None:
    assert f"b.status = '{BookingStatus.BOOKED.value}'" in DOOR_SQL
    statuses = {text.strip(" '") for text in DOOR_SQL.split("e.status IN (")[1].split(")")[0].split(",")}
    assert statuses == {status.value for status in ROSTER_STATUSES}

"""Bases, rooms, classes with a roster, and sessions, as tests need them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from enrollment.models import ClassStatus, Enrollment, EnrollmentStatus, Organization, Trainee, TrainingClass
from practicum.actions import sessions
from practicum.actions.sessions import SessionPlan
from practicum.models import Lecturer, Room, Session, TrainingBase, Vehicle, Venue


class VenueFactory(DjangoModelFactory):
    class Meta:
        model = Venue

    code = factory.Sequence(lambda number: f"venue-{number}")
    name = factory.Sequence(lambda number: f"示例教学楼{number}")


class RoomFactory(DjangoModelFactory):
    class Meta:
        model = Room

    venue = factory.SubFactory(VenueFactory)
    name = factory.Sequence(lambda number: f"{number:03d}教室")
    capacity = 60


class VehicleFactory(DjangoModelFactory):
    class Meta:
        model = Vehicle

    plate = factory.Sequence(lambda number: f"示A{number:05d}")
    name = "示例大巴"
    seats = 45


class LecturerFactory(DjangoModelFactory):
    class Meta:
        model = Lecturer

    name = factory.Sequence(lambda number: f"讲师{number}")


class TrainingBaseFactory(DjangoModelFactory):
    class Meta:
        model = TrainingBase

    code = factory.Sequence(lambda number: f"base-{number}")
    name = factory.Sequence(lambda number: f"示例实训基地{number}")
    unit = "示例软件有限公司"
    theme = "非公企业党建"
    address = "示例路1号"
    teaching_points = "党员先锋岗\n红色车间"
    capacity_per_batch = 40
    batches_per_day = 2
    open_weekdays = "1234567"
    lead_days = 0


class TrainingClassFactory(DjangoModelFactory):
    class Meta:
        model = TrainingClass

    code = factory.Sequence(lambda number: f"CLASS-{number}")
    title = factory.Sequence(lambda number: f"示例培训班{number}")
    year = factory.LazyFunction(lambda: timezone.localdate().year)
    status = ClassStatus.RUNNING
    starts_on = factory.LazyFunction(timezone.localdate)
    ends_on = factory.LazyAttribute(lambda self: self.starts_on + dt.timedelta(days=30))


def trainees(organization: Organization, count: int, *, prefix: str = "学员") -> list[Trainee]:
    """``count`` people on the roster of ``organization``."""
    return Trainee.objects.bulk_create(
        Trainee(name=f"{prefix}{number:03d}", home_organization=organization) for number in range(count)
    )


def on_roster(training_class: TrainingClass, *people: Trainee, **details: Any) -> None:
    """Put ``people`` on the class's roster."""
    Enrollment.objects.bulk_create(
        Enrollment(training_class=training_class, trainee=person, status=EnrollmentStatus.ENROLLED, **details)
        for person in people
    )


def at(hour: int, minute: int = 0, *, days: int = 0) -> dt.datetime:
    """A local time today, or ``days`` later."""
    day = timezone.localdate() + dt.timedelta(days=days)
    return dt.datetime.combine(day, dt.time(hour, minute), tzinfo=timezone.get_current_timezone())


def plan(**details: Any) -> SessionPlan:
    """A lesson tomorrow from nine to noon, somewhere, unless ``details`` say otherwise."""
    details.setdefault("title", "示例课程")
    details.setdefault("starts_at", at(9, days=1))
    details.setdefault("ends_at", details["starts_at"] + dt.timedelta(hours=3))
    if not details.keys() & {"room", "base", "place", "mode"}:
        details["place"] = "示例会场"
    if "training_class" not in details:
        details.setdefault("seats", 40)
    return SessionPlan(**details)


def session(**details: Any) -> Session:
    """A session held through the action that users use."""
    return sessions.schedule(plan=plan(**details), actor=None)

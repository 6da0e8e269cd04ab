"""A class of 张学员, 王书记 and the outsider, with 赵管理员 running things and 孙主任 at the base."""

from __future__ import annotations

import pytest

from enrollment.models import User
from practicum.models import BaseHost, Lecturer, Room, TrainingBase
from tests.factories import practicum as make


@pytest.fixture
def training_class(zhang: User, wang: User, outsider: User):
    """A running class; 张学员 and 王书记 are on its roster, the outsider is not."""
    training_class = make.TrainingClassFactory(title="示例书记培训班")
    make.on_roster(training_class, zhang.trainee, wang.trainee)
    return training_class


@pytest.fixture
def room(db: None) -> Room:
    """A room for sixty."""
    return make.RoomFactory(name="一号教室")


@pytest.fixture
def base(sun: User) -> TrainingBase:
    """A base that 孙主任 receives visitors for."""
    base = make.TrainingBaseFactory(name="示例红色车间")
    BaseHost.objects.create(base=base, user=sun)
    return base


@pytest.fixture
def lecturer(chen: User) -> Lecturer:
    """陈讲师 in the register of lecturers."""
    return make.LecturerFactory(name="陈讲师", user=chen)

"""The 81 training bases, the academy's own venue, the service centres, vehicles and lecturers."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from academy.demo.artwork import Artwork
from academy.demo.plan import Plan, content
from courses.models import ModulePage
from enrollment.models import IndustryTag, Organization, User
from practicum.models import (
    BaseHost,
    BasePhoto,
    Blackout,
    CalendarDay,
    Lecturer,
    Room,
    RoomKind,
    TrainingBase,
    Vehicle,
    Venue,
    VenueKind,
)

VENUE_KINDS = {
    "academy": VenueKind.ACADEMY,
    "shared": VenueKind.SHARED_CENTRE,
    "building": VenueKind.BUILDING_CENTRE,
}
ROOM_KINDS = {
    "hall": RoomKind.MULTI_FUNCTION,
    "multi": RoomKind.MULTI_FUNCTION,
    "screening": RoomKind.SCREENING,
    "studio": RoomKind.STUDIO,
    "classroom": RoomKind.CLASSROOM,
    "computer": RoomKind.CLASSROOM,
    "seminar": RoomKind.MEETING,
    "counsel": RoomKind.MEETING,
    "library": RoomKind.OTHER,
}
#: Titles last about three years.
TITLE_YEARS = 3
#: The bases that 孙主任 receives visitors for.
HOSTED_BY_SUN = 2


def begin(artwork: Artwork) -> None:
    """Have a picture of each base drawn."""
    for seed, row in enumerate(content("bases")["bases"]):
        artwork.begin_photo(row["name"], row["field"], seed)


def load(plan: Plan, artwork: Artwork, actor: User, host: User, instructor: User) -> None:
    """Enter bases, rooms, vehicles and lecturers, and this year's holidays."""
    data = content("trainings")
    parks = list(Organization.objects.filter(depth=2).order_by("path"))
    for row in [data["venue"], *data["service_centres"], *data["building_centres"]]:
        _venue(row, parks)
    for row in data["vehicles"]:
        Vehicle.objects.create(plate=row["plate"], name=row["name"], seats=row["seats"])
    for row in data["lecturers"]:
        Lecturer.objects.create(
            name=row["name"],
            title=row["title"],
            subjects="、".join(row["subjects"]),
            user=instructor if row["name"] == instructor.name else None,
            appointed_on=timezone.localdate() - dt.timedelta(days=400),
            appointed_until=timezone.localdate() + dt.timedelta(days=330),
        )
    _holidays()
    bases = _bases(artwork, parks)
    for base in bases[:HOSTED_BY_SUN]:
        BaseHost.objects.create(base=base, user=host)
    plan.say(f"{len(bases)} bases, {Room.objects.count()} rooms, {Vehicle.objects.count()} vehicles")


def _venue(row: dict[str, Any], parks: list[Organization]) -> None:
    venue = Venue.objects.create(
        code=row["code"].lower(),
        name=row["name"],
        kind=VENUE_KINDS[row["kind"]],
        address=row["address"],
        latitude=row["latitude"],
        longitude=row["longitude"],
        park=parks[row["park"]] if "park" in row else None,
        route=row.get("accessibility", ""),
    )
    for room in row["rooms"]:
        Room.objects.create(
            venue=venue,
            name=room["name"],
            kind=ROOM_KINDS[room["kind"]],
            capacity=room["capacity"],
            area_m2=room["area_m2"],
            equipment="、".join(room["equipment"]),
            setup_minutes=15 if room["kind"] in {"hall", "multi", "studio"} else 0,
        )


def _bases(artwork: Artwork, parks: list[Organization]) -> list[TrainingBase]:
    today = timezone.localdate()
    organizations = {row.name: row for row in Organization.objects.filter(depth=3)}
    tags = {row.code: row for row in IndustryTag.objects.all()}
    modules = {module.code: module for module in ModulePage.objects.all()}
    bases = []
    for row in content("bases")["bases"]:
        awarded_on = dt.date(row["awarded_year"], 6, 30)
        base = TrainingBase(
            code=row["code"].lower(),
            name=row["name"],
            unit=row["unit"],
            organization=organizations.get(row["party_organization"]),
            organization_name=row["party_organization"],
            park=parks[row["park"]],
            field=tags[f"field-{row['field']}"],
            chain=tags[f"chain-{row['chain'].lower()}"] if row["chain"] else None,
            theme=row["theme"],
            summary=row["story"].split("。")[0][:190] + "。",
            story=f"<p>{row['story']}</p>",
            teaching_points="\n".join(row["teaching_points"]),
            guides="\n".join(f"{guide['name']}（{guide['title']}）" for guide in row["guides"]),
            address=row["address"],
            latitude=row["latitude"],
            longitude=row["longitude"],
            route=row["route"],
            coach_spaces=2 if row["coach_parking"] else 0,
            parking_note=row["coach_parking_note"][:120],
            is_step_free="无台阶" in row["accessibility"] or "坡道" in row["accessibility"],
            accessibility=row["accessibility"],
            capacity_per_batch=row["capacity_per_batch"],
            batches_per_day=row["batches_per_day"],
            visit_minutes=row["visit_minutes"],
            open_weekdays="".join(str(day) for day in row["open_weekdays"]),
            lead_days=row["lead_days"],
            contact_name=row["contact"]["name"],
            contact_phone=row["contact"]["phone"],
            photo_rule=row["rules"]["photos"],
            confidentiality_rule=row["rules"]["confidentiality"],
            dress_rule=row["rules"]["dress"],
            title_level=row["title_level"],
            title_awarded_on=awarded_on,
            title_expires_on=awarded_on.replace(year=awarded_on.year + TITLE_YEARS),
        )
        base.modules = [modules[code] for code in row["modules"]]
        base.photos = [
            BasePhoto(
                image=artwork.picture(
                    f"photo {row['name']}", title=row["name"], alt=f"示意图：{row['name']}"
                ),
                caption=row["industry"],
            )
        ]
        base.save()
        Blackout.objects.bulk_create(
            [
                Blackout(
                    base=base,
                    starts_on=today + dt.timedelta(days=closed["from_day"]),
                    ends_on=today + dt.timedelta(days=closed["to_day"]),
                    reason=closed["reason"],
                )
                for closed in row["blackout"]
            ]
        )
        bases.append(base)
    return bases


def _holidays() -> None:
    """Public holidays with fixed days; an administrator adds those that move with the moon."""
    year = timezone.localdate().year
    for each in (year, year + 1):
        for month, days, name in [
            (1, (1,), "元旦"),
            (5, (1, 2, 3), "劳动节"),
            (10, (1, 2, 3, 4, 5, 6, 7), "国庆节"),
        ]:
            CalendarDay.objects.bulk_create(
                CalendarDay(day=dt.date(each, month, day), name=name) for day in days
            )

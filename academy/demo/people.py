"""The people, written into spreadsheets and read in by the roster importer as an organization would."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone
from openpyxl import Workbook

from academy.demo.organizations import FIXED_COUNT
from academy.demo.plan import ORGANIZATIONS, PEOPLE, Plan, content
from enrollment.actions.duplicates import find_duplicates
from enrollment.actions.exemptions import exempt_in_bulk
from enrollment.actions.people import Amendment, amend_in_bulk
from enrollment.actions.roster import import_file
from enrollment.actions.transfers import start_transfer
from enrollment.models import (
    STEP,
    Exemption,
    Organization,
    Post,
    RosterImport,
    Trainee,
    User,
)

HEADER = [
    "序号",
    "姓名",
    "性别",
    "民族",
    "出生年月",
    "学历",
    "入党时间",
    "所在党组织",
    "党内职务",
    "手机号",
    "党员类别",
]
#: How posts are written in a roster.
POST_WORDS = {
    Post.SECRETARY: "书记",
    Post.DEPUTY_SECRETARY: "副书记",
    Post.ORGANIZATION_MEMBER: "组织委员",
    Post.PUBLICITY_MEMBER: "宣传委员",
    Post.AFFAIRS_WORKER: "党务工作者",
    Post.MEMBER: "",
}
#: From this age on an exemption is usual (domain §2).
OLD_AGE = 72


@dataclass(frozen=True)
class Person:
    """One row of a roster."""

    name: str
    gender: str
    ethnicity: str
    born_on: dt.date
    education: str
    joined_on: dt.date
    organization: Organization
    post: str
    phone: str
    is_probationary: bool = False


def load(plan: Plan, organizations: Sequence[Organization], actor: User) -> None:
    """Admit the people of the first 932 organizations, then set exemptions and mobile members."""
    first = organizations[:ORGANIZATIONS]
    _import_rosters(plan, list(_people(plan, first)), actor)
    _exempt_the_old(actor)
    _send_some_away(plan, first, actor)
    leave_a_duplicate(organizations[1], actor)
    plan.say(f"{Trainee.objects.count()} people on the roster")


def leave_a_duplicate(organization: Organization, actor: User) -> None:
    """One person entered twice in an organization of 李干事's: a space in the name, the month of birth alone."""
    one, other = Trainee.objects.filter(
        home_organization=organization, appointments__post=Post.MEMBER
    ).order_by("pk")[:2]
    born_on = (one.born_on or timezone.localdate()).replace(day=1)
    details = {
        "name": f"{one.name[0]} {one.name[1:]}",
        "gender": one.gender,
        "born_on": born_on,
        "education": "",
        "identity_tail": "0025",
    }
    amend_in_bulk(changes=[Amendment(trainee_id=other.pk, details=details)], actor=actor)
    find_duplicates()


def leave_transfers_open(organizations: Sequence[Organization], actor: User) -> None:
    """One person on the way to an organization of 李干事's and one out of it, after the year was entered."""
    ours, elsewhere = organizations[2], organizations[FIXED_COUNT]
    today = timezone.localdate()
    for source, target, reason in (
        (elsewhere, ours, "工作单位变动，劳动关系已转入"),
        (ours, elsewhere, "企业搬迁，就近参加组织生活"),
    ):
        person = (
            Trainee.objects.active()
            .filter(home_organization=source, appointments__post=Post.MEMBER)
            .order_by("-pk")[:1]
            .get()
        )
        start_transfer(trainee=person, organization=target, on=today, reason=reason, actor=actor)


def _import_rosters(plan: Plan, people: list[Person], actor: User) -> None:
    """One spreadsheet for each park, as a park would send it."""
    by_park: dict[str, list[Person]] = {}
    for person in people:
        by_park.setdefault(person.organization.path[: 2 * STEP], []).append(person)
    parks = {park.path: park for park in Organization.objects.filter(path__in=by_park)}
    with tempfile.TemporaryDirectory(prefix="academy-rosters-") as folder:
        for path, rows in sorted(by_park.items()):
            park = parks[path]
            file = Path(folder) / f"{park.short_name}党员花名册.xlsx"
            _write_roster(file, park, rows)
            done = import_file(file, organization=park, actor=actor)
            if done.status != RosterImport.Status.APPLIED:
                raise RuntimeError(f"{file.name}: {done.error or done.status}")
            plan.say(f"{park.short_name}: {len(rows)} people imported from their roster")


def _write_roster(file: Path, park: Organization, people: Sequence[Person]) -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("党员花名册")
    sheet.append([f"{park.name}党员花名册（{timezone.localdate().year}年）"])
    sheet.append(HEADER)
    for number, person in enumerate(people, start=1):
        sheet.append(
            [
                number,
                person.name,
                "男" if person.gender == "m" else "女",
                person.ethnicity,
                f"{person.born_on:%Y-%m-%d}",
                person.education,
                f"{person.joined_on:%Y-%m-%d}",
                person.organization.name,
                POST_WORDS[Post(person.post)],
                person.phone,
                "预备党员" if person.is_probationary else "正式党员",
            ]
        )
    book.save(file)


def _sizes(plan: Plan, dice: random.Random) -> list[int]:
    """How many members each organization has: at least three, most of them few, together exactly the plan."""
    sizes = [3] * ORGANIZATIONS
    # The named people and a colleague each: their rosters are what a visitor imports.
    open_places = list(range(FIXED_COUNT, ORGANIZATIONS))
    weights = [dice.paretovariate(1.6) for _ in open_places]
    for place in dice.choices(open_places, weights, k=PEOPLE - sum(sizes)):
        sizes[place] += 1
    return sizes


def _people(plan: Plan, organizations: Sequence[Organization]) -> Iterator[Person]:
    seed = content("organizations")["people"]
    dice = plan.dice("people")
    today = timezone.localdate()
    numbers = itertools.count(1)
    for place, (organization, size) in enumerate(zip(organizations, _sizes(plan, dice), strict=True)):
        posts = _posts(size, is_first=place == 0)
        for seat, post in enumerate(posts):
            person = _person(seed, dice, today, organization, post, next(numbers))
            if place == 0:
                person = _named(person, seat)
            yield person


#: In the first organization stand the people who can sign in.
NAMED = [("王书记", "m"), ("李干事", "f"), ("张学员", "f")]


def _named(person: Person, seat: int) -> Person:
    name, gender = NAMED[seat]
    born_on = dt.date(1979 + 6 * seat, 4, 12)
    return Person(
        **{
            **person.__dict__,
            "name": name,
            "gender": gender,
            "born_on": born_on,
            "joined_on": dt.date(born_on.year + 23, 7, 1),
            "is_probationary": False,
        }
    )


def _posts(size: int, *, is_first: bool) -> list[str]:
    if is_first:
        return [Post.SECRETARY, Post.AFFAIRS_WORKER, Post.MEMBER]
    posts: list[str] = [Post.SECRETARY]
    if size >= 7:
        posts += [Post.DEPUTY_SECRETARY, Post.ORGANIZATION_MEMBER, Post.PUBLICITY_MEMBER]
    if size >= 5:
        posts.append(Post.AFFAIRS_WORKER)
    return posts + [Post.MEMBER] * (size - len(posts))


def _person(
    seed: dict[str, Any],
    dice: random.Random,
    today: dt.date,
    organization: Organization,
    post: str,
    number: int,
) -> Person:
    gender = "m" if dice.random() < 0.56 else "f"
    given = seed["given_male"] if gender == "m" else seed["given_female"]
    name = dice.choice(seed["surnames"]) + dice.choice(given)
    if dice.random() < seed["two_character_share"]:
        name += dice.choice(given)
    # Working people, with a tail of the retired among plain members.
    age = (
        dice.triangular(24, 62, 36)
        if post != Post.MEMBER or dice.random() < 0.94
        else dice.triangular(62, 88, 68)
    )
    born_on = today - dt.timedelta(days=int(age * 365.25) + dice.randrange(300))
    is_probationary = post == Post.MEMBER and age < 45 and dice.random() < 0.04
    joined_days = (
        dice.randrange(20, 350)
        if is_probationary
        else dice.randrange(400, max(500, int((age - 19.5) * 365.25)))
    )
    return Person(
        name=name,
        gender=gender,
        ethnicity=dice.choices(*zip(*seed["ethnic_groups"], strict=True))[0],
        born_on=born_on,
        education=dice.choices(*zip(*seed["educations"], strict=True))[0],
        joined_on=max(today - dt.timedelta(days=joined_days), born_on.replace(year=born_on.year + 18, day=1)),
        organization=organization,
        post=post,
        phone=f"199{number:08d}",
        is_probationary=is_probationary,
    )


def _exempt_the_old(actor: User) -> None:
    """Old members owe nothing from their birthday on; they may study all the same."""
    today = timezone.localdate()
    old = Trainee.objects.filter(born_on__lte=today.replace(year=today.year - OLD_AGE, day=1))
    exempt_in_bulk(
        rows=(
            Exemption(
                trainee=trainee,
                ground=Exemption.Ground.AGE,
                reason="年满七十二周岁，党支部安排送学上门",
                starts_on=dt.date(today.year, 1, 1),
            )
            for trainee in old.order_by("pk")
        ),
        actor=actor,
    )


def _send_some_away(plan: Plan, organizations: Sequence[Organization], actor: User) -> None:
    """Mobile members: at home in one organization, living near another."""
    dice = plan.dice("mobile members")
    wanted = PEOPLE // 80
    people = list(
        Trainee.objects.filter(appointments__post=Post.MEMBER, home_organization__code__startswith="N")
        .order_by("pk")
        .values_list("pk", "home_organization_id")
    )
    changes = []
    for trainee_id, home_id in dice.sample(people, wanted):
        host = dice.choice(organizations[FIXED_COUNT:])
        if host.pk != home_id:
            changes.append(Amendment(trainee_id=trainee_id, details={"host_organization_id": host.pk}))
    amend_in_bulk(changes=changes, actor=actor)

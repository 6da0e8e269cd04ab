"""The tree of “1+7+N”, its groupings, titles and service groups."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from academy.demo.plan import Plan, content
from enrollment.actions.organizations import Founding, found_in_bulk
from enrollment.models import (
    Area,
    DemonstrationTitle,
    Guide,
    GuideKind,
    IndustryTag,
    Organization,
    OrganizationContact,
    OrganizationKind,
    Pairing,
    ServiceGroup,
    TagKind,
    TitleLevel,
    User,
)

#: The fixed organizations that rosters of the tests name stand in these places of the tree.
FIXED_COUNT = 3
#: How the kind of an organization shows in its name; the longer ending first.
KIND_ENDINGS = [
    (OrganizationKind.GENERAL_BRANCH, "总支部委员会"),
    (OrganizationKind.BRANCH, "支部委员会"),
    (OrganizationKind.COMMITTEE, "委员会"),
]
#: Demonstration titles last about three years.
TITLE_YEARS = 3
#: Every so many organizations is paired with another one and has its contacts.
PAIRED_EVERY = 8
#: The roles of the “five ones”, as a zone may name them; plainly fictional.
FIVE_ONES = ("联系领导", "指导员", "联络员", "政策服务员", "法律顾问")


def load(plan: Plan, actor: User) -> list[Organization]:
    """Found the whole tree; returns the grassroots organizations in tree order."""
    seed = content("organizations")
    dice = plan.dice("organizations")
    areas = {
        row["code"]: Area.objects.create(code=row["code"].lower(), name=row["name"]) for row in seed["areas"]
    }
    tags = {
        row["code"]: IndustryTag.objects.create(
            kind=kind, code=f"{kind}-{row['code'].lower()}", name=row["name"]
        )
        for key, kind in [
            ("fields", TagKind.FIELD),
            ("chains", TagKind.CHAIN),
            ("alliances", TagKind.ALLIANCE),
        ]
        for row in seed[key]
    }
    groups = _service_groups(plan, seed)
    zone = seed["zone"]
    found_in_bulk(
        rows=[
            Founding(
                code=zone["code"],
                name=zone["name"],
                short_name=zone["short_name"],
                kind=OrganizationKind.ZONE,
            ),
            *(
                Founding(
                    code=park["code"],
                    name=park["name"],
                    short_name=park["short_name"],
                    kind=OrganizationKind.PARK,
                    parent_code=zone["code"],
                )
                for park in seed["parks"]
            ),
        ],
        actor=actor,
    )
    stars = _stars(plan, seed, dice)
    rows = []
    for number, company in enumerate(itertools.islice(_companies(seed, dice), plan.organizations)):
        rows.append(
            Founding(
                code=company["code"],
                name=company["name"],
                kind=company["kind"],
                parent_code=seed["parks"][company["park"]]["code"],
                area_id=areas[company["area"]].pk,
                service_group_id=groups[number % len(groups)].pk,
                star=stars[number],
                is_social=company["field"] == "social",
                founded_on=dt.date(dice.randint(2004, 2023), dice.randint(1, 12), dice.randint(1, 28)),
                tag_ids=tuple(tags[code].pk for code in company["tags"]),
            )
        )
    organizations = found_in_bulk(rows=rows, actor=actor)
    _titles(plan, seed, organizations, dice)
    _ties(plan, seed, organizations)
    plan.say(f"{len(organizations)} organizations in {len(seed['parks'])} parks")
    return organizations


def _companies(seed: dict[str, Any], dice: random.Random) -> Iterator[dict[str, Any]]:
    """Fictional companies without end: the fixed ones, the training bases', then made-up names, none twice."""
    taken = set()
    for fixed in seed["fixed"]:
        taken.add(fixed["name"])
        yield {**fixed, "tags": [fixed["field"], fixed["chain"], fixed["alliance"]]}
    for base in content("bases")["bases"]:
        if base["party_organization"] not in taken:
            taken.add(base["party_organization"])
            yield {
                "code": f"H{base['code'][1:]}",
                "name": base["party_organization"],
                "kind": next(
                    kind for kind, ending in KIND_ENDINGS if base["party_organization"].endswith(ending)
                ),
                "park": base["park"],
                "area": dice.choice(seed["areas"])["code"],
                "field": base["field"],
                "tags": [base["field"], *([base["chain"]] if base["chain"] else [])],
            }
    names = seed["company_names"]
    weights = names["field_weights"]
    areas, parks, alliances = seed["areas"], seed["parks"], seed["alliances"]
    chains_of: dict[str, list[str]] = {}
    for chain in seed["chains"]:
        chains_of.setdefault(chain["field"], []).append(chain["code"])
    for number in itertools.count(len(taken)):
        field = dice.choices(list(weights), list(weights.values()))[0]
        kind = dice.choices(
            [OrganizationKind.BRANCH, OrganizationKind.GENERAL_BRANCH, OrganizationKind.COMMITTEE], [88, 9, 3]
        )[0]
        for attempt in itertools.count():
            business = dice.choice(names["businesses"][field])
            form = (
                ""
                if business in names["forms"]["none_for"]
                else dice.choices(names["forms"]["default"], names["form_weights"])[0]
            )
            # Ten thousand names are found by dice; beyond that a number tells companies apart.
            serial = "" if attempt < 20 else str(number)
            company = (
                f"示例{dice.choice(names['places'])}{dice.choice(names['stems'])}{serial}{business}{form}"
            )
            name = names["party_patterns"][kind].format(company=company)
            if name not in taken:
                break
        taken.add(name)
        tag_codes = [
            field,
            *([dice.choice(chains_of[field])] if field in chains_of and dice.random() < 0.6 else []),
        ]
        if dice.random() < 0.3:
            tag_codes.append(dice.choice(alliances)["code"])
        yield {
            "code": f"N{number:06d}",
            "name": name,
            "kind": kind,
            "park": dice.randrange(len(parks)),
            "area": dice.choice(areas)["code"],
            "field": field,
            "tags": tag_codes,
        }


def _stars(plan: Plan, seed: dict[str, Any], dice: random.Random) -> list[int | None]:
    five = seed["recognition"]["five_star"] * plan.scale
    choice: list[int | None] = [None, 2, 3, 4]
    rest = dice.choices(choice, [35, 15, 30, 20], k=plan.organizations - five)
    stars: list[int | None] = [*[5] * five, *rest]
    dice.shuffle(stars)
    return stars


def _titles(plan: Plan, seed: dict[str, Any], organizations: list[Organization], dice: random.Random) -> None:
    today = timezone.localdate()
    levels = [
        level
        for level in TitleLevel.values
        for _ in range(seed["recognition"]["demonstration_levels"][level] * plan.scale)
    ]
    honoured = dice.sample(organizations, len(levels))
    DemonstrationTitle.objects.bulk_create(
        [
            DemonstrationTitle(
                organization=organization,
                level=level,
                awarded_on=(awarded := today - dt.timedelta(days=dice.randint(30, TITLE_YEARS * 365 - 60))),
                expires_on=awarded + dt.timedelta(days=TITLE_YEARS * 365),
            )
            for organization, level in zip(honoured, levels, strict=True)
        ],
        batch_size=2000,
    )


def _ties(plan: Plan, seed: dict[str, Any], organizations: list[Organization]) -> None:
    """Pairings and “five one” contacts of every eighth organization, the fixed ones among them."""
    dice, people = plan.dice("ties"), seed["people"]
    today = timezone.localdate()
    tied = [*organizations[1:FIXED_COUNT], *organizations[0 : PAIRED_EVERY * 200 : PAIRED_EVERY]]
    partners = dice.sample(organizations[FIXED_COUNT:], len(tied))
    pairings, contacts = [], []
    for number, (organization, partner) in enumerate(zip(tied, partners, strict=True)):
        begins = today - dt.timedelta(days=dice.randint(60, 900))
        if organization != partner:
            pairings.append(Pairing(organization=organization, partner=partner, starts_on=begins))
        if number % 3 == 0:
            outside = f"示例{dice.choice('春夏秋冬')}园社区党委"
            pairings.append(
                Pairing(
                    organization=organization, partner_name=outside, starts_on=begins, note="共用党群服务站"
                )
            )
        for place, role in enumerate(FIVE_ONES):
            given = people["given_male"] if dice.random() < 0.5 else people["given_female"]
            contacts.append(
                OrganizationContact(
                    organization=organization,
                    role=role,
                    name=dice.choice(people["surnames"]) + dice.choice(given) + dice.choice(given),
                    unit="示例高新区" + dice.choice(["组织部", "工会", "团委", "妇联", "市场监管局"]),
                    phone=f"197{number * len(FIVE_ONES) + place:08d}",
                    starts_on=begins,
                )
            )
    Pairing.objects.bulk_create(pairings, batch_size=2000)
    OrganizationContact.objects.bulk_create(contacts, batch_size=2000)


def _service_groups(plan: Plan, seed: dict[str, Any]) -> list[ServiceGroup]:
    """32 groups with their advisers, liaison officers and specialists (“2510”)."""
    guidance, people = seed["guidance"], seed["people"]
    dice = plan.dice("service groups")
    groups = [
        ServiceGroup.objects.create(
            code=f"g{number:02d}", name=guidance["group_name_pattern"].format(number=number)
        )
        for number in range(1, guidance["groups"] + 1)
    ]
    guides: list[Guide] = []
    for kind, key in [
        (GuideKind.LIAISON_OFFICER, "liaison_officers"),
        (GuideKind.SPECIALIST, "specialists"),
        (GuideKind.ADVISER, "advisers"),
    ]:
        for number in range(guidance[key]):
            given = people["given_male"] if dice.random() < 0.5 else people["given_female"]
            guides.append(
                Guide(
                    group=groups[number % len(groups)],
                    kind=kind,
                    name=dice.choice(people["surnames"]) + dice.choice(given) + dice.choice(given),
                    phone=f"198{len(guides):08d}",
                )
            )
    Guide.objects.bulk_create(guides)
    return groups

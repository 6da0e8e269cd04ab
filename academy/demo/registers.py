"""What keeping a roster brings: transfers in each state, corrections, imports, a merger, letters, an erasure."""

from __future__ import annotations

import datetime as dt
import io
import logging
import smtplib
from collections.abc import Sequence
from typing import Any, NoReturn

from django.core.mail.backends.base import BaseEmailBackend
from django.db.models import Max
from django.test.utils import override_settings
from django.urls import reverse
from django.utils import timezone
from openpyxl import Workbook

from academy.demo.accounts import LOOKED_AFTER
from academy.demo.organizations import FIXED_COUNT
from academy.demo.people import HEADER
from academy.demo.plan import Plan
from enrollment.actions import corrections, guidance, messages, roster, transfers
from enrollment.actions.departures import depart_in_bulk
from enrollment.actions.erasure import erase_due
from enrollment.actions.exemptions import exempt
from enrollment.actions.hours import credit_hours
from enrollment.actions.people import admit
from enrollment.actions.person_mergers import merge_people
from enrollment.actions.roster_columns import choose_columns
from enrollment.models import (
    CorrectionStatus,
    Delivery,
    Exemption,
    HourKind,
    Organization,
    Post,
    Trainee,
    User,
)

#: Headings that no register of ours has: what they hold was said once and is remembered.
OWN_HEADINGS = ("同志", "联络方式", "单位支部", "职责")
#: So many years ago somebody left whom nobody needs to name any more.
LEFT_YEARS_AGO = 3
#: Mail servers of the demo: one is away, one knows nobody of that name, one takes everything.
AWAY, REFUSING, TAKING = (
    "academy.demo.registers.AwayBackend",
    "academy.demo.registers.RefusingBackend",
    "django.core.mail.backends.dummy.EmailBackend",
)


class AwayBackend(BaseEmailBackend):
    """A mail server that cannot be reached."""

    def send_messages(self, email_messages: Sequence[Any]) -> NoReturn:
        raise ConnectionRefusedError(111, "Connection refused")


class RefusingBackend(BaseEmailBackend):
    """A mail server that knows no such address."""

    def send_messages(self, email_messages: Sequence[Any]) -> NoReturn:
        to = email_messages[0].to[0]
        raise smtplib.SMTPRecipientsRefused({to: (550, b"5.1.1 No such user here")})


def load(plan: Plan, organizations: Sequence[Organization], actor: User) -> None:
    """One of each, in the organizations that 李干事 looks after."""
    li = User.objects.get(username="li")
    _erase(organizations[2], actor)
    _transfer(organizations, actor)
    _correct(actor, li)
    _excuse(li)
    _import(organizations[1], li)
    _merge(organizations[2], actor)
    _write(li)
    plan.say("transfers, corrections, imports, letters and an erasure, in each state")


#: What a guide did: in which of the group's organizations, how many days ago, how, what, what is to follow within
#: so many days, and how that was settled.
VISITS = (
    ("F001", 36, "visit", "走访支部，了解主题党日开展情况，企业愿提供活动场地。", "", 0, ""),
    ("F001", 12, "meeting", "与书记商量年底前补齐学时的安排。", "推荐一名书记参加支部书记示范培训班", 30, ""),
    ("", 40, "call", "电话了解新党员教育培训进展。", "寄送《党支部工作手册》两册", 14, ""),
    (
        "",
        55,
        "visit",
        "走访企业，协助梳理党员名册。",
        "核对两名流动党员的联系方式",
        10,
        "已电话核对，名册已更新",
    ),
)


def visit_organizations() -> None:
    """钱顾问 keeps short records: a visit, a follow-up that waits, one that is overdue, one that was settled."""
    qian = User.objects.get(username="qian")
    today = timezone.localdate()
    places = list(Organization.objects.guided_by(qian).exclude(code="F001").order_by("path")[:2])
    for number, (code, ago, way, summary, follow_up, within, settlement) in enumerate(VISITS):
        held_on = today - dt.timedelta(days=ago)
        record = guidance.record_guidance(
            organization=Organization.objects.get(code=code) if code else places.pop(),
            guide=qian,
            way=way,
            held_on=held_on,
            summary=summary,
            nonce=f"demo-visit-{number}",
            follow_up=follow_up,
            follow_up_by=held_on + dt.timedelta(days=within) if follow_up else None,
        )
        if settlement:
            guidance.settle_follow_up(record=record, guide=qian, settlement=settlement)


def _erase(organization: Organization, actor: User) -> None:
    """Somebody left years ago; what no law keeps was erased."""
    today = timezone.localdate()
    left_on = today.replace(year=today.year - LEFT_YEARS_AGO, day=1)
    person = admit(
        name="示例已离开",
        organization=organization,
        phone="19700000001",
        post=Post.MEMBER,
        started_on=left_on - dt.timedelta(days=900),
        actor=actor,
    )
    depart_in_bulk(trainee_ids=[person.pk], on=left_on, actor=actor)
    erase_due(today=today, actor=actor)


def _transfer(organizations: Sequence[Organization], actor: User) -> None:
    """Beside the two that wait: accepted, declined, withdrawn, and out of the zone."""
    ours, elsewhere = organizations[1], organizations[FIXED_COUNT + 1]
    today = timezone.localdate()
    people = list(
        Trainee.objects.active()
        .filter(home_organization=elsewhere, appointments__post=Post.MEMBER, transfers=None)
        .order_by("-pk")[:4]
    )
    started = [
        transfers.start_transfer(
            trainee=person, organization=ours, on=today, reason="企业并购，人员整体划转", actor=actor
        )
        for person in people[:3]
    ]
    for transfer, decide in zip(started, (_accept, _decline, _withdraw), strict=False):
        decide(transfer, actor)
    for person in people[3:]:
        transfers.leave_zone(
            trainee=person, on=today, destination="外市某区委组织部", reason="调往外地工作", actor=actor
        )


def _accept(transfer: Any, actor: User) -> None:
    transfers.accept_transfer(transfer=transfer, actor=actor)


def _decline(transfer: Any, actor: User) -> None:
    transfers.decline_transfer(transfer=transfer, actor=actor, answer="劳动合同尚未签订，请签订后再转")


def _withdraw(transfer: Any, actor: User) -> None:
    transfers.withdraw_transfer(transfer=transfer, actor=actor, answer="本人暂不调动")


def _correct(actor: User, li: User) -> None:
    """One that was put right, and one that waits."""
    zhang = Trainee.objects.get(user__username="zhang")
    asked = corrections.ask_correction(trainee=zhang, text="学历应为本科，登记成了大专。")
    corrections.answer_correction(
        request=asked, actor=li, status=CorrectionStatus.DONE, answer="已按毕业证更正。"
    )
    corrections.ask_correction(trainee=zhang, text="入党时间应为2016年7月，请核对入党志愿书。")


def _excuse(li: User) -> None:
    """An exemption for illness, with its days; those for age come with the roster."""
    today = timezone.localdate()
    ill = (
        Trainee.objects.active()
        .filter(home_organization__code__in=LOOKED_AFTER[1:], appointments__post=Post.MEMBER, exemptions=None)
        .order_by("-pk")
        .first()
    )
    if ill is not None:
        exempt(
            trainee=ill,
            ground=Exemption.Ground.ILLNESS,
            reason="术后休养，附医院诊断证明",
            starts_on=today - dt.timedelta(days=30),
            ends_on=today + dt.timedelta(days=60),
            actor=li,
        )


def _book(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> io.BytesIO:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (headings, *rows):
        sheet.append(list(row))
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def _import(organization: Organization, li: User) -> None:
    """A roster in the words of its own, whose columns were said and are remembered; one that waits."""
    # One comes for the one who left the zone, one has another post: the academy keeps its number.
    known = (
        Trainee.objects.active()
        .filter(home_organization=organization, appointments__post=Post.MEMBER)
        .order_by("-pk")[:1]
        .get()
    )
    rows = [
        ["示例新进", "19700000011", organization.name, ""],
        [known.name, known.phone or "", organization.name, "宣传委员"],
    ]
    read = roster.read_roster(
        file=_book(OWN_HEADINGS, rows), organization=organization, actor=li, name="新进人员名单.xlsx"
    )
    told = dict(enumerate(("name", "phone", "organization", "post")))
    if choose_columns(roster_import=read, told=told, actor=li):
        roster.apply_roster(roster_import=roster.judge_roster(roster_import=read), actor=li)
    waiting = [
        [
            "1",
            "示例待确认",
            "男",
            "汉族",
            "1990.5",
            "本科",
            "2015年7月1日",
            organization.name,
            "",
            "19700000013",
        ],
        ["2", "示例号码有误", "女", "汉族", "1991-06", "本科", "2016.07", organization.name, "", "1970000"],
        ["", "小计", "", "", "", "", "", "", "", "2人"],
    ]
    roster.read_roster(
        file=_book(HEADER[:10], waiting), organization=organization, actor=li, name="补充名单（待确认）.xlsx"
    )


def _merge(organization: Organization, actor: User) -> None:
    """One person entered twice with another phone, chosen by hand and made one."""
    keeper = (
        Trainee.objects.active()
        .filter(home_organization=organization, appointments__post=Post.MEMBER, exemptions=None)
        .order_by("pk")[:1]
        .get()
    )
    other = admit(name=keeper.name, organization=organization, phone="19700000022", actor=actor)
    noon = timezone.make_aware(dt.datetime.combine(timezone.localdate(), dt.time(12))) - dt.timedelta(days=9)
    for person, titles in ((keeper, ["民营经济政策解读"]), (other, ["民营经济政策解读", "公文写作入门"])):
        for title in titles:
            credit_hours(
                trainee=person,
                kind=HourKind.EXTERNAL,
                quarters=8,
                title=title,
                evidence_type="external",
                evidence_id=f"demo-{title}",
                occurred_at=noon,
                actor=actor,
            )
    merge_people(keeper=keeper, other=other, actor=actor, reason="本人更换手机号，重复登记，已电话核实")


def _write(li: User) -> None:
    """A letter that went out at the second attempt, and one that no server took."""
    wang = User.objects.get(username="wang")
    for user, mail in ((li, "li@example.com"), (wang, "wang.old@example.com")):
        user.email = mail
        user.save(update_fields=["email"])
    _tell(li, "demo-letter-1", AWAY, TAKING)
    _tell(wang, "demo-letter-2", REFUSING)


def _tell(user: User, key: str, *servers: str) -> None:
    messages.notify(
        kind="need_answered",
        recipients=[user.pk],
        key=key,
        context={"asked": "希望安排党统填报实操", "answer": "党务工作者实务培训班：已列入年度计划"},
        link=reverse("enrollment:needs"),
    )
    for server in servers:
        due_at = Delivery.objects.filter(message__key=key).aggregate(last=Max("due_at"))["last"]
        if due_at is None:
            return
        # What these servers refuse is meant to be refused: no warning of it while the demo loads.
        log, level = logging.getLogger(messages.__name__), logging.getLogger(messages.__name__).level
        log.setLevel(logging.ERROR)
        with override_settings(EMAIL_BACKEND=server):
            messages.send_due(now=due_at)
        log.setLevel(level)

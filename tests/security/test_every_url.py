"""Walks every address, ours and Wagtail's admin, as every named person and as a stranger.

Each address has a line in addresses.py; one without a line fails, and so does a line that matches nothing.
Nobody meets an error of the server, and who is refused learns no name.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from PIL import Image

from cms.actions import jobs
from cms.pictures import redraw
from courses.actions import discussion, progress, quizzes, reflections
from enrollment.actions import branch, certificates, claims, duplicates, notices
from enrollment.actions.accounts import device_handle
from enrollment.actions.invitations import invite_trainees
from enrollment.actions.messages import notify
from enrollment.actions.people import admit
from enrollment.actions.person_mergers import merge_people
from enrollment.actions.transfers import start_transfer
from enrollment.evidence import EvidenceFile
from practicum import tickets
from practicum.actions import feeds, host_links, papers, releases, visits
from practicum.actions.plans import plan_of
from practicum.rules.visits import Party
from tests.factories import courses as school
from tests.security.addresses import EVERYBODY, PEOPLE, TABLE, Line, line_for

pytestmark = pytest.mark.slow

#: Names and titles that nobody without a right may meet in a refusal.
SECRETS = ("张学员", "王书记", "示例秘密培训班", "示例秘密课", "13800000003")


@dataclass(frozen=True)
class Address:
    """One pattern: its name with its name space, how it is written, and what it wants filled in."""

    identity: str
    route: str
    namespace: str
    name: str | None
    params: tuple[str, ...]
    model: type[models.Model] | None


def model_of(view: Any) -> type[models.Model] | None:
    """The model a class-based view is about, looked up through its decorators."""
    while view is not None:
        kwargs = getattr(view, "view_initkwargs", {})
        model = kwargs.get("model") or getattr(getattr(view, "view_class", None), "model", None)
        if isinstance(model, type) and issubclass(model, models.Model):
            return model
        view = getattr(view, "__wrapped__", None)
    return None


def addresses(
    resolver: URLResolver | None = None, namespaces: tuple[str, ...] = (), before: str = ""
) -> Iterator[Address]:
    """Every pattern below ``resolver``."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from addresses(pattern, inner, route)
        elif isinstance(pattern, URLPattern):
            namespace = ":".join(namespaces)
            identity = f"{namespace}:{pattern.name}" if pattern.name else f"/{route}"
            regex = pattern.pattern.regex.pattern
            params = tuple(re.findall(r"<(?:\w+:)?(\w+)>", route)) or tuple(
                f"_{index}" for index in range(regex.count("(") - regex.count("(?:"))
            )
            yield Address(identity, route, namespace, pattern.name, params, model_of(pattern.callback))


@pytest.fixture
def world(everyone, soft, bio, park):
    """One of everything that an address may be about, all of it on 张学员's side of the academy."""
    from enrollment.models import (
        AnnualPlan,
        ClassLeave,
        DuplicatePair,
        Enrollment,
        EnrollmentStatus,
        NeedField,
        NeedsSurvey,
        Quota,
        RosterImport,
        TrainingNeed,
        UserSession,
    )
    from practicum.models import BaseHost, Blackout, CalendarFeed, Leave, MissedSeat
    from tests.factories import practicum as make

    zhang, wang, chen, zhao, sun = (everyone[name] for name in ("zhang", "wang", "chen", "zhao", "sun"))
    training_class = make.TrainingClassFactory(title="示例秘密培训班", status="nominating")
    make.on_roster(training_class, zhang.trainee, wang.trainee)
    quota = Quota.objects.create(training_class=training_class, organization=soft, seats=5)
    enrolment = Enrollment.objects.get(training_class=training_class, trainee=zhang.trainee)
    Enrollment.objects.filter(pk=enrolment.pk).update(quota=quota)
    leave = ClassLeave.objects.create(
        enrollment=enrolment, starts_at=make.at(9), ends_at=make.at(12), reason="示例"
    )
    year = AnnualPlan.objects.create(
        year=2030, status="published", approved_at=timezone.now(), approved_by=zhao
    )
    survey = NeedsSurvey.objects.create(year=2030, opens_on=make.at(9).date(), closes_on=make.at(9).date())
    need = TrainingNeed.objects.create(
        survey=survey,
        field=NeedField.objects.first(),
        text="示例需求",
        organization=soft,
        asked_by=zhang,
        asked_at=timezone.now(),
    )
    notice = notices.begin_notice(training_class=training_class, actor=zhao)
    notices.publish_notice(notice=notice, actor=zhao)
    attachment = notices.attach(notice=notice, file=ContentFile(b"%PDF", name="示例.pdf"), actor=zhao)
    done = make.TrainingClassFactory(title="示例旧班", status="closed")
    finished = Enrollment.objects.create(
        training_class=done, trainee=zhang.trainee, status=EnrollmentStatus.COMPLETED
    )
    base = make.TrainingBaseFactory(name="示例基地")
    BaseHost.objects.create(base=base, user=sun)
    session = make.session(title="示例秘密课", training_class=training_class, base=base)
    today = timezone.localdate()
    closure = Blackout.objects.create(base=base, starts_on=today, ends_on=today, reason="示例秘密课")
    visit = visits.request(
        base=base,
        starts_at=make.at(9, days=20),
        ends_at=make.at(11, days=20),
        headcount=20,
        actor=zhao,
        now=timezone.now(),
        training_class=training_class,
        title="示例秘密课",
    )
    visit = visits.check(visit=visit, actor=zhao)
    link = tickets.host_token(host_links.issue(visit=visit, actor=zhao, now=timezone.now()).key)
    paper = papers.hand_in(
        visit=visit,
        file=SimpleUploadedFile("示例.pdf", b"%PDF-1.4\n"),
        party=Party.ACADEMY,
        actor=zhao,
        now=timezone.now(),
    )
    module = school.module(chen)
    course = school.course(module=module, slug="policy")
    lesson = school.lesson(course, slug="reading", quiz=school.quiz(1, module=module))
    outline, lesson_outline = school.outlines(lesson)
    reflection = handed_in(zhang, school.lesson(course, slug="reflect", rule="reflect"))
    question = discussion.ask(user=zhang, lesson=lesson_outline, text="示例问题", key=uuid.uuid4())
    said = discussion.reply(question=question, user=wang, text="示例回复", key=uuid.uuid4())
    device = Client()
    device.force_login(zhang)
    newcomer = admit(name="示例新人", organization=soft, actor=None, started_on=dt.date(2024, 1, 1))
    feed = CalendarFeed.objects.create(user=zhang)
    twins = [admit(name="示例同人", organization=soft, actor=None) for _number in range(4)]
    duplicates.find_duplicates()
    pair = DuplicatePair.objects.get(one=twins[0], other=twins[1])
    merger = merge_people(keeper=twins[2], other=twins[3], actor=zhao)
    certificate = certificates.issue(enrollment=finished, actor=zhao)
    handed_over = start_transfer(
        trainee=wang.trainee,
        organization=bio,
        on=timezone.localdate(),
        reason="示例",
        actor=everyone["li"],
    )
    opened = make.session(title="示例开放课", seats=5, is_open=True, starts_at=make.at(9, days=25))
    empty = MissedSeat.objects.create(
        session=session, trainee=zhang.trainee, organization=soft, kind="absent", noted_at=timezone.now()
    )
    drafted = releases.draft_move(session=session, plan=plan_of(session), actor=zhao)
    public = releases.release(changes=[drafted], note_given="", now=timezone.now(), actor=zhao)
    values: dict[str, Any] = {
        "practicum:draft:pk": releases.draft_cancel(session=session, reason_given="示例", actor=zhao).pk,
        "practicum:release:number": public.number,
        "practicum:seats:pk": opened.pk,
        "practicum:seat_people:pk": opened.pk,
        "practicum:seat_appeal:pk": empty.pk,
        "practicum:appeal_decide:pk": empty.pk,
        **{f"portal:workbench_duplicate{name}:pk": pair.pk for name in ("", "_merge", "_apart")},
        "portal:workbench_merger:pk": merger.pk,
        "portal:workbench_transfer_new:pk": newcomer.pk,
        **{f"portal:workbench_transfer{name}:pk": handed_over.pk for name in ("", "_answer")},
        "portal:workbench_merger_undo:pk": merger.pk,
        "accounts:handle": device_handle(UserSession.objects.get(user=zhang)),
        "accounts:code": invite_trainees(trainees=[newcomer], actor=zhao)[0].code,
        "accounts:trainee_id": newcomer.pk,
        "portal:code": park.code,
        "enrollment:pk": training_class.pk,
        "enrollment:leave_pk": leave.pk,
        "enrollment:year": year.year,
        "enrollment:need:pk": need.pk,
        "enrollment:file_pk": attachment.pk,
        "portal:workbench_class:pk": training_class.pk,
        "portal:workbench_nominate:pk": training_class.pk,
        "portal:workbench_withdraw:pk": training_class.pk,
        "portal:enrollment_pk": enrolment.pk,
        "portal:pk": RosterImport.objects.create(
            organization=soft, uploaded_by=everyone["li"], file_name="roster.xlsx", status="ready"
        ).pk,
        "portal:trainee_pk": zhang.trainee.pk,
        "portal:external_pk": sent_in(zhang).pk,
        "portal:adjustment_pk": proposed(everyone["li"], zhang).pk,
        "portal:activity_pk": held(everyone["li"], zhang).pk,
        "enrollment:proof:pk": zhang.trainee.pk,
        "forms:code": "roster",
        "forms:key": training_class.pk,
        "enrollment:code": certificate.verification_code,
        "enrollment:certificate_pdf:pk": certificate.pk,
        "enrollment:certificate_manage:pk": certificate.pk,
        "enrollment:version": certificate.template.version,
        "courses:slug": course.slug,
        "courses:lesson_slug": lesson.slug,
        "courses:lesson_id": lesson.pk,
        "courses:attempt_id": quizzes.begin(user=zhang, course=outline, lesson=lesson_outline).pk,
        "courses:question_id": said.question_id,
        "courses:reply_id": said.pk,
        "courses:picture_id": reflection.pictures.get().pk,
        "courses:teaching_reflection:pk": reflection.reflection_id,
        "practicum:pk": session.pk,
        "practicum:trainee_pk": zhang.trainee.pk,
        "practicum:leave_pk": Leave.objects.create(session=session, trainee=zhang.trainee, reason="示例").pk,
        "practicum:timetable:pk": training_class.pk,
        "practicum:code": base.code,
        "practicum:digits": "000000",
        "practicum:token": feed.token,
        "practicum:shared_feed:kind": "base",
        "practicum:shared_feed:pk": base.pk,
        "practicum:shared_ics:token": feeds.share(
            kind="base", thing=base, actor=zhao, now=timezone.now()
        ).token,
        "practicum:visit:pk": visit.pk,
        "practicum:closure:pk": closure.pk,
        "practicum:closure_session:pk": closure.pk,
        "practicum:closure_session:session_pk": session.pk,
        "practicum:visit_move:pk": visit.pk,
        "practicum:visit_elsewhere:pk": visit.pk,
        "practicum:host_visit:pk": visit.pk,
        "practicum:host_answer:pk": visit.pk,
        "practicum:visit_headcount:pk": visit.pk,
        "practicum:visit_vehicles:pk": visit.pk,
        "practicum:visit_link:pk": visit.pk,
        "practicum:visit_papers:pk": visit.pk,
        "practicum:visit_rating:pk": visit.pk,
        "practicum:paper:pk": paper.pk,
        "practicum:paper_remove:pk": paper.pk,
        "practicum:host_paper:pk": paper.pk,
        "practicum:link:token": link,
        "practicum:link_visit:token": link,
        "practicum:link_visit:pk": visit.pk,
        "practicum:link_answer:token": link,
        "practicum:link_answer:pk": visit.pk,
        "practicum:link_paper:token": link,
        "practicum:link_paper:pk": visit.pk,
        "practicum:link_paper:paper_pk": paper.pk,
        "messages:pk": told(zhang).pk,
        "jobs:pk": exported(everyone["li"]).pk,
        "cms:token": "none",
        "cms:name": "none.jpg",
        "parent_page_id": 1,
        "page_id": 1,
        "pk": 1,
        "app_label": "wagtailcore",
        "model_name": "page",
        "action": "delete",
        "uidb64": "MQ",
        "token": "none",
        "_0": "1",
        "_1": "none",
    }
    return values


def told(user):
    """A message to ``user``."""
    notify(kind="certificate_issued", recipients=[user.pk], key="walk", context={"title": "示例秘密培训班"})
    return user.inbox.get(key="walk")


def sent_in(user):
    """An external training of ``user`` that waits for a decision."""
    begins = timezone.now() - dt.timedelta(days=3)
    return claims.send_training(
        trainee=user.trainee,
        title="示例秘密课",
        organizer="区委党校",
        starts_at=begins,
        ends_at=begins + dt.timedelta(hours=3),
        unit="hour",
        amount=Decimal(2),
        evidence=EvidenceFile("pdf", "walk", b"%PDF-1.4 %%EOF"),
        evidence_name="证明.pdf",
        submission_key="walk",
        actor=user,
    )


def proposed(user, about):
    """An adjustment that ``user`` proposed."""
    return claims.propose_adjustment(
        trainee=about.trainee,
        title="示例秘密课",
        reason="旧系统记录",
        year=timezone.localdate().year,
        quarters=4,
        submission_key="walk",
        actor=user,
    )


def held(user, attendee):
    """A branch activity that ``user`` recorded."""
    begins = timezone.now() - dt.timedelta(days=5)
    return branch.record_activity(
        organization=attendee.trainee.home_organization,
        form="theme_day",
        title="示例秘密课",
        starts_at=begins,
        ends_at=begins + dt.timedelta(hours=2),
        attendees=[attendee.trainee],
        submission_key="walk",
        actor=user,
    )


def handed_in(user, page):
    """What ``user`` wrote of a lesson, with a picture."""
    course, lesson = school.outlines(page)
    progress.open_lesson(user=user, course=course, lesson=lesson)
    drawn = io.BytesIO()
    Image.new("RGB", (4, 4)).save(drawn, "PNG")
    return reflections.hand_in(
        user=user,
        lesson_id=page.pk,
        text="示例心得" * 40,
        key=uuid.uuid4(),
        pictures=[redraw(drawn, name="a.png")],
    )


def exported(user):
    """A list that ``user`` had prepared."""
    job = jobs.begin(kind="academy.members", owner=user, title="示例导出", parameters={"year": 2026})
    jobs.run(job_id=job.pk)
    job.refresh_from_db()
    return job


def filled(address: Address, world: dict[str, Any]) -> str:
    """The address with its places filled from the world.

    Raises:
        KeyError: there is nothing of that kind in the world.
    """
    route = address.route
    if "(" in route:
        return "/" + {
            ":wagtail_serve": "",
            ":wagtaildocs_serve": "documents/1/none.pdf",
            "/admin/^.*/$": "admin/nothing-of-the-kind/",
        }.get(address.identity, re.sub(r"\^|\$|\(.*?\)|\\", "", route))
    for name in address.params:
        if name in {"pk", "object_id"} and address.model is not None and "admin/" in route:
            value = address.model._default_manager.values_list("pk", flat=True).first() or 1
        else:
            keys = (f"{address.identity}:{name}", f"{address.namespace}:{name}")
            value = next((world[key] for key in keys if key in world), None)
            if value is None:
                if not route.startswith(("admin/", "_util/", "documents/")):
                    raise KeyError(f"{address.identity} wants {name}: put one into the world fixture")
                value = world.get(name, "1")
        route = re.sub(rf"<(?:\w+:)?{name}>", str(value), route)
    return "/" + route


def outcome(response: HttpResponse, identity: str) -> str:
    """What became of a request, in one word."""
    if response.status_code >= 500:
        return "error"
    if response.status_code == 401:
        return "sign in"
    if response.status_code in {403, 404, 410}:
        return "refused"
    if response.status_code == 405:
        return "other method"
    location = response.headers.get("Location", "")
    if response.status_code in {301, 302}:
        if location.startswith(("/accounts/login/", "/admin/login/", "/_util/login/")):
            return "sign in"
        if location == "/admin/" and identity not in {":wagtailadmin_home", ":account_login"}:
            return "refused"
    return "open"


def ask(client: Client, method: str, url: str) -> HttpResponse:
    """One request, of which nothing stays: no row, and no new session key."""
    cookies = client.cookies.copy()
    with transaction.atomic():
        response = getattr(client, method)(url)
        if getattr(response, "streaming", False):
            b"".join(response.streaming_content)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


ALL = sorted(set(addresses()), key=lambda one: (one.identity, one.route))


def test_every_address_has_a_line_and_every_line_an_address():
    without = sorted({one.identity for one in ALL if line_for(one.identity) is None})
    assert not without, "write a line in tests/security/addresses.py for: " + ", ".join(without)
    used = {id(line_for(one.identity)) for one in ALL}
    assert not [one.pattern for one in TABLE if id(one) not in used]


def judge(line: Line, who: str, got: str, sent: str, answer: HttpResponse) -> str:
    """What is wrong with an answer; nothing if all is well."""
    if got == "error":
        return f"{answer.status_code}"
    if who in line.depends:
        return ""
    if who in line.who:
        if got == "other method" and sent == "get":
            return ""
        return "" if got in {"open", "other method"} else f"{got}, should be let in ({answer.status_code})"
    if got == "open":
        return f"let in ({answer.status_code}), should be refused"
    body = answer.content.decode(errors="replace") if not getattr(answer, "streaming", False) else ""
    told = [secret for secret in SECRETS if secret in body]
    # A page's own frame names the person who asks.
    return f"the refusal tells {told}" if told and who not in {"zhang", "wang"} else ""


@pytest.mark.long
@pytest.mark.django_db
@pytest.mark.parametrize("who", ["stranger", *PEOPLE])
def test_every_address_answers_each_person_as_it_should(who, world, everyone, settings):
    client = Client(raise_request_exception=False)
    if who != "stranger":
        client.force_login(everyone[who])
    wrong = []
    for address in ALL:
        line = line_for(address.identity)
        if line is None:
            continue
        url = filled(address, world)
        # Wagtail guards its addresses whatever the method; ours are tried with both.
        for method in ("get",) if address.route.startswith("admin/") else ("get", "post"):
            answer = ask(client, method, url)
            got = outcome(answer, address.identity)
            # An empty form may be refused where the page may be read; the page decides about who gets in.
            if method == "post" and who in line.who and got == "refused":
                continue
            if problem := judge(line, who, got, method, answer):
                wrong.append(f"{method.upper()} {url} ({address.identity}): {problem}")
    assert not wrong, f"{who}:\n" + "\n".join(wrong)


# --- Somebody else's objects -----------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("practicum:session", ["practicum:pk"]),
        ("practicum:session_calendar", ["practicum:pk"]),
        ("practicum:attendance", ["practicum:pk"]),
        ("practicum:person", ["practicum:pk", "practicum:trainee_pk"]),
        ("practicum:timetable", ["practicum:timetable:pk"]),
        ("practicum:visit", ["practicum:visit:pk"]),
        ("practicum:host_visit", ["practicum:visit:pk"]),
        ("courses:attempt", ["courses:attempt_id"]),
        ("courses:reflection_picture", ["courses:picture_id"]),
        ("courses:teaching_reflection", ["courses:teaching_reflection:pk"]),
        ("enrollment:class_roster", ["enrollment:pk"]),
        ("enrollment:class_certificates", ["enrollment:pk"]),
        ("enrollment:certificate_pdf", ["enrollment:certificate_pdf:pk"]),
        ("enrollment:certificate_manage", ["enrollment:certificate_manage:pk"]),
        ("portal:workbench_import", ["portal:pk"]),
        ("portal:workbench_class", ["portal:workbench_class:pk"]),
        ("portal:person_explanation", ["portal:trainee_pk"]),
        ("portal:external_record", ["portal:external_pk"]),
        ("portal:external_evidence", ["portal:external_pk"]),
        ("portal:zone_people", ["portal:code"]),
        ("portal:zone_people_export", ["portal:code"]),
    ],
)
def test_what_belongs_to_others_is_not_there(name, arguments, world, everyone):
    client = Client(raise_request_exception=False)
    client.force_login(everyone["outsider"])
    answer = client.get(reverse(name, args=[world[argument] for argument in arguments]))
    assert answer.status_code in {403, 404}, answer.status_code
    body = answer.content.decode()
    assert not [secret for secret in SECRETS if secret in body]


# --- What every answer carries --------------------------------------------------------------------------


@pytest.mark.django_db
def test_answers_carry_the_headers_of_protection(client, zhao):
    page = client.get("/accounts/login/")
    policy = page["Content-Security-Policy"]
    for part in ("default-src 'self'", "object-src 'none'", "base-uri 'self'", "frame-ancestors 'self'"):
        assert part in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self'" in policy
    assert "'unsafe-inline'" not in re.search(r"script-src [^;]*", policy)[0]
    assert page["X-Content-Type-Options"] == "nosniff"
    assert page["X-Frame-Options"] == "DENY"
    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "no-store" in page["Cache-Control"]
    client.force_login(zhao)
    admin = client.get("/admin/")
    assert "script-src 'self' 'unsafe-inline'" in admin["Content-Security-Policy"]
    assert "default-src 'self'" in admin["Content-Security-Policy"]
    missing = client.get("/no-such-page/")
    assert missing.status_code == 404
    assert "Content-Security-Policy" in missing


@pytest.mark.django_db
def test_cookies_are_closed_to_scripts(client, zhang):
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": "zhang", "password": "Academy-test-2026"})
    for name in ("sessionid", "csrftoken", "django_language"):
        assert client.cookies[name]["httponly"], name
        assert client.cookies[name]["samesite"] == "Lax", name


@pytest.mark.django_db
def test_pages_of_ours_hold_no_inline_script_or_style(everyone, world):
    """The policy would block them; a browser would only whisper about it."""
    client = Client()
    client.force_login(everyone["zhang"])
    for url in (
        "/",
        "/accounts/devices/",
        "/accounts/password/change/",
        "/me/",
        "/courses/",
        "/practicum/schedule/",
    ):
        body = client.get(url).content.decode()
        assert not re.search(
            r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")(?![^>]*nonce=)", body
        ), url
        assert not re.search(r"<style(?![^>]*nonce=)", body), url
        assert not re.search(r"\son\w+=\"", body), url


@pytest.mark.django_db
def test_error_pages_are_ours(client, rf):
    from enrollment.views import errors

    assert "entrance-card" in client.get("/no-such-page/").content.decode()
    request = rf.get("/")
    for view, status in ((errors.bad_request, 400), (errors.forbidden, 403), (errors.not_found, 404)):
        answer = view(request, Exception("inside"))
        assert answer.status_code == status
        assert "inside" not in answer.content.decode()
    broken = errors.server_error(request)
    assert broken.status_code == 500
    assert "<h1>" in broken.content.decode()


def test_the_walk_knows_all_models_that_admin_addresses_are_about():
    assert {one.model for one in ALL if one.model is not None} <= set(apps.get_models())
    assert set(PEOPLE) < EVERYBODY

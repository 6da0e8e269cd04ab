"""A base answers by a link: what it opens, what it does not, how it ends, and what is written down."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from wagtail.models import ModelLogEntry

from cms.refusals import Refused
from practicum import tickets
from practicum.actions import host_links, papers, visits
from practicum.models import HostDeed, HostLink, HostLinkUse, Session, Visit, VisitPaper
from practicum.rules import host_links as rules
from practicum.rules import papers as paper_rules
from practicum.rules.visits import Party
from tests.factories import practicum as make
from tests.factories.practicum import at

PDF = b"%PDF-1.4\n%%EOF\n"


# --- Rules ---------------------------------------------------------------------------------------------


def test_a_link_outlives_the_visit_and_then_ends() -> None:
    now = at(9)
    assert rules.expiry(now=now, visit_ends_at=at(11, days=20)) == at(11, days=50)
    assert rules.expiry(now=now, visit_ends_at=at(11, days=-20)) == now + dt.timedelta(days=30)
    assert rules.expiry(now=now, visit_ends_at=None) == now + dt.timedelta(days=180)
    assert rules.refusal(now=now, expires_at=now, revoked_at=None) == "link_expired"
    assert rules.refusal(now=now, expires_at=at(10), revoked_at=at(8)) == "link_revoked"
    assert rules.refusal(now=now, expires_at=at(10), revoked_at=None) == ""


def test_an_address_that_was_changed_in_any_place_is_not_ours() -> None:
    key = uuid.uuid4()
    token = tickets.host_token(key)
    assert tickets.host_key(token) == key
    for place in range(len(token)):
        other = "A" if token[place] != "A" else "B"
        assert tickets.host_key(token[:place] + other + token[place + 1 :]) is None, place
    for text in ("", ".", "abc", "党建", token[:-1], token.split(".")[0]):
        assert tickets.host_key(text) is None


@pytest.mark.parametrize(
    ("name", "head", "size", "already", "code"),
    [
        ("安全须知.pdf", b"%PDF-1.7", 100, 0, ""),
        ("a.PNG", b"\x89PNG\r\n\x1a\n", 100, 0, ""),
        ("a.docx", b"PK\x03\x04abcd", 100, 0, ""),
        ("a.pdf", b"MZ\x90\x00", 100, 0, "paper_not_what_it_says"),
        ("a.pdf", b"", 0, 0, "paper_not_what_it_says"),
        ("a.html", b"<html>", 100, 0, "paper_of_other_kind"),
        ("pdf", b"%PDF-", 100, 0, "paper_of_other_kind"),
        ("a.pdf", b"%PDF-", paper_rules.MAX_BYTES + 1, 0, "paper_too_large"),
        ("a.pdf", b"%PDF-", 100, paper_rules.MOST_OF_ONE_VISIT, "papers_too_many"),
    ],
)
def test_what_may_be_handed_in(name, head, size, already, code) -> None:
    assert paper_rules.refusal(name=name, size=size, head=head, already=already) == code


# --- The link ------------------------------------------------------------------------------------------


@pytest.fixture
def visit(base, training_class, zhao) -> Visit:
    """A visit of the class that waits for the base's answer."""
    found = visits.request(
        base=base,
        starts_at=at(9, days=20),
        ends_at=at(11, days=20),
        headcount=20,
        actor=zhao,
        now=timezone.now(),
        training_class=training_class,
        title="示例车间现场教学",
    )
    return visits.check(visit=found, actor=zhao)


@pytest.fixture
def link(visit, zhao) -> HostLink:
    """The link to that visit."""
    return host_links.issue(visit=visit, actor=zhao, now=timezone.now())


def path(link: HostLink, name: str = "link", *more: int) -> str:
    return reverse(f"practicum:{name}", args=[tickets.host_token(link.key), *more])


def deeds(link: HostLink) -> list[str]:
    return list(link.uses.order_by("pk").values_list("deed", flat=True))


@pytest.mark.django_db
def test_a_base_without_an_account_confirms_by_the_link(visit, link, zhao) -> None:
    client = Client(headers={"user-agent": "MicroMessenger Android"})
    answer = client.get(path(link))
    assert answer.status_code == 302
    assert answer.headers["Location"] == path(link, "link_visit", visit.pk)
    page = client.get(path(link, "link_visit", visit.pk))
    text = page.content.decode()
    assert page.status_code == 200
    assert visit.title in text
    assert "no-store" in page.headers["Cache-Control"]
    assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
    done = client.post(path(link, "link_answer", visit.pk), {"confirm": "1"})
    assert done.status_code == 302
    visit.refresh_from_db()
    assert visit.status == "confirmed"
    assert Session.objects.filter(visit_batch__visit=visit).count() == 1
    assert deeds(link) == [HostDeed.OPEN, HostDeed.CONFIRM]
    use = link.uses.first()
    assert use.device == "MicroMessenger Android"
    entry = ModelLogEntry.objects.get(action="practicum.visit_confirm")
    assert entry.user is None
    assert entry.data["link"] == link.pk
    assert zhao.inbox.filter(kind="visit_news").exists()


@pytest.mark.django_db
def test_the_link_shows_one_visit_and_nothing_else(visit, link, base, zhao, zhang) -> None:
    other = visits.request(
        base=base, starts_at=at(14, days=20), ends_at=at(16, days=20), headcount=5, actor=zhao,
        now=timezone.now(), title="别的参观",
    )  # fmt: skip
    visits.check(visit=other, actor=zhao)
    client = Client()
    assert client.get(path(link, "link_visit", other.pk)).status_code == 404
    assert client.post(path(link, "link_answer", other.pk), {"confirm": "1"}).status_code == 404
    text = client.get(path(link, "link_visit", visit.pk)).content.decode()
    assert "别的参观" not in text
    # The frame leads nowhere: no menu, no foot, no other page of the academy.
    for name in ("practicum:host", "practicum:schedule", "portal:me", "account_login", "practicum:base_list"):
        assert reverse(name) not in text, name
    # Somebody who happens to be signed in sees the same, with nothing of their own in it.
    client.force_login(zhang)
    assert "张学员" not in client.get(path(link, "link_visit", visit.pk)).content.decode()


@pytest.mark.django_db
def test_a_link_to_a_base_shows_its_visits_once_they_were_passed_on(visit, base, zhao) -> None:
    hidden = visits.request(
        base=base, starts_at=at(14, days=21), ends_at=at(16, days=21), headcount=5, actor=zhao,
        now=timezone.now(), title="尚未转交",
    )  # fmt: skip
    elsewhere = make.TrainingBaseFactory()
    foreign = visits.check(
        visit=visits.request(
            base=elsewhere, starts_at=at(9, days=20), ends_at=at(10, days=20), headcount=5, actor=zhao,
            now=timezone.now(), title="别家基地",
        ),
        actor=zhao,
    )  # fmt: skip
    link = host_links.issue(base=base, actor=zhao, now=timezone.now())
    client = Client()
    text = client.get(path(link)).content.decode()
    assert visit.title in text
    assert "尚未转交" not in text
    assert "别家基地" not in text
    assert client.get(path(link, "link_visit", visit.pk)).status_code == 200
    for row in (hidden, foreign):
        assert client.get(path(link, "link_visit", row.pk)).status_code == 404


@pytest.mark.django_db
def test_what_the_list_of_a_base_costs_does_not_grow(visit, base, zhao, django_assert_num_queries) -> None:
    link = host_links.issue(base=base, actor=zhao, now=timezone.now())
    client = Client()
    client.get(path(link))

    def cost() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            assert client.get(path(link)).status_code == 200
        return len(captured)

    before = cost()
    for day in range(22, 30):
        row = visits.request(
            base=base, starts_at=at(9, days=day), ends_at=at(10, days=day), headcount=5, actor=zhao,
            now=timezone.now(),
        )  # fmt: skip
        visits.check(visit=row, actor=zhao)
    assert cost() == before


@pytest.mark.django_db
def test_the_roster_has_no_number_and_goes_when_the_visit_is_over(visit, link, zhang) -> None:
    zhang.trainee.phone = "13800000003"
    zhang.trainee.save()
    visits.confirm(visit=visit, actor=None, now=timezone.now(), via=link)
    client = Client()
    text = client.get(path(link, "link_visit", visit.pk)).content.decode()
    assert zhang.trainee.name in text
    assert "13800000003" not in text
    assert "138****" not in text
    long_ago = at(9, days=-5)
    Session.objects.filter(visit_batch__visit=visit).update(
        starts_at=long_ago, ends_at=long_ago + dt.timedelta(hours=2)
    )
    Visit.objects.filter(pk=visit.pk).update(starts_at=long_ago, ends_at=long_ago + dt.timedelta(hours=2))
    assert zhang.trainee.name not in client.get(path(link, "link_visit", visit.pk)).content.decode()


@pytest.mark.django_db
def test_by_the_link_a_base_declines_or_proposes_in_batches(visit, link) -> None:
    client = Client()
    answer_url = path(link, "link_answer", visit.pk)
    assert client.post(answer_url, {"decline": "1", "reason": ""}).status_code == 422
    # A form that was not filled in is no use of the link.
    assert deeds(link) == []
    day = f"{timezone.localtime(visit.starts_at) + dt.timedelta(days=90):%Y-%m-%d}"
    proposal = {
        "propose": "1", "message": "分两批", "starts_1": f"{day}T09:00", "ends_1": "10:30", "people_1": "10",
        "starts_2": f"{day}T14:00", "ends_2": "15:30", "people_2": "10",
    }  # fmt: skip
    assert client.post(answer_url, proposal).status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.batches.count()) == ("proposed", 2)
    # Three months later than what was asked for: the link lasts as long.
    link.refresh_from_db()
    assert link.expires_at > visit.ends_at + dt.timedelta(days=110)
    assert client.post(answer_url, {"decline": "1", "reason": "设备检修"}).status_code == 302
    visit.refresh_from_db()
    assert (visit.status, visit.answer) == ("declined", "设备检修")
    # Nothing more can be said; the sentence says why, and the attempt is not kept as a deed.
    late = client.post(answer_url, {"confirm": "1"})
    assert late.status_code == 409
    assert deeds(link) == [HostDeed.PROPOSE, HostDeed.DECLINE]


@pytest.mark.django_db
def test_a_link_that_leaked_is_renewed_and_the_old_one_turned_away(visit, link, zhao, sign_in) -> None:
    staff = sign_in(user=zhao)
    staff.post(reverse("practicum:visit_link", args=[visit.pk]), {"renew": "1"})
    old, new = HostLink.objects.order_by("pk")
    assert old == link
    client = Client()
    turned_away = client.get(path(old, "link_visit", visit.pk))
    assert turned_away.status_code == 410
    assert visit.title not in turned_away.content.decode()
    assert client.post(path(old, "link_answer", visit.pk), {"confirm": "1"}).status_code == 410
    visit.refresh_from_db()
    assert visit.status == "with_base"
    assert deeds(old) == [HostDeed.REFUSED, HostDeed.REFUSED]
    assert client.get(path(new, "link_visit", visit.pk)).status_code == 200
    shown = staff.get(reverse("practicum:visit", args=[visit.pk])).content.decode()
    assert path(new) in shown
    assert path(old) not in shown
    staff.post(reverse("practicum:visit_link", args=[visit.pk]), {"revoke": "1"})
    assert client.get(path(new)).status_code == 410
    assert ModelLogEntry.objects.filter(action="practicum.link_revoke").count() == 2


@pytest.mark.django_db
def test_an_expired_link_is_turned_away(visit, link) -> None:
    HostLink.objects.update(
        created_at=timezone.now() - dt.timedelta(days=9), expires_at=timezone.now() - dt.timedelta(minutes=1)
    )
    answer = Client().get(path(link))
    assert answer.status_code == 410
    assert deeds(link) == [HostDeed.REFUSED]


@pytest.mark.django_db
def test_strangers_with_a_wrong_link_get_one_page_and_then_have_to_wait(link) -> None:
    client = Client()
    url = reverse("practicum:link", args=["nonsense"])
    pages = [client.get(url) for _number in range(rules.WRONG_IN_TEN_MINUTES + 1)]
    assert {page.status_code for page in pages} == {404}
    # Signed by us, but the row is gone: the same page.
    gone = reverse("practicum:link", args=[tickets.host_token(uuid.uuid4())])
    assert client.get(gone).status_code == 429
    # From elsewhere the good link still works.
    assert client.get(path(link), REMOTE_ADDR="198.51.100.9").status_code == 302
    assert HostLinkUse.objects.count() == 0


@pytest.mark.django_db
def test_a_link_that_is_hammered_rests_for_a_minute(visit, link) -> None:
    client = Client()
    url = path(link, "link_visit", visit.pk)
    assert [client.get(url).status_code for _number in range(rules.USES_A_MINUTE)] == [
        200
    ] * rules.USES_A_MINUTE
    assert [client.get(url).status_code for _number in range(3)] == [429, 429, 429]
    assert deeds(link).count(HostDeed.RESTED) == 1
    HostLinkUse.objects.update(used_at=timezone.now() - dt.timedelta(minutes=2))
    assert client.get(url).status_code == 200


@pytest.mark.django_db
def test_a_link_is_made_only_once_the_base_may_know(base, training_class, zhao, sign_in) -> None:
    asked = visits.request(
        base=base, starts_at=at(9, days=20), ends_at=at(11, days=20), headcount=20, actor=zhao,
        now=timezone.now(), training_class=training_class,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        host_links.issue(visit=asked, actor=zhao, now=timezone.now())
    assert refused.value.code == "move_not_open"
    client = sign_in(user=zhao)
    client.post(reverse("practicum:visit_link", args=[asked.pk]), {"issue": "1"})
    assert not HostLink.objects.exists()
    visits.reject(visit=asked, actor=zhao, reason_given="改期")
    asked.refresh_from_db()
    with pytest.raises(Refused) as refused:
        host_links.issue(visit=asked, actor=zhao, now=timezone.now())
    assert refused.value.code == "visit_over"


@pytest.mark.django_db
def test_the_database_keeps_links_in_order(visit, base, link) -> None:
    now = timezone.now()
    later = now + dt.timedelta(days=1)
    wrong = [
        {"visit": visit, "base": base, "created_at": now, "expires_at": later},
        {"created_at": now, "expires_at": later},
        {"base": base, "created_at": now, "expires_at": now},
        {"visit": visit, "created_at": now, "expires_at": later},
    ]
    for values in wrong:
        with pytest.raises(IntegrityError), transaction.atomic():
            HostLink.objects.create(**values)


# --- Safety notes, papers, rating ----------------------------------------------------------------------


@pytest.mark.django_db
def test_papers_go_both_ways_and_nobody_else_fetches_them(
    visit, link, base, zhao, sun, outsider, sign_in, settings, tmp_path
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    client = Client()
    url = path(link, "link_answer", visit.pk)
    sent = client.post(url, {"paper": "1", "file": SimpleUploadedFile("../../安全须知.pdf", PDF)})
    assert sent.status_code == 302
    paper = VisitPaper.objects.get()
    assert (paper.name, paper.from_base, paper.size) == ("安全须知.pdf", True, len(PDF))
    assert paper.file.name.startswith("visits/")
    assert "安全" not in paper.file.name
    wrong = client.post(url, {"paper": "1", "file": SimpleUploadedFile("说明.pdf", b"MZ\x90\x00abcd")})
    assert wrong.status_code == 409
    assert "说明.pdf" in wrong.content.decode()
    assert VisitPaper.objects.count() == 1
    fetched = client.get(path(link, "link_paper", visit.pk, paper.pk))
    assert b"".join(fetched.streaming_content) == PDF
    assert fetched.headers["Content-Disposition"].startswith("attachment")
    for user, name, status in (
        (zhao, "paper", 200),
        (sun, "host_paper", 200),
        (outsider, "paper", 404),
        (outsider, "host_paper", 404),
    ):
        page = sign_in(user=user).get(reverse(f"practicum:{name}", args=[paper.pk]))
        assert page.status_code == status, (user, name)
        if status == 200:
            assert b"".join(page.streaming_content) == PDF
    assert client.get(f"/media/{paper.file.name}").status_code == 404
    sign_in(user=zhao).post(
        reverse("practicum:visit_papers", args=[visit.pk]), {"file": SimpleUploadedFile("路线.pdf", PDF)}
    )
    assert VisitPaper.objects.filter(from_base=False, name="路线.pdf", added_by=zhao).exists()
    assert deeds(link) == [HostDeed.PAPER, HostDeed.READ_PAPER]


@pytest.mark.django_db
def test_a_removed_paper_takes_its_file_along(
    visit, zhao, settings, tmp_path, django_capture_on_commit_callbacks
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    file = SimpleUploadedFile("路线.pdf", PDF)
    paper = papers.hand_in(visit=visit, file=file, party=Party.ACADEMY, actor=zhao, now=timezone.now())
    assert list(tmp_path.rglob("*.pdf"))
    with django_capture_on_commit_callbacks(execute=True):
        papers.remove(paper=paper, actor=zhao)
    assert not list(tmp_path.rglob("*.pdf"))
    assert not VisitPaper.objects.exists()


@pytest.mark.django_db
def test_safety_notes_of_the_base_reach_the_academy(visit, link, zhao, sign_in) -> None:
    Client().post(path(link, "link_answer", visit.pk), {"safety": "1", "text": "进车间戴安全帽"})
    assert (
        "进车间戴安全帽"
        in sign_in(user=zhao).get(reverse("practicum:visit", args=[visit.pk])).content.decode()
    )


@pytest.mark.django_db
def test_both_sides_rate_after_the_visit_and_not_before(visit, link, zhao, sign_in) -> None:
    client, staff = Client(), sign_in(user=zhao)
    url = path(link, "link_answer", visit.pk)
    early = client.post(url, {"rate": "1", "stars": "5", "received": "19"})
    assert early.status_code == 409
    visits.confirm(visit=visit, actor=None, now=timezone.now(), via=link)
    assert client.post(url, {"rate": "1", "stars": "5"}).status_code == 409
    Visit.objects.filter(pk=visit.pk).update(starts_at=at(9, days=-2), ends_at=at(11, days=-2))
    assert client.post(url, {"rate": "1", "stars": "6"}).status_code == 422
    assert (
        client.post(url, {"rate": "1", "stars": "4", "received": "19", "comment": "准时"}).status_code == 302
    )
    staff.post(reverse("practicum:visit_rating", args=[visit.pk]), {"stars": "5", "comment": "讲解好"})
    visit.refresh_from_db()
    assert (visit.host_rating, visit.host_comment, visit.received) == (4, "准时", 19)
    assert (visit.academy_rating, visit.academy_comment) == (5, "讲解好")

"""Papers of a visit, handed in by either side. Files lie outside what the web server shows by itself."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.core.files import File
from django.db import transaction
from django.utils import timezone

from cms.refusals import Refused
from enrollment.actions.journal import note
from enrollment.models import RetentionSubject, User, kept_since
from practicum.models import HostLink, Visit, VisitPaper
from practicum.rules import papers as rules
from practicum.rules.reasons import reason
from practicum.rules.visits import Party

MEGABYTE = 1024 * 1024


@transaction.atomic
def hand_in(
    *,
    visit: Visit,
    file: File[bytes],
    party: Party,
    actor: User | None,
    now: dt.datetime,
    via: HostLink | None = None,
) -> VisitPaper:
    """Keep ``file`` with the visit.

    Raises:
        Refused: the visit is closed, or the file is too large, of another kind, or one too many.
    """
    # Counted under the visit's lock: two who hand in at once do not go over the limit together.
    locked = Visit.objects.select_for_update(of=("self",)).get(pk=visit.pk)
    if not locked.is_open:
        raise Refused(reason("visit_over"))
    name = (file.name or "").replace("\\", "/").rpartition("/")[2]
    head, size = file.read(rules.HEAD_BYTES), file.size or 0
    file.seek(0)
    code = rules.refusal(name=name, size=size, head=head, already=locked.papers.count())
    if code:
        facts: dict[str, dict[str, object]] = {
            "papers_too_many": {"most": rules.MOST_OF_ONE_VISIT},
            "paper_too_large": {"name": name, "megabytes": rules.MAX_BYTES // MEGABYTE},
        }
        raise Refused(reason(code, "file", **facts.get(code, {"name": name})))
    stem, dot, ending = name.rpartition(".")
    paper = VisitPaper(
        visit=locked,
        name=f"{stem[: 119 - len(ending)]}{dot}{ending}",
        size=size,
        from_base=party == Party.BASE,
        added_by=actor,
        added_at=now,
    )
    # The name on the disk is ours: nothing that somebody typed becomes a path.
    paper.file.save(f"{locked.pk}.{rules.ending(name)}", file, save=False)
    paper.save()
    note(
        locked,
        "practicum.visit_paper",
        actor=actor,
        data={"name": paper.name, "party": party.value, "link": via.pk if via is not None else None},
    )
    return paper


@transaction.atomic
def remove(*, paper: VisitPaper, actor: User | None) -> None:
    """Take a paper away, with its file."""
    visit = Visit.objects.select_for_update(of=("self",)).get(pk=paper.visit_id)
    if not visit.is_open:
        raise Refused(reason("visit_over"))
    note(visit, "practicum.visit_paper_remove", actor=actor, data={"name": paper.name})
    storage, name = paper.file.storage, paper.file.name
    paper.delete()
    if name:
        transaction.on_commit(lambda: storage.delete(name))


def clear_papers(*, today: dt.date) -> int:
    """Delete documents of visits beyond their retention period, with their files; returns how many.

    They name whole groups (rosters, insurance), and nobody can be taken out of a scanned page.
    """
    since = kept_since(RetentionSubject.PAPERS, today)
    if since is None:
        return 0
    before = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    old = VisitPaper.objects.filter(visit__ends_at__lt=before).select_related("visit").order_by("pk")
    cleared = 0
    for paper in old.iterator(chunk_size=200):
        with transaction.atomic():
            note(paper.visit, "practicum.visit_paper_remove", actor=None, data={"name": paper.name})
            storage, name = paper.file.storage, str(paper.file.name)
            paper.delete()
            transaction.on_commit(partial(storage.delete, name))
        cleared += 1
    return cleared

"""Background work that people wait for: begun, run by the queue, cancelled, tended, and cleared away."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import json
import re
import time
from typing import IO, Any

from django.core.files import File
from django.core.files.storage import Storage
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone, translation
from django_q.tasks import async_task
from wagtail.log_actions import log

from cms.jobs import KINDS, Kind, Outcome
from cms.models import Job, JobStatus
from cms.refusals import Refused
from cms.rules import jobs as rules
from cms.rules.jobs import Care

TASK = "cms.tasks.run_job"
#: Folder of files that were uploaded for work to come.
UPLOADS = "jobs/uploads"
#: How often progress is written, at most.
STEP_SECONDS = 1.0


class Stopped(Exception):
    """Raised inside work whose owner cancelled it, or that another worker has taken over."""


class Steps:
    """How far one attempt at a job is; it is the worker's sign of life as well."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._written = time.monotonic()

    def step(self, done: int, whole: int) -> None:
        """Write how far it is, about once a second.

        Raises:
            Stopped: cancelled, or taken over after this worker had been silent for long.
        """
        now = time.monotonic()
        is_first = whole != self.job.whole
        if not is_first and now - self._written < STEP_SECONDS:
            return
        self._written = now
        self.job.done, self.job.whole = done, whole
        going = _attempt(self.job).filter(cancel_asked_at=None)
        if not going.update(done=done, whole=whole, seen_at=timezone.now()):
            raise Stopped


def _attempt(job: Job) -> Any:
    """The row, as long as this attempt is the one that counts."""
    return Job.objects.filter(pk=job.pk, status=JobStatus.RUNNING, attempts=job.attempts)


def _queue(job_id: int) -> None:
    transaction.on_commit(lambda: async_task(TASK, job_id, group="job"))


def begin(*, kind: str, owner: Any, title: str, parameters: dict[str, Any]) -> Job:
    """Have work done in the background; the same work asked for twice is begun once.

    Raises:
        Refused: ``job_not_allowed`` or ``too_many_jobs``.
    """
    if not KINDS[kind].may(owner, parameters):
        raise Refused(rules.NOT_ALLOWED)
    written = json.dumps([kind, parameters], sort_keys=True, ensure_ascii=False)
    digest = hashlib.sha256(written.encode()).hexdigest()
    with transaction.atomic():
        own = Job.objects.filter(owner=owner).open()
        if same := own.filter(digest=digest).first():
            return same
        if own.count() >= rules.MOST_AT_ONCE:
            raise Refused(rules.TOO_MANY)
        job = Job(
            kind=kind,
            owner=owner,
            title=title[:200],
            language=translation.get_language() or "zh-hans",
            parameters=parameters,
            digest=digest,
        )
        try:
            with transaction.atomic():
                job.save()
        except IntegrityError:
            # A second click was quicker by a moment.
            return own.get(digest=digest)
        log(job, "cms.job.begin", user=owner, data={"kind": kind, "parameters": parameters})
        _queue(job.pk)
    return job


def run(*, job_id: int) -> str:
    """Do the work; delivered twice, it is done once. Returns where it stands.

    Raises:
        Exception: whatever the work raises that is no refusal, after it was noted as failed.
    """
    job = _take(job_id)
    if job is None:
        return Job.objects.filter(pk=job_id).values_list("status", flat=True).first() or "gone"
    with translation.override(job.language):
        try:
            return _finish(job, _kind(job).run(job.owner, job.parameters, Steps(job)))
        except Stopped:
            return _end(job, JobStatus.CANCELLED, "")
        except Refused as refused:
            return _end(job, JobStatus.FAILED, refused.sentence)
        except Exception:
            _end(job, JobStatus.FAILED, str(rules.UNEXPECTED))
            raise


def _kind(job: Job) -> Kind:
    """What the job does, if its owner may have it done still."""
    kind = KINDS.get(job.kind)
    if kind is None or not job.owner.is_active or not kind.may(job.owner, job.parameters):
        raise Refused(rules.NOT_ALLOWED)
    return kind


@transaction.atomic
def _take(job_id: int) -> Job | None:
    """Take the job for this worker, unless somebody is at it or it has ended."""
    job = Job.objects.select_for_update(of=("self",)).select_related("owner").filter(pk=job_id).first()
    now = timezone.now()
    if job is None or not job.is_open:
        return None
    stalled = job.pulse.has_stalled(now)
    if job.status == JobStatus.RUNNING and not stalled:
        return None
    if job.cancel_asked_at is not None:
        _close(job, JobStatus.CANCELLED, "", now)
        return None
    if stalled and rules.care_for(job.pulse, now) is Care.GIVE_UP:
        _close(job, JobStatus.FAILED, str(rules.INTERRUPTED), now)
        return None
    job.status, job.attempts, job.done, job.whole = JobStatus.RUNNING, job.attempts + 1, 0, 0
    job.started_at, job.seen_at = job.started_at or now, now
    job.save(update_fields=["status", "attempts", "done", "whole", "started_at", "seen_at"])
    return job


def _close(job: Job, status: str, message: str, now: dt.datetime) -> None:
    job.status, job.message, job.ended_at = status, message[:300], now
    job.save(update_fields=["status", "message", "ended_at"])


def _end(job: Job, status: str, message: str) -> str:
    """End this attempt without a result; one that was taken over has nothing to say."""
    _attempt(job).update(status=status, message=message[:300], ended_at=timezone.now())
    return str(status)


def _finish(job: Job, outcome: Outcome) -> str:
    """Keep the result, then say that it is done; one that was taken over leaves nothing."""
    stored = ""
    storage = _storage()
    if outcome.file is not None:
        outcome.file.seek(0)
        stored = storage.save(f"{_folder(job)}/{job.attempts}", File(outcome.file))
        outcome.file.close()
    counted = _attempt(job).update(
        status=JobStatus.DONE,
        message=outcome.message[:300],
        file=stored,
        file_name=outcome.file_name[:200],
        url=outcome.url,
        done=max(job.done, job.whole),
        ended_at=timezone.now(),
    )
    if not counted and stored:
        storage.delete(stored)
    return str(JobStatus.DONE if counted else JobStatus.CANCELLED)


def cancel(*, job: Job, actor: Any) -> Job:
    """Cancel work: at once while it waits or its worker is dead, else at its next step; ended work stays."""
    with transaction.atomic():
        row = Job.objects.select_for_update().get(pk=job.pk)
        if not row.is_open or row.cancel_asked_at is not None:
            return row
        now = timezone.now()
        row.cancel_asked_at = now
        row.save(update_fields=["cancel_asked_at"])
        if rules.care_for(row.pulse, now) is Care.CANCEL:
            _close(row, JobStatus.CANCELLED, "", now)
        log(row, "cms.job.cancel", user=actor)
    return row


def tend(*, now: dt.datetime) -> int:
    """Every minute: put what lost its worker into the queue again, or give it up; returns how many."""
    silent = now - dt.timedelta(seconds=rules.STALL_SECONDS)
    lost = now - dt.timedelta(seconds=rules.LOST_SECONDS)
    wanting = Job.objects.filter(
        Q(status=JobStatus.RUNNING, seen_at__lt=silent)
        | Q(status=JobStatus.WAITING, queued_at__lt=lost)
        | Q(status=JobStatus.WAITING, cancel_asked_at__isnull=False)
    )
    return sum(_tend(pk, now) for pk in list(wanting.values_list("pk", flat=True)))


@transaction.atomic
def _tend(job_id: int, now: dt.datetime) -> bool:
    job = Job.objects.select_for_update().filter(pk=job_id).first()
    if job is None or not job.is_open:
        return False
    care = rules.care_for(job.pulse, now)
    with translation.override(job.language):
        if care is Care.CANCEL:
            _close(job, JobStatus.CANCELLED, "", now)
        elif care is Care.GIVE_UP:
            _close(job, JobStatus.FAILED, str(rules.INTERRUPTED), now)
        elif care is Care.QUEUE:
            job.status, job.queued_at = JobStatus.WAITING, now
            job.save(update_fields=["status", "queued_at"])
            _queue(job.pk)
    return care is not Care.NOTHING


def keep_upload(*, file: IO[bytes], purpose: str) -> str:
    """Keep an uploaded file for work to come; returns the name to ask for it by.

    The same file for the same ``purpose`` (whose, and for what) is kept once. The work takes it away
    (`drop_upload`); what is left of work that was cancelled or refused goes with `clear`.
    """
    file.seek(0)
    # An upload may be any file-like object, so its bytes go through in pieces.
    content = hashlib.sha256()
    while chunk := file.read(256 * 1024):
        content.update(chunk)
    digest = hashlib.sha256(f"{purpose} {content.hexdigest()}".encode()).hexdigest()
    file.seek(0)
    storage = _storage()
    if not storage.exists(f"{UPLOADS}/{digest}"):
        storage.save(f"{UPLOADS}/{digest}", File(file))
    return digest


def open_upload(*, name: str) -> IO[bytes]:
    """The file that was kept under ``name``.

    Raises:
        Refused: ``upload_gone``.
    """
    if not re.fullmatch(r"[0-9a-f]{64}", name) or not _storage().exists(f"{UPLOADS}/{name}"):
        raise Refused(rules.UPLOAD_GONE)
    return _storage().open(f"{UPLOADS}/{name}", "rb")


def drop_upload(*, name: str) -> None:
    """Take it away; what is gone is no error."""
    _storage().delete(f"{UPLOADS}/{name}")


def _clear_uploads(before: dt.datetime) -> None:
    with contextlib.suppress(FileNotFoundError):
        for name in _storage().listdir(UPLOADS)[1]:
            if _storage().get_modified_time(f"{UPLOADS}/{name}") < before:
                drop_upload(name=name)


def clear(*, now: dt.datetime) -> int:
    """Every night: take away what ended long ago, with its result; returns how many."""
    kept_since = now - dt.timedelta(days=rules.KEEP_DAYS)
    old = Job.objects.ended_before(kept_since)
    storage = _storage()
    _clear_uploads(kept_since)
    cleared = 0
    for job in old.iterator(chunk_size=200):
        # All that any attempt left, that of a killed worker included.
        with contextlib.suppress(FileNotFoundError):
            for name in storage.listdir(_folder(job))[1]:
                storage.delete(f"{_folder(job)}/{name}")
        job.delete()
        cleared += 1
    return cleared


def _storage() -> Storage:
    storage: Storage = Job._meta.get_field("file").storage
    return storage


def _folder(job: Job) -> str:
    return f"jobs/{job.pk}"


def may_fetch(job: Job) -> bool:
    """Whether the owner may still have what the result holds."""
    kind = KINDS.get(job.kind)
    return bool(
        job.status == JobStatus.DONE and job.file and kind is not None and kind.may(job.owner, job.parameters)
    )


def note_fetched(*, job: Job, actor: Any) -> None:
    """Results hold personal data: who fetched them is logged."""
    log(job, "cms.job.fetch", user=actor, data={"file": job.file_name})

"""Work on classes that takes longer than somebody waits for an answer."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.jobs import Kind, Outcome, Parameters, Progress, register
from cms.refusals import Refused
from enrollment.actions import archives, certificates
from enrollment.models import Enrollment, EnrollmentStatus, TrainingClass, User
from enrollment.rules import archive, class_life

CERTIFICATES, ARCHIVE = "enrollment.certificates", "enrollment.archive"
#: So many are issued in one transaction; the class is locked no longer than that.
BATCH = 20


def _class_run_by(user: User, parameters: Parameters) -> TrainingClass | None:
    """The class that is meant, if ``user`` runs it."""
    found = TrainingClass.objects.visible_to(user).filter(pk=parameters["class"]).first()
    runs = found is not None and (user.scope.everything or found.teacher_id == user.pk)
    return found if runs else None


def _may_run(user: Any, parameters: Parameters) -> bool:
    return _class_run_by(user, parameters) is not None


def without_certificate(training_class: TrainingClass) -> Any:
    """Those who completed the class and hold no certificate of it, in the order of the numbers to come."""
    return Enrollment.objects.filter(
        training_class=training_class, status=EnrollmentStatus.COMPLETED, certificate__isnull=True
    ).order_by("trainee__home_organization__path", "pk")


def _certify(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """Issue a class's certificates batch by batch; those issued before it is stopped are in force."""
    training_class = _class_run_by(user, parameters)
    if training_class is None:
        raise Refused(class_life.NOT_COMPLETED)
    people = list(without_certificate(training_class))
    for begin in range(0, len(people), BATCH):
        progress.step(begin, len(people))
        certificates.issue_in_bulk(
            training_class=training_class, enrollments=people[begin : begin + BATCH], actor=user
        )
    return Outcome(
        ngettext("%(number)s certificate was issued.", "%(number)s certificates were issued.", len(people))
        % {"number": len(people)}
    )


def _archive(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """Put a class's archive together and seal it; a worker that comes second finds it sealed."""
    training_class = _class_run_by(user, parameters)
    if training_class is None:
        raise Refused(archive.NOT_CLOSED)
    sealed = archives.archive_class(training_class=training_class, actor=user, step=progress.step)
    return Outcome(
        _("The class is archived; it can be downloaded from its page. Digest: %(digest)s")
        % {"digest": sealed.digest}
    )


def register_kinds() -> None:
    """Tell the queue what this app can do."""
    register(Kind(ARCHIVE, _may_run, _archive))
    register(Kind(CERTIFICATES, _may_run, _certify))

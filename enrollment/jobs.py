"""Work on classes, organizations, people and the log that takes longer than somebody waits for an answer."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cms.jobs import Kind, Outcome, Parameters, Progress, register
from cms.refusals import Refused
from enrollment import closing
from enrollment.actions import archives, certificates, classes, erasure, log, organization_imports
from enrollment.actions.journal import note
from enrollment.certificate_pages import write_archive, write_book
from enrollment.models import (
    Certificate,
    ClassStatus,
    Enrollment,
    EnrollmentStatus,
    OrganizationImport,
    TrainingClass,
    User,
)
from enrollment.rules import archive, class_life, organization_table

ARCHIVE = "enrollment.archive"
CERTIFICATES = "enrollment.certificates"
CLOSE = "enrollment.close"
CERTIFICATES_PRINT = "enrollment.certificates_print"
ERASE = "enrollment.erase"
LOG = "enrollment.log"
JUDGE_ORGANIZATIONS = "enrollment.organizations.judge"
APPLY_ORGANIZATIONS = "enrollment.organizations.apply"
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


def _may_import_organizations(user: Any, parameters: Parameters) -> bool:
    return bool(user.has_perm("enrollment.change_organization") and user.scope.everything)


def _received(parameters: Parameters) -> OrganizationImport:
    found = OrganizationImport.objects.filter(pk=parameters["import"]).first()
    if found is None:
        raise Refused(organization_table.FILE_GONE)
    return found


def _judge_organizations(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    received = organization_imports.judge_table(received=_received(parameters), progress=progress)
    return Outcome(received.error)


def _apply_organizations(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """All in one transaction, so there is no step on the way."""
    received = organization_imports.apply_table(received=_received(parameters), actor=user)
    return Outcome(_("Imported: %(new)s organizations founded, %(changed)s changed.") % dict(received.counts))


def _print(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """The certificates in force of a class as one PDF, or as a .zip with a file each."""
    training_class = _class_run_by(user, parameters)
    rows = (
        list(
            Certificate.objects.filter(training_class=training_class)
            .in_force()
            .select_related("template")
            .order_by("number")
        )
        if training_class
        else []
    )
    if training_class is None or not rows:
        raise Refused(class_life.NOTHING_TO_PRINT)
    # One template object for all that share a version: its seal is read and encoded once.
    templates = {row.template_id: row.template for row in rows}
    for row in rows:
        row.template = templates[row.template_id]
    form = parameters["as"]
    target = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever keeps the result
    (write_archive if form == "zip" else write_book)(target, rows, progress)
    data = {"as": form, "certificates": len(rows)}
    note(training_class, "enrollment.certificate.print", actor=user, data=data)
    name = _("Certificates of %(class)s") % {"class": training_class.title}
    return Outcome(
        ngettext("%(number)s certificate.", "%(number)s certificates.", len(rows)) % {"number": len(rows)},
        target,
        f"{name}.{form}",
    )


def _may_erase(user: Any, parameters: Parameters) -> bool:
    return bool(user.scope.everything)


def _erase(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    erased = erasure.erase_due(today=timezone.localdate(), actor=user, progress=progress)
    return Outcome(
        ngettext("%(number)s person was erased.", "%(number)s people were erased.", erased)
        % {"number": erased}
    )


def may_search_log(user: Any, parameters: Parameters) -> bool:
    """Administrators and auditors."""
    return bool(user.has_perm("wagtailcore.view_modellogentry"))


def _export_log(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    target = tempfile.TemporaryFile()  # noqa: SIM115  # closed by whoever keeps the result
    log.write_log(target, actor=user, filters=dict(parameters), progress=progress)
    name = _("Audit log %(day)s.xlsx") % {"day": timezone.localdate().isoformat()}
    return Outcome(file=target, file_name=name)


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


@dataclass
class _Part:
    """The progress of one part of a piece of work: from ``begin`` percent of the whole to ``end``."""

    whole: Progress
    begin: int
    end: int

    def step(self, done: int, whole: int) -> None:
        """How far the part is, as a share of all."""
        self.whole.step(self.begin + (self.end - self.begin) * done // max(whole, 1), 100)


def _close(user: Any, parameters: Parameters, progress: Progress) -> Outcome:
    """Close a class: hours of what was held, the class itself, certificates, and its archive if wished for.

    What is done stays done when it is stopped or its worker killed; begun again, it goes on from there.
    """
    training_class = _class_run_by(user, parameters)
    if training_class is None:
        raise Refused(class_life.NOT_OPEN)
    progress.step(0, 100)
    if training_class.status == ClassStatus.RUNNING:
        closing.settle(training_class, user)
        progress.step(10, 100)
        training_class = classes.transition(training_class=training_class, to=ClassStatus.CLOSED, actor=user)
    outcome = Outcome()
    if training_class.status == ClassStatus.CLOSED:
        outcome = _certify(user, parameters, _Part(progress, 10, 40))
        if parameters.get("archive"):
            outcome = _archive(user, parameters, _Part(progress, 40, 100))
    progress.step(100, 100)
    return outcome


def register_kinds() -> None:
    """Tell the queue what this app can do."""
    register(Kind(JUDGE_ORGANIZATIONS, _may_import_organizations, _judge_organizations))
    register(Kind(APPLY_ORGANIZATIONS, _may_import_organizations, _apply_organizations))
    register(Kind(LOG, may_search_log, _export_log))
    register(Kind(ERASE, _may_erase, _erase))
    register(Kind(ARCHIVE, _may_run, _archive))
    register(Kind(CERTIFICATES, _may_run, _certify))
    register(Kind(CLOSE, _may_run, _close))
    register(Kind(CERTIFICATES_PRINT, _may_run, _print))

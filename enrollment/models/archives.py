"""The archive of a class: one file, and the digest that tells whether it or the records were changed."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.utils.translation import gettext_lazy as _


class ArchiveIsWrittenOnce(TypeError):
    """Somebody tried to change or delete the archive of a class."""


class ClassArchiveQuerySet(models.QuerySet["ClassArchive"]):
    """Which archives. Updating and deleting are refused."""

    def update(self, **kwargs: Any) -> NoReturn:
        raise ArchiveIsWrittenOnce("Archives are never updated.")

    def delete(self) -> NoReturn:
        raise ArchiveIsWrittenOnce("Archives are never deleted.")


class ClassArchive(models.Model):
    """What a class left behind. Written once; ``manifest`` is the text whose SHA-256 is ``digest``."""

    training_class = models.OneToOneField(
        "enrollment.TrainingClass",
        on_delete=models.PROTECT,
        related_name="archive",
        verbose_name=_("training class"),
    )
    file = models.FileField(_("file"), upload_to="archives/%Y/")
    size = models.PositiveBigIntegerField(_("size (bytes)"))
    manifest = models.TextField(_("manifest"))
    digest = models.CharField(_("digest (SHA-256)"), max_length=64)
    sealed_at = models.DateTimeField(_("archived at"))
    sealed_by = models.ForeignKey(
        "enrollment.User",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("archived by"),
    )

    objects = ClassArchiveQuerySet.as_manager()

    class Meta:
        verbose_name = _("archive of a class")
        verbose_name_plural = _("archives of classes")
        ordering = ["-sealed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.training_class_id} · {self.digest[:12]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise ArchiveIsWrittenOnce("Archives are never updated.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ArchiveIsWrittenOnce("Archives are never deleted.")

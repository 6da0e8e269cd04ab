"""Pictures, documents and videos."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core import signing
from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from wagtail.documents.models import AbstractDocument, Document
from wagtail.images.models import AbstractImage, AbstractRendition, Image
from wagtail.models import CollectionMember
from wagtail.search import index

from cms.rules import jobs as rules
from cms.rules.documents import PAGED

#: Signs the addresses of videos; see ``cms.views.video``.
VIDEO_SALT = "cms.video"
#: Signs the addresses of documents in lessons and of their pages; see ``cms.views.document``.
DOCUMENT_SALT = "cms.document"


class AcademyImage(AbstractImage):
    """A picture with a text for those who cannot see it, and where it comes from."""

    alt_text = models.CharField(_("description for screen readers"), max_length=200, blank=True)
    credit = models.CharField(_("source of the picture"), max_length=100, blank=True)

    admin_form_fields = (*Image.admin_form_fields, "alt_text", "credit")

    class Meta(AbstractImage.Meta):
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")

    @property
    def default_alt_text(self) -> str:
        """What stands in ``alt`` where a page says nothing else."""
        return self.alt_text or self.title


class AcademyRendition(AbstractRendition):
    """A picture in one size and format."""

    image = models.ForeignKey(AcademyImage, on_delete=models.CASCADE, related_name="renditions")

    class Meta:
        unique_together = (("image", "filter_spec", "focal_point_key"),)


class AcademyDocument(AbstractDocument):
    """A file to read or download."""

    admin_form_fields = Document.admin_form_fields

    class Meta(AbstractDocument.Meta):
        verbose_name = _("document")
        verbose_name_plural = _("documents")

    @property
    def is_paged(self) -> bool:
        """Whether it can be shown page by page."""
        return self.file_extension.lower() in PAGED

    def _address(self, name: str) -> str:
        return reverse(
            "cms:document", args=[signing.dumps(self.pk, salt=DOCUMENT_SALT, compress=False), name]
        )

    @property
    def file_url(self) -> str:
        """A signed, expiring address to play the file from; give it only to those who may see the lesson."""
        return self._address("file")

    @property
    def download_url(self) -> str:
        """The same, to keep the file under its name."""
        return self._address("download")

    @property
    def sheets(self) -> list[dict[str, Any]]:
        """Its pages as pictures (``number``, ``url``, ``width``, ``height``, ``text``); none until made."""
        pages = self.pages_or_none
        if pages is None or not pages.is_ready:
            return []
        address = self._address("page")
        return [
            {**sheet, "number": number, "url": f"{address}-{number:04d}.webp"}
            for number, sheet in enumerate(pages.sheets, 1)
        ]

    @property
    def pages_or_none(self) -> DocumentPages | None:
        """Where the making of its pages stands; nothing for kinds that have none."""
        return getattr(self, "pages", None)


class DocumentPages(models.Model):
    """The pages of a document as pictures, made in the background."""

    class Status(models.TextChoices):
        """Where the background work stands."""

        WAITING = "waiting", _("Waiting")
        WORKING = "working", _("Being prepared")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    document = models.OneToOneField(
        AcademyDocument, on_delete=models.CASCADE, related_name="pages", verbose_name=_("document")
    )
    source = models.CharField(_("made of"), max_length=200, help_text=_("The stored file."))
    status = models.CharField(_("status"), max_length=12, choices=Status.choices, default=Status.WAITING)
    error = models.CharField(_("error"), max_length=300, blank=True)
    folder = models.CharField(_("folder"), max_length=100, blank=True)
    sheets = models.JSONField(
        _("pages"), default=list, blank=True, help_text=_("Width, height and text of each, in order.")
    )
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    queued_at = models.DateTimeField(_("queued at"), default=timezone.now)
    seen_at = models.DateTimeField(_("last heard of"), null=True, blank=True)

    class Meta:
        verbose_name = _("pages of a document")
        verbose_name_plural = _("pages of documents")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(status="ready") | ~models.Q(folder=""),
                name="cms_documentpages_ready_lie_somewhere",
                violation_error_message=_("Pages that are ready lie in a folder."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.document_id}: {self.status}"

    @property
    def is_ready(self) -> bool:
        """Whether the pages can be shown."""
        return self.status == self.Status.READY

    @property
    def is_open(self) -> bool:
        """Whether it waits or is being prepared."""
        return self.status in (self.Status.WAITING, self.Status.WORKING)

    @property
    def pulse(self) -> rules.Pulse:
        """What the rules of background work judge by."""
        return rules.Pulse(
            is_running=self.status == self.Status.WORKING,
            attempts=self.attempts,
            queued_at=self.queued_at,
            seen_at=self.seen_at,
            cancel_asked=False,
        )


class Video(index.Indexed, CollectionMember, models.Model):
    """An uploaded video, made playable on every phone in the background."""

    class Status(models.TextChoices):
        """Where the background work stands."""

        WAITING = "waiting", _("Waiting")
        TRANSCODING = "transcoding", _("Being prepared")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Failed")

    title = models.CharField(_("title"), max_length=120)
    file = models.FileField(_("file"), upload_to="videos/original/%Y/%m/")
    captions = models.FileField(_("captions (WebVTT)"), upload_to="videos/captions/%Y/%m/", blank=True)
    poster = models.ForeignKey(
        AcademyImage,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("poster"),
    )
    status = models.CharField(
        _("status"), max_length=12, choices=Status.choices, default=Status.WAITING, editable=False
    )
    error = models.CharField(_("error"), max_length=300, blank=True, editable=False)
    percent = models.PositiveSmallIntegerField(_("prepared (percent)"), default=0, editable=False)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0, editable=False)
    queued_at = models.DateTimeField(_("queued at"), default=timezone.now, editable=False)
    seen_at = models.DateTimeField(_("last heard of"), null=True, blank=True, editable=False)
    duration_seconds = models.FloatField(_("length (seconds)"), default=0, editable=False)
    width = models.PositiveIntegerField(_("width"), default=0, editable=False)
    height = models.PositiveIntegerField(_("height"), default=0, editable=False)
    playlist = models.CharField(_("playlist"), max_length=200, blank=True, editable=False)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("uploaded by"),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    search_fields = [
        *CollectionMember.search_fields,
        index.SearchField("title"),
        index.AutocompleteField("title"),
    ]

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(percent__lte=100),
                name="cms_video_percent_is_a_share",
                violation_error_message=_("No more than all of a video can be prepared."),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        """Whether it waits for its preparation or is being prepared."""
        return self.status in (self.Status.WAITING, self.Status.TRANSCODING)

    @property
    def pulse(self) -> rules.Pulse:
        """What the rules of background work judge by."""
        return rules.Pulse(
            is_running=self.status == self.Status.TRANSCODING,
            attempts=self.attempts,
            queued_at=self.queued_at,
            seen_at=self.seen_at,
            cancel_asked=False,
        )

    @property
    def is_ready(self) -> bool:
        """Whether it can be played."""
        return self.status == self.Status.READY

    def _address(self, name: str) -> str:
        return reverse("cms:video", args=[signing.dumps(self.pk, salt=VIDEO_SALT, compress=False), name])

    @property
    def file_url(self) -> str:
        """A signed, expiring address of the uploaded file; give it only to those who may see the lesson."""
        return self._address("file")

    @property
    def playlist_url(self) -> str:
        """The same for the HLS playlist; its segments lie beside it under the same signature."""
        return self._address("index.m3u8") if self.playlist else ""

    @property
    def captions_url(self) -> str:
        """The same for the captions; empty where there are none."""
        return self._address("captions.vtt") if self.captions else ""

    @property
    def poster_url(self) -> str:
        """Address of the poster picture; empty where there is none."""
        return self.poster.get_rendition("fill-960x540|format-webp").url if self.poster else ""

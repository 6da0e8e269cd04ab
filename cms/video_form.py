"""The form in which videos are uploaded."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from wagtail.admin.forms import WagtailAdminModelForm

from cms.actions.captions import check_captions
from cms.refusals import Refused
from cms.rules.captions import LARGEST_BYTES


class VideoForm(WagtailAdminModelForm):
    """Looks into captions line by line before they are kept."""

    def clean_captions(self) -> Any:
        """The captions, if each line of them is in order."""
        file = self.cleaned_data.get("captions")
        if isinstance(file, UploadedFile):
            try:
                check_captions(file.read(LARGEST_BYTES + 1))
            except Refused as refusal:
                raise ValidationError(refusal.sentence, code=refusal.code) from refusal
            file.seek(0)
        return file

"""The form in which documents are uploaded."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from wagtail.documents.forms import BaseDocumentForm

from cms.files import check
from cms.refusals import Refused


class CheckedDocumentForm(BaseDocumentForm):
    """Looks into each file before it is kept."""

    def clean_file(self) -> Any:
        """The file, if it is what it says and carries nothing that runs."""
        file = self.cleaned_data.get("file")
        if isinstance(file, UploadedFile):
            try:
                check(file, name=str(file.name))
            except Refused as refusal:
                raise ValidationError(refusal.sentence, code=refusal.code) from refusal
        return file

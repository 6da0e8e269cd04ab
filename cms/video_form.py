"""The form in which videos are uploaded."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from wagtail.admin.forms import WagtailAdminModelForm

from cms.actions.captions import check_captions
from cms.actions.uploads import arrived
from cms.refusals import Refused
from cms.rules.captions import LARGEST_BYTES


class VideoForm(WagtailAdminModelForm):
    """Takes the film that came in pieces, and looks into captions line by line before they are kept."""

    #: Key of a film that came in pieces; written by src/admin/uploading.ts.
    upload = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.data.get("upload"):
            # The browser does not send it a second time.
            self.fields["file"].required = False

    def clean_upload(self) -> str:
        """The key, where the file has arrived completely; it takes the place of the field's own."""
        key: str = self.cleaned_data["upload"]
        if key:
            try:
                self.cleaned_data["file"] = arrived(key=key, owner=self.for_user)
            except (Refused, ValidationError) as error:
                sentence = error.sentence if isinstance(error, Refused) else " ".join(error.messages)
                self.add_error("file", sentence)
        return key

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

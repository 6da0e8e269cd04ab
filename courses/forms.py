"""Shapes of what trainees and instructors enter."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from cms.files import check
from cms.pictures import FORMATS, Picture, redraw
from cms.refusals import Refused
from cms.rules.documents import kind_of
from courses.actions.archive_files import opened
from courses.models import CoursePage, ModulePage, ReflectionPicture
from courses.rules import discussion
from courses.rules import reflections as rules
from enrollment.models import User


class SeveralFilesInput(forms.FileInput):
    """A control in which several files may be chosen."""

    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Several pictures; its value are the pictures redrawn, ready to be kept."""

    def __init__(self, **kwargs: Any) -> None:
        accept = ",".join(f"image/{name.lower()}" for name in FORMATS)
        kwargs.setdefault("widget", SeveralFilesInput(attrs={"accept": accept}))
        super().__init__(**kwargs)

    def clean(self, data: Any, initial: Any = None) -> list[Picture]:
        """The pictures.

        Raises:
            ValidationError: one sentence for each file that is refused, or that there are too many.
        """
        files = [file for file in (data if isinstance(data, (list, tuple)) else [data]) if file]
        if len(files) > rules.MOST_PICTURES:
            # Not one of them is opened.
            raise ValidationError(
                _("At most %(most)s pictures can be handed in; take some out."),
                code="too_many_pictures",
                params={"most": rules.MOST_PICTURES},
            )
        pictures, problems = [], []
        for file in files:
            try:
                pictures.append(redraw(file, name=file.name))
            except Refused as refusal:
                problems.append(ValidationError(refusal.sentence, code=refusal.code))
        if problems:
            raise ValidationError(problems)
        return pictures


class ReflectionForm(forms.Form):
    """A reflection. ``key`` is the form's own, so that it counts once however often it is sent."""

    text = forms.CharField(
        label=_("My reflection"),
        max_length=rules.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 12}),
        error_messages={"required": _("Write what you take from this lesson.")},
    )
    keep = forms.TypedMultipleChoiceField(
        label=_("Pictures handed in before"),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Take the tick off a picture that the new version leaves out."),
    )
    pictures = PicturesField(
        label=_("Pictures"),
        required=False,
        help_text=_("JPEG, PNG or WebP, up to 10 MB each, nine at most."),
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, before: Iterable[ReflectionPicture] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.before = list(before)
        field = self.fields["keep"]
        assert isinstance(field, forms.TypedMultipleChoiceField)
        field.choices = [(picture.pk, str(picture.pk)) for picture in self.before]
        if not self.before:
            del self.fields["keep"]
        self.fields["key"].initial = uuid.uuid4


class DecisionForm(forms.Form):
    """What a reader says to one version of a reflection."""

    number = forms.IntegerField(widget=forms.HiddenInput, min_value=1, max_value=32767)
    comment = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=rules.LONGEST_COMMENT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Needed where the reflection is handed back."),
    )
    decision = forms.ChoiceField(choices=[("accept", _("Accept")), ("hand_back", _("Hand back"))])


class ClockField(forms.CharField):
    """A time in a video as people write it; its value are seconds, ``None`` where nothing is written."""

    def clean(self, value: Any) -> int | None:
        """Seconds.

        Raises:
            ValidationError: it is no time.
        """
        written = super().clean(value)
        if not written:
            return None
        seconds = discussion.seconds_of(written)
        if seconds is None:
            raise ValidationError(_("Write minutes and seconds, such as 12:05."), code="no_time")
        return seconds


class ReplyForm(forms.Form):
    """Words about a lesson. ``key`` is the form's own, so that they are posted once however often sent."""

    text = forms.CharField(
        label=_("Reply"),
        max_length=discussion.LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Write something first.")},
    )
    key = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].initial = uuid.uuid4


class QuestionForm(ReplyForm):
    """A question about a lesson, perhaps about a moment of its video."""

    at_seconds = ClockField(
        label=_("Time in the video"),
        required=False,
        max_length=10,
        help_text=_("Minutes and seconds, such as 12:05."),
        widget=forms.TextInput(attrs={"inputmode": "text", "autocomplete": "off", "class": "clock-input"}),
    )
    field_order = ("text", "at_seconds")

    def __init__(self, *args: Any, has_video: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].label = _("My question")
        if not has_video:
            del self.fields["at_seconds"]


class HideForm(forms.Form):
    """Why a post is hidden; ``show`` brings it back."""

    reason = forms.CharField(label=_("Reason"), required=False, max_length=discussion.LONGEST_REASON)
    show = forms.BooleanField(required=False)


class DocumentForm(forms.Form):
    """A Word document for one of the courses that its author may write in."""

    course = forms.ModelChoiceField(CoursePage.objects.none(), label=_("Course"), empty_label=None)
    file = forms.FileField(
        label=_("Word document (.docx)"), widget=forms.FileInput(attrs={"accept": ".docx"})
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        courses = self.fields["course"]
        assert isinstance(courses, forms.ModelChoiceField)
        courses.queryset = CoursePage.objects.writable_by(user).order_by("path")

    def clean_file(self) -> Any:
        """The document, if it is one and carries nothing that runs or reaches out."""
        file = self.cleaned_data["file"]
        if kind_of(file.name) != "docx":
            raise ValidationError(_("Choose a file that ends in .docx; save older .doc files anew in Word."))
        try:
            check(file, name=file.name)
        except Refused as refusal:
            raise ValidationError(refusal.sentence, code=refusal.code) from refusal
        return file


class PackForm(forms.Form):
    """What goes into an archive: a course, or a module with all of its courses."""

    page = forms.ChoiceField(label=_("Course or module"))

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        modules = list(ModulePage.objects.manageable_by(user).order_by("path"))
        courses = list(CoursePage.objects.writable_by(user).order_by("path"))
        page = self.fields["page"]
        assert isinstance(page, forms.ChoiceField)
        page.choices = [
            (
                module.title,
                [
                    (f"module-{module.pk}", _("%(title)s (the whole module)") % {"title": module.title}),
                    *(
                        (f"course-{course.pk}", course.title)
                        for course in courses
                        if course.path.startswith(module.path)
                    ),
                ],
            )
            for module in modules
        ]

    @property
    def chosen(self) -> dict[str, int]:
        """Parameters of the work: ``{"course": …}`` or ``{"module": …}``."""
        kind, _dash, pk = self.cleaned_data["page"].partition("-")
        return {kind: int(pk)}


class UnpackForm(forms.Form):
    """An archive of courses, and where they go."""

    module = forms.ModelChoiceField(ModulePage.objects.none(), label=_("Into the module"), empty_label=None)
    file = forms.FileField(label=_("Archive (.zip)"), widget=forms.FileInput(attrs={"accept": ".zip"}))
    publishes = forms.BooleanField(
        label=_("Publish what was published there"),
        required=False,
        help_text=_("Otherwise everything becomes a draft that you look through first."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        module = self.fields["module"]
        assert isinstance(module, forms.ModelChoiceField)
        module.queryset = ModulePage.objects.manageable_by(user).order_by("path")
        if user.scope.everything:
            module.required = False
            module.empty_label = _("The module that the archive names")
        else:
            # Whoever writes submits; administrators publish.
            del self.fields["publishes"]

    def clean_file(self) -> Any:
        """The archive, if its list is in order; its files are looked into in the background."""
        file = self.cleaned_data["file"]
        try:
            with opened(file, file.name):
                return file
        except Refused as refusal:
            raise ValidationError(refusal.sentence, code=refusal.code) from refusal

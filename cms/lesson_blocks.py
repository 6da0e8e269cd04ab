"""The blocks that only lessons have: to look at, listen to, leaf through, and try oneself on."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock

from cms import converters
from cms.actions.documents import NO_OFFICE
from cms.blocks import MEDIA_GROUP, PARAGRAPH_FEATURES, TEXT_GROUP, body_blocks
from cms.models import AcademyDocument
from cms.offered_blocks import offered_blocks
from cms.rules.documents import AUDIO, PAGED

PRACTICE_GROUP = _("Practice")
#: So many options can be compared at a glance.
MOST_OPTIONS = 8


def _words() -> blocks.RichTextBlock:
    return blocks.RichTextBlock(required=False, features=PARAGRAPH_FEATURES, label=_("Text"))


class GalleryBlock(blocks.StructBlock):
    """Several pictures side by side; each opens large."""

    pictures = blocks.ListBlock(
        blocks.StructBlock(
            [
                ("image", ImageChooserBlock(label=_("Picture"))),
                ("caption", blocks.CharBlock(required=False, label=_("Caption"))),
                (
                    "alt",
                    blocks.CharBlock(
                        required=False,
                        label=_("Description"),
                        help_text=_("For those who cannot see the picture."),
                    ),
                ),
            ]
        ),
        min_num=2,
        max_num=24,
        label=_("Pictures"),
    )

    class Meta:
        icon = "image"
        label = _("Gallery")
        group = MEDIA_GROUP
        description = _("Several pictures side by side; each opens large.")
        template = "cms/blocks/gallery.html"
        preview_template = "cms/blocks/previews/gallery.html"


class TimelineBlock(blocks.StructBlock):
    """What happened when, or which step follows which."""

    items = blocks.ListBlock(
        blocks.StructBlock(
            [
                ("when", blocks.CharBlock(label=_("When"), max_length=40)),
                ("title", blocks.CharBlock(label=_("Title"))),
                ("text", _words()),
            ]
        ),
        min_num=2,
        label=_("Steps"),
    )

    def get_preview_value(self) -> Any:
        return self.normalize(
            {
                "items": [
                    {"when": "1921", "title": gettext("First National Congress"), "text": ""},
                    {
                        "when": "1945",
                        "title": gettext("Seventh National Congress"),
                        "text": gettext("<p>Held in Yan'an.</p>"),
                    },
                    {"when": "2022", "title": gettext("Twentieth National Congress"), "text": ""},
                ]
            }
        )

    class Meta:
        icon = "history"
        label = _("Timeline")
        group = TEXT_GROUP
        description = _("What happened when, or which step follows which.")
        template = "cms/blocks/timeline.html"


class TermBlock(blocks.StructBlock):
    """A term and what it means."""

    term = blocks.CharBlock(label=_("Term"), max_length=60)
    reading = blocks.CharBlock(
        required=False, label=_("Reading or abbreviation"), max_length=60, help_text=_("For example pinyin.")
    )
    meaning = blocks.RichTextBlock(features=PARAGRAPH_FEATURES, label=_("Meaning"))
    source = blocks.CharBlock(required=False, label=_("Source"))

    def get_preview_value(self) -> Any:
        return self.normalize(
            {
                "term": gettext("Three meetings and one lesson"),
                "reading": "sān huì yī kè",
                "meaning": gettext(
                    "<p>The regular meetings of a branch, its committee and its groups, "
                    "and the Party lesson.</p>"
                ),
                "source": "",
            }
        )

    class Meta:
        icon = "tag"
        label = _("Term")
        group = TEXT_GROUP
        description = _("A term and what it means.")
        template = "cms/blocks/term.html"


class FileBlock(blocks.StructBlock):
    """Base of blocks around a file that must be of certain kinds."""

    #: Endings of files that it takes.
    kinds: Collection[str] = ()

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        document: AcademyDocument = cleaned["document"]
        kind = document.file_extension.lower()
        if kind not in self.kinds:
            sentence = _("Choose a file of one of these kinds: %(kinds)s.") % {"kinds": ", ".join(self.kinds)}
            raise _about_the_file(sentence)
        if kind == "pptx" and converters.office() is None:
            raise _about_the_file(str(NO_OFFICE))
        pages = document.pages_or_none
        if pages is not None and pages.error:
            raise _about_the_file(pages.error)
        return cleaned


def _about_the_file(sentence: str) -> blocks.StructBlockValidationError:
    return blocks.StructBlockValidationError(block_errors={"document": ValidationError(sentence)})


class PagesBlock(FileBlock):
    """Base of what is shown page by page; the pages come as pictures, so that every phone can show them."""

    document = DocumentChooserBlock(label=_("File"))
    caption = blocks.CharBlock(required=False, label=_("Caption"))
    may_download = blocks.BooleanBlock(required=False, default=True, label=_("Offer the file as a download"))

    kinds = PAGED
    layout = "scroll"

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        document = value["document"]
        context.update(layout=self.layout, sheets=document.sheets if document else [])
        return context

    def get_searchable_content(self, value: Any) -> list[str]:
        found: list[str] = super().get_searchable_content(value)
        pages = value["document"].pages_or_none if value["document"] else None
        return [*found, *(sheet["text"] for sheet in pages.sheets)] if pages is not None else found


class DocumentBlock(PagesBlock):
    """A document read in the page."""

    class Meta:
        icon = "doc-full"
        label = _("Document to read")
        group = MEDIA_GROUP
        description = _("A PDF that is read in the lesson, page under page.")
        template = "cms/blocks/pages.html"
        preview_template = "cms/blocks/previews/document.html"


class SlidesBlock(PagesBlock):
    """Slides to leaf through."""

    layout = "slides"

    class Meta:
        icon = "desktop"
        label = _("Slides")
        group = MEDIA_GROUP
        description = _("Slides to leaf through one by one, from a PDF or .pptx file.")
        template = "cms/blocks/pages.html"
        preview_template = "cms/blocks/previews/slides.html"


class AudioBlock(FileBlock):
    """Something to listen to, with its words."""

    document = DocumentChooserBlock(label=_("Sound file"))
    title = blocks.CharBlock(label=_("Title"))
    transcript = blocks.RichTextBlock(
        required=False,
        features=PARAGRAPH_FEATURES,
        label=_("The words"),
        help_text=_("For those who cannot hear, or may not make a sound."),
    )

    kinds = AUDIO

    class Meta:
        icon = "media"
        label = _("Sound")
        group = MEDIA_GROUP
        description = _("A recording to listen to, with its words.")
        template = "cms/blocks/audio.html"
        preview_template = "cms/blocks/previews/audio.html"


class CheckBlock(blocks.StructBlock):
    """A question in the text, to try oneself on; nothing of it is kept or counted."""

    question = blocks.TextBlock(label=_("Question"), rows=2)
    options = blocks.ListBlock(
        blocks.StructBlock(
            [
                ("text", blocks.CharBlock(label=_("Option"))),
                ("is_right", blocks.BooleanBlock(required=False, label=_("Right"))),
            ]
        ),
        min_num=2,
        max_num=MOST_OPTIONS,
        label=_("Options"),
    )
    explanation = blocks.RichTextBlock(
        required=False,
        features=PARAGRAPH_FEATURES,
        label=_("Explanation"),
        help_text=_("Shown with the answer."),
    )

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if not any(option["is_right"] for option in cleaned["options"]):
            raise blocks.StructBlockValidationError(
                non_block_errors=[ValidationError(_("Mark at least one option as right."))]
            )
        return cleaned

    def get_context(self, value: Any, parent_context: Any = None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(value, parent_context=parent_context)
        context["right"] = [option["text"] for option in value["options"] if option["is_right"]]
        return context

    def get_preview_value(self) -> Any:
        return self.normalize(
            {
                "question": gettext("How often does a branch hold a meeting of all members?"),
                "options": [
                    {"text": gettext("Once a month"), "is_right": False},
                    {"text": gettext("Once a quarter"), "is_right": True},
                    {"text": gettext("Once a year"), "is_right": False},
                ],
                "explanation": "",
            }
        )

    class Meta:
        icon = "help"
        label = _("Question to try")
        group = PRACTICE_GROUP
        description = _("A question in the text, answered for oneself; it is not graded.")
        template = "cms/blocks/check.html"


BLOCKS: dict[str, Callable[[], blocks.Block]] = {
    "gallery": GalleryBlock,
    "timeline": TimelineBlock,
    "term": TermBlock,
    "document": DocumentBlock,
    "slides": SlidesBlock,
    "audio": AudioBlock,
    "check": CheckBlock,
}


def lesson_blocks() -> list[tuple[str, blocks.Block]]:
    """Fresh instances of all blocks of a lesson, by name; asked for once all apps have started."""
    return [*body_blocks(), *((name, block()) for name, block in BLOCKS.items()), *offered_blocks()]

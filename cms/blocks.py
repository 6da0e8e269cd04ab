"""The blocks that pages and lessons are written in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.contrib.table_block.blocks import TableBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtail.snippets.blocks import SnippetChooserBlock

#: What a paragraph may hold: enough to write clearly, nothing that breaks the page's look.
PARAGRAPH_FEATURES = ["bold", "italic", "ol", "ul", "link", "document-link", "superscript", "subscript"]

#: Under these headings the editor offers the blocks.
TEXT_GROUP, MEDIA_GROUP = _("Text"), _("Pictures, sound and files")


class HeadingBlock(blocks.CharBlock):
    """A heading inside a text."""

    def get_preview_value(self) -> str:
        return gettext("Three meetings and one lesson")

    class Meta:
        icon = "title"
        label = _("Heading")
        group = TEXT_GROUP
        description = _("Divides a text into parts.")
        template = "cms/blocks/heading.html"


class ParagraphBlock(blocks.RichTextBlock):
    """Running text."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("features", PARAGRAPH_FEATURES)
        super().__init__(**kwargs)

    def get_preview_value(self) -> Any:
        return self.normalize(
            gettext(
                "<p>Branches hold a meeting of all members <b>once a quarter</b>, a committee meeting once a "
                "month, group meetings once or twice a month, and invite to a Party lesson regularly.</p>"
            )
        )

    class Meta:
        icon = "pilcrow"
        label = _("Text")
        group = TEXT_GROUP
        description = _("Running text with lists and links.")
        template = "cms/blocks/paragraph.html"


class CalloutBlock(blocks.StructBlock):
    """A short note beside the text: a hint, a warning, or where a rule comes from."""

    tone = blocks.ChoiceBlock(
        choices=[("note", _("Hint")), ("warning", _("Warning")), ("source", _("Source"))],
        default="note",
        label=_("Kind"),
    )
    title = blocks.CharBlock(required=False, label=_("Title"))
    text = blocks.RichTextBlock(features=PARAGRAPH_FEATURES, label=_("Text"))

    def get_preview_value(self) -> Any:
        text = gettext(
            "<p>Minutes are kept for each meeting; who takes them is agreed on before it begins.</p>"
        )
        return self.normalize({"tone": "note", "title": gettext("Keep in mind"), "text": text})

    class Meta:
        icon = "info-circle"
        label = _("Note")
        group = TEXT_GROUP
        description = _("A hint, a warning, or where a rule comes from.")
        template = "cms/blocks/callout.html"


class FigureBlock(blocks.StructBlock):
    """A picture with its caption."""

    image = ImageChooserBlock(label=_("Picture"))
    caption = blocks.CharBlock(required=False, label=_("Caption"))
    alt = blocks.CharBlock(
        required=False, label=_("Description"), help_text=_("For those who cannot see the picture.")
    )

    class Meta:
        icon = "image"
        label = _("Figure")
        group = MEDIA_GROUP
        description = _("One picture with its caption.")
        preview_template = "cms/blocks/previews/figure.html"
        template = "cms/blocks/figure.html"


class QuoteBlock(blocks.StructBlock):
    """Words of somebody else, with their source."""

    text = blocks.TextBlock(label=_("Quotation"))
    source = blocks.CharBlock(required=False, label=_("Source"))

    def get_preview_value(self) -> Any:
        return self.normalize(
            {
                "text": gettext("No investigation, no right to speak."),
                "source": gettext("Oppose Book Worship, 1930"),
            }
        )

    class Meta:
        icon = "openquote"
        label = _("Quotation")
        group = TEXT_GROUP
        description = _("Words of somebody else, with their source.")
        template = "cms/blocks/quote.html"


class DataTableBlock(TableBlock):
    """A table; on a phone it scrolls inside its frame."""

    def get_preview_value(self) -> Any:
        return {
            "data": [
                [gettext("Meeting"), gettext("How often")],
                [gettext("Meeting of all members"), gettext("Once a quarter")],
                [gettext("Committee meeting"), gettext("Once a month")],
            ],
            "table_header_choice": "row",
            "first_row_is_table_header": True,
            "first_col_is_header": False,
            "table_caption": "",
        }

    class Meta:
        icon = "table"
        label = _("Table")
        group = TEXT_GROUP
        description = _("Rows and columns; on a phone they scroll inside their frame.")
        template = "cms/blocks/table.html"


class AccordionBlock(blocks.StructBlock):
    """Parts that open one by one: questions and answers, steps."""

    items = blocks.ListBlock(
        blocks.StructBlock(
            [
                ("title", blocks.CharBlock(label=_("Title"))),
                ("text", blocks.RichTextBlock(features=PARAGRAPH_FEATURES, label=_("Text"))),
            ]
        ),
        label=_("Parts"),
    )

    def get_preview_value(self) -> Any:
        return self.normalize(
            {
                "items": [
                    {
                        "title": gettext("Who may vote?"),
                        "text": gettext(
                            "<p>Full members; probationary members take part without a vote.</p>"
                        ),
                    },
                    {
                        "title": gettext("How many must be present?"),
                        "text": gettext("<p>More than half.</p>"),
                    },
                ]
            }
        )

    class Meta:
        icon = "list-ul"
        label = _("Parts that open")
        group = TEXT_GROUP
        description = _("Questions and answers, or steps, opened one by one.")
        template = "cms/blocks/accordion.html"


class VideoBlock(SnippetChooserBlock):
    """A video beside the lesson's main one; it earns nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("cms.Video", **kwargs)

    class Meta:
        icon = "media"
        label = _("Video")
        group = MEDIA_GROUP
        description = _("A video beside the lesson's own; watching it is not counted.")
        preview_template = "cms/blocks/previews/video.html"
        template = "cms/blocks/video.html"


class AttachmentBlock(DocumentChooserBlock):
    """A file to download."""

    class Meta:
        icon = "download"
        label = _("Download")
        group = MEDIA_GROUP
        description = _("A file to keep: a form, a template, a table.")
        preview_template = "cms/blocks/previews/attachment.html"
        template = "cms/blocks/attachment.html"


def body_blocks() -> list[tuple[str, blocks.Block]]:
    """Fresh instances of the blocks of a page of text, by name; lessons have more (`cms.lesson_blocks`)."""
    return [
        ("heading", HeadingBlock()),
        ("paragraph", ParagraphBlock()),
        ("callout", CalloutBlock()),
        ("figure", FigureBlock()),
        ("quote", QuoteBlock()),
        ("table", DataTableBlock()),
        ("accordion", AccordionBlock()),
        ("video", VideoBlock()),
        ("attachment", AttachmentBlock()),
    ]

"""The blocks that pages and lessons are written in."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from wagtail import blocks
from wagtail.contrib.table_block.blocks import TableBlock
from wagtail.documents.blocks import DocumentChooserBlock
from wagtail.images.blocks import ImageChooserBlock
from wagtail.snippets.blocks import SnippetChooserBlock

#: What a paragraph may hold: enough to write clearly, nothing that breaks the page's look.
PARAGRAPH_FEATURES = ["bold", "italic", "ol", "ul", "link", "document-link", "superscript", "subscript"]


class HeadingBlock(blocks.CharBlock):
    """A heading inside a text."""

    class Meta:
        icon = "title"
        label = _("Heading")
        template = "cms/blocks/heading.html"


class ParagraphBlock(blocks.RichTextBlock):
    """Running text."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("features", PARAGRAPH_FEATURES)
        super().__init__(**kwargs)

    class Meta:
        icon = "pilcrow"
        label = _("Text")
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

    class Meta:
        icon = "info-circle"
        label = _("Note")
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
        template = "cms/blocks/figure.html"


class QuoteBlock(blocks.StructBlock):
    """Words of somebody else, with their source."""

    text = blocks.TextBlock(label=_("Quotation"))
    source = blocks.CharBlock(required=False, label=_("Source"))

    class Meta:
        icon = "openquote"
        label = _("Quotation")
        template = "cms/blocks/quote.html"


class DataTableBlock(TableBlock):
    """A table; on a phone it scrolls inside its frame."""

    class Meta:
        icon = "table"
        label = _("Table")
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

    class Meta:
        icon = "list-ul"
        label = _("Parts that open")
        template = "cms/blocks/accordion.html"


class VideoBlock(SnippetChooserBlock):
    """A video beside the lesson's main one; it earns nothing."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__("cms.Video", **kwargs)

    class Meta:
        icon = "media"
        label = _("Video")
        template = "cms/blocks/video.html"


class AttachmentBlock(DocumentChooserBlock):
    """A file to download."""

    class Meta:
        icon = "doc-full"
        label = _("Download")
        template = "cms/blocks/attachment.html"


def body_blocks() -> list[tuple[str, blocks.Block]]:
    """Fresh instances of the blocks of a page or a lesson, by name."""
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


LESSON_BLOCKS = body_blocks()

"""One lesson with every kind of block: handout, slides, gallery, sound, term, timeline, a question to try."""

from __future__ import annotations

import io
import math
import struct
import wave
from typing import Any

from django.core.files.base import ContentFile

from academy.demo.plan import Plan, content
from cms import pdf
from cms.actions.documents import prepare_pages
from cms.models import AcademyDocument, AcademyImage
from courses.actions.authoring import create_lesson
from courses.models import CoursePage
from enrollment.models import User

#: The first line of the Internationale (P. Degeyter, 1888): steps from middle C in semitones, and beats.
MELODY = [(7, 1), (12, 1.5), (11, 0.5), (14, 0.5), (12, 0.5), (7, 0.5), (4, 0.5), (9, 2), (5, 1)]
BEAT_SECONDS = 0.55
RATE = 16_000
MIDDLE_C = 261.63


def load(plan: Plan, actor: User) -> None:
    """Write the lesson behind the others of its course, and have its pages drawn."""
    data = content("handouts")
    course = CoursePage.objects.get(slug=data["course"])
    create_lesson(
        course=course,
        title=data["title"],
        slug=data["slug"],
        summary=data["summary"],
        blocks=_blocks(data, actor),
        minutes=data["minutes"],
        actor=actor,
    )
    plan.say("A lesson with every kind of block")


def _blocks(data: dict[str, Any], actor: User) -> list[dict[str, Any]]:
    paper, slides = _paged(data["paper"], actor), _paged(data["slides"], actor)
    sound = _kept("国际歌第一句.wav", data["sound"]["title"], _melody(), actor)
    pictures = AcademyImage.objects.filter(
        title__in=["三会一课的分工", "支部委员会的一般分工", "预备期的时间线"]
    )
    gallery = [{"image": picture.pk, "caption": picture.title, "alt": ""} for picture in pictures]
    blocks: list[dict[str, Any] | None] = [
        {"type": "term", "value": data["term"]},
        {"type": "heading", "value": "先看课件"},
        slides and {"type": "slides", "value": {"document": slides.pk, "caption": slides.title}},
        {"type": "heading", "value": "一次会的时间线"},
        {"type": "timeline", "value": {"items": data["timeline"]}},
        {"type": "gallery", "value": {"pictures": gallery}},
        {"type": "heading", "value": "读一份会议记录"},
        paper and {"type": "document", "value": {"document": paper.pk, "caption": "", "may_download": True}},
        {"type": "check", "value": data["check"]},
        {"type": "heading", "value": "常见问题"},
        {"type": "accordion", "value": {"items": data["questions"]}},
        {
            "type": "audio",
            "value": {
                "document": sound.pk,
                "title": data["sound"]["title"],
                "transcript": data["sound"]["words"],
            },
        },
        paper and {"type": "attachment", "value": paper.pk},
    ]
    return [block for block in blocks if block]


def _paged(handout: dict[str, Any], actor: User) -> AcademyDocument | None:
    """The handout as a PDF with its pages; nothing on a machine where no PDF can be made."""
    if pdf.why_resting():
        return None
    made = pdf.render("academy/demo/handout.html", {"handout": handout})
    document = _kept(f"{handout['title']}.pdf", handout["title"], made, actor)
    prepare_pages(pages=document.pages)
    return document


def _kept(name: str, title: str, raw: bytes, actor: User) -> AcademyDocument:
    document = AcademyDocument(title=title, uploaded_by_user=actor)
    document.file.save(name, ContentFile(raw), save=False)
    document.save()
    return document


def _melody() -> bytes:
    """A few seconds of plain tones that fade."""
    samples: list[int] = []
    for step, beats in MELODY:
        count = int(beats * BEAT_SECONDS * RATE)
        turn = 2 * math.pi * MIDDLE_C * 2 ** (step / 12) / RATE
        samples += [
            int(9000 * math.exp(-2.5 * place / count) * math.sin(turn * place)) for place in range(count)
        ]
    target = io.BytesIO()
    with wave.open(target, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return target.getvalue()

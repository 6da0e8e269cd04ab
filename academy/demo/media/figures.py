"""Diagrams of the lessons. What each one says stands in `content/figures.json`; how it looks stands here.

Every figure is 1080 px wide with text of at least 34 px, so that it can be read on a phone.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .canvas import CATEGORY_TINTS, CREAM, GOLD, INK, LINE, MUTED, PAPER, Canvas, Tint, blend, png, wrap

Spec = dict[str, Any]
_SPECS: dict[str, Spec] = json.loads(
    (Path(__file__).parent.parent / "content" / "figures.json").read_text(encoding="utf-8")
)
FIGURES: tuple[str, ...] = tuple(_SPECS)
_WIDTH = 1080
_TOP = 150


def _frame(spec: Spec, tint: Tint, height: int) -> Canvas:
    c = Canvas(_WIDTH, height, PAPER)
    c.box((0, 0, _WIDTH, 14), fill=tint.deep)
    c.box((60, 50, 70, 108), fill=GOLD)
    c.text((92, 79), spec["title"], size=50, fill=tint.deep, weight="bold", anchor="lm")
    return c


def _steps(spec: Spec, tint: Tint) -> Canvas:
    items, step = spec["items"], 156
    c = _frame(spec, tint, _TOP + len(items) * step + 10)
    for i, (name, note) in enumerate(items):
        y = _TOP + i * step
        c.box(
            (60, y, 1020, y + 122),
            fill=tint.pale,
            outline=blend(tint.pale, tint.mid, 0.25),
            width=2,
            radius=16,
        )
        c.ellipse((126, y + 61), 36, fill=tint.deep)
        c.text((126, y + 60), str(i + 1), size=40, fill=PAPER, weight="bold", anchor="mm")
        c.text((190, y + 38), name, size=40, weight="bold", anchor="lm")
        c.text((190, y + 87), note, size=34, fill=MUTED, anchor="lm")
        if i + 1 < len(items):
            c.arrow((126, y + 124), (126, y + step - 2))
    return c


def _stages(spec: Spec, tint: Tint) -> Canvas:
    heights = [96 + math.ceil(len(steps) / 2) * 62 + 26 for _, steps in spec["items"]]
    c = _frame(spec, tint, _TOP + sum(heights) + 34 * len(heights))
    y, number = _TOP, 0
    for i, ((name, steps), height) in enumerate(zip(spec["items"], heights, strict=True)):
        c.box((60, y, 1020, y + height), fill=tint.pale, radius=16)
        c.box((60, y, 1020, y + 74), fill=blend(tint.deep, tint.mid, i / len(heights)), radius=16)
        c.box((60, y + 40, 1020, y + 74), fill=blend(tint.deep, tint.mid, i / len(heights)))
        c.text((92, y + 37), f"{i + 1}  {name}", size=38, fill=PAPER, weight="bold", anchor="lm")
        for k, step in enumerate(steps):
            number += 1
            x, row = 92 + (k % 2) * 470, y + 96 + k // 2 * 62
            c.ellipse((x + 24, row + 28), 24, fill=GOLD)
            c.text((x + 24, row + 27), str(number), size=28, fill=PAPER, weight="bold", anchor="mm")
            c.text((x + 62, row + 28), step, size=34, anchor="lm")
        if i + 1 < len(heights):
            c.arrow((540, y + height + 2), (540, y + height + 32))
        y += height + 34
    return c


def _timeline(spec: Spec, tint: Tint) -> Canvas:
    items = spec["items"]
    rows = [max(1, len(wrap(words, size=38, width=600))) for _, words in items]
    heights = [82 + n * 54 for n in rows]
    c = _frame(spec, tint, _TOP + sum(heights) + 20)
    y = _TOP
    c.line(
        (350, y + 40, 350, y + sum(heights) - heights[-1] + 40), fill=blend(tint.pale, tint.mid, 0.4), width=6
    )
    for (when, words), height in zip(items, heights, strict=True):
        c.ellipse((350, y + 40), 19, fill=PAPER, outline=tint.deep, width=7)
        c.text((312, y + 40), when, size=36, fill=tint.deep, weight="bold", anchor="rm")
        c.box((392, y, 1020, y + height - 28), fill=tint.pale, radius=14)
        c.paragraph((416, y + 12), words, size=38, width=590)
        y += height
    return c


def _cards(spec: Spec, tint: Tint) -> Canvas:
    items = spec["items"]
    rows = math.ceil(len(items) / 2)
    c = _frame(spec, tint, _TOP + rows * 252 + 20)
    for i, (name, words) in enumerate(items):
        wide = i == len(items) - 1 and len(items) % 2 == 1
        x, y = 60 + (i % 2) * 490, _TOP + i // 2 * 252
        right = 1020 if wide else x + 470
        c.box((x, y, right, y + 226), fill=tint.pale, radius=16)
        c.box((x, y + 24, x + 12, y + 202), fill=tint.mid)
        c.text((x + 44, y + 54), name, size=44, fill=tint.deep, weight="bold", anchor="lm")
        c.line((x + 44, y + 90, x + 140, y + 90), fill=GOLD, width=4)
        c.paragraph((x + 44, y + 106), words, size=38, width=right - x - 70, leading=1.36)
    return c


def _org(spec: Spec, tint: Tint) -> Canvas:
    items = spec["items"]
    rows = math.ceil(len(items) / 2)
    c = _frame(spec, tint, _TOP + 190 + rows * 200)
    c.line((540, _TOP + 130, 540, _TOP + 190 + (rows - 1) * 200 + 76), fill=GOLD, width=5)
    c.box((310, _TOP, 770, _TOP + 136), fill=tint.deep, radius=16)
    c.text((540, _TOP + 46), spec["root"][0], size=44, fill=PAPER, weight="bold", anchor="mm")
    c.text((540, _TOP + 100), spec["root"][1], size=34, fill="#f2dfae", anchor="mm")
    for i, (name, note) in enumerate(items):
        x, y = 60 + (i % 2) * 510, _TOP + 190 + i // 2 * 200
        c.line((540, y + 76, x + (450 if i % 2 == 0 else 0), y + 76), fill=GOLD, width=5)
        c.box(
            (x, y, x + 450, y + 152),
            fill=tint.pale,
            outline=blend(tint.pale, tint.mid, 0.35),
            width=2,
            radius=16,
        )
        c.text((x + 225, y + 52), name, size=40, weight="bold", anchor="mm")
        c.text((x + 225, y + 108), note, size=34, fill=MUTED, anchor="mm")
    return c


def _cycle(spec: Spec, tint: Tint) -> Canvas:
    items = spec["items"]
    crowded = len(items) > 4  # five or six stations need a taller ring and narrower boxes
    rx, ry, half = (335.0, 430.0, 165) if crowded else (320.0, 320.0, 190)
    cx, cy = 540.0, 240.0 + ry
    c = _frame(spec, tint, round(cy + ry) + 120)
    ring = [
        p
        for k in range(121)
        for p in (cx + rx * math.cos(math.tau * k / 120), cy + ry * math.sin(math.tau * k / 120))
    ]
    c.line(ring, fill=blend(tint.pale, tint.mid, 0.3), width=6)
    for i, (name, note) in enumerate(items):
        a = math.tau * i / len(items) - math.pi / 2
        mid = a + math.pi / len(items)  # an arrow head between two stations, pointing clockwise
        mx, my = cx + rx * math.cos(mid), cy + ry * math.sin(mid)
        length = math.hypot(rx * math.sin(mid), ry * math.cos(mid))
        tx, ty = -rx * math.sin(mid) / length, ry * math.cos(mid) / length
        c.polygon(
            (
                mx + tx * 24,
                my + ty * 24,
                mx - tx * 12 + ty * 20,
                my - ty * 12 - tx * 20,
                mx - tx * 12 - ty * 20,
                my - ty * 12 + tx * 20,
            ),
            fill=GOLD,
        )
        x, y = cx + rx * math.cos(a), cy + ry * math.sin(a)
        x = min(max(x, 50 + half), _WIDTH - 50 - half)
        c.box((x - half, y - 74, x + half, y + 74), fill=tint.pale, outline=tint.mid, width=3, radius=20)
        c.text((x, y - 28), f"{i + 1} {name}", size=40, fill=tint.deep, weight="bold", anchor="mm")
        c.text((x, y + 30), note, size=34, fill=INK, anchor="mm")
    return c


def _layers(spec: Spec, tint: Tint) -> Canvas:
    items = spec["items"]
    c = _frame(spec, tint, _TOP + 960)
    for i, (name, note) in enumerate(items):
        inset = i * 66
        box = (60 + inset, _TOP + i * 118, 1020 - inset, _TOP + 930 - i * 118)
        c.box(box, fill=blend(tint.pale, tint.mid, i / len(items)), outline=PAPER, width=5, radius=26)
        light = i / len(items) > 0.5
        last = i == len(items) - 1
        y = (box[1] + box[3]) / 2 - 26 if last else box[1] + 40
        c.text((540, y), name, size=42, fill=PAPER if light else tint.deep, weight="bold", anchor="mm")
        c.text((540, y + 48), note, size=34, fill="#f6e6d0" if light else INK, anchor="mm")
    return c


def _inverted(spec: Spec, tint: Tint) -> Canvas:
    items, step = spec["items"], 200
    c = _frame(spec, tint, _TOP + len(items) * step + 20)
    for i, (name, note) in enumerate(items):
        y = _TOP + i * step
        left, lower = 60 + i * 88, 60 + (i + 1) * 88 - 8
        c.polygon(
            (left, y, _WIDTH - left, y, _WIDTH - lower, y + step - 14, lower, y + step - 14),
            fill=blend(tint.deep, tint.pale, i / len(items) * 0.95),
        )
        dark = i < 2
        c.text((540, y + 68), name, size=44, fill=PAPER if dark else INK, weight="bold", anchor="mm")
        c.text((540, y + 128), note, size=36, fill="#f3ead6" if dark else INK, anchor="mm")
    return c


def _stairs(spec: Spec, tint: Tint) -> Canvas:
    items, step = spec["items"], 190
    height = len(items) * step
    c = _frame(spec, tint, _TOP + height + 40)
    for i, (name, note) in enumerate(items):
        top = _TOP + height - (i + 1) * step
        left = 60 + i * (300 // max(1, len(items) - 1))
        c.box((left, top, 1020, top + step), fill=blend(tint.pale, tint.mid, 0.15 + i / len(items) * 0.95))
        light = i / len(items) > 0.45
        c.text(
            (left + 40, top + 66),
            f"{i + 1}  {name}",
            size=44,
            fill=PAPER if light else tint.deep,
            weight="bold",
            anchor="lm",
        )
        c.text((left + 40, top + 128), note, size=36, fill="#f3ead6" if light else INK, anchor="lm")
        c.box((left, top, 1020, top + 8), fill=GOLD)
    return c


def _bars(spec: Spec, tint: Tint) -> Canvas:
    items, ground = spec["items"], 880
    c = _frame(spec, tint, 1040)
    slot = 920 / len(items)
    for k in range(5):
        y = ground - k * 160
        c.line((80, y, 1000, y), fill=LINE, width=2)
    for i, (name, value) in enumerate(items):
        x = 80 + slot * (i + 0.5)
        height = 640 * value / spec["max"]
        c.box(
            (x - 95, ground - height, x + 95, ground),
            fill=blend(tint.mid, tint.deep, i / len(items)),
            radius=8,
        )
        c.box((x - 95, ground - height, x + 95, ground - height + 10), fill=GOLD)
        c.text(
            (x, ground - height - 40),
            f"{value}{spec['unit']}",
            size=48,
            fill=tint.deep,
            weight="bold",
            anchor="mm",
        )
        c.paragraph((x, ground + 24), name, size=38, width=slot - 20, centre=True)
    return c


def _hub(spec: Spec, tint: Tint) -> Canvas:
    items = spec["items"]
    c = _frame(spec, tint, 1130)
    cx, cy = 540.0, 640.0
    places = ((210, 300), (870, 300), (870, 640), (870, 980), (210, 980), (210, 640))
    for (x, y), (name, note) in zip(places, items, strict=True):
        c.line((cx, cy, x, y), fill=GOLD, width=5)
        c.box((x - 168, y - 86, x + 168, y + 86), fill=tint.pale, outline=tint.mid, width=3, radius=18)
        c.text((x, y - 30), name, size=40, fill=tint.deep, weight="bold", anchor="mm")
        c.text((x, y + 32), note, size=34, anchor="mm")
    c.ellipse((cx, cy), 150, fill=tint.deep)
    c.ellipse((cx, cy), 136, outline=GOLD, width=4)
    c.paragraph((cx, cy - 78), spec["root"][0], size=42, width=260, fill=PAPER, weight="bold", centre=True)
    c.text((cx, cy + 74), spec["root"][1], size=34, fill="#f2dfae", anchor="mm")
    return c


def _exchange(spec: Spec, tint: Tint) -> Canvas:
    c = _frame(spec, tint, 960)
    for key, y in (("left", 160), ("right", 740)):
        c.box((160, y, 920, y + 170), fill=tint.deep if key == "left" else tint.mid, radius=20)
        c.text((540, y + 60), spec[key][0], size=46, fill=PAPER, weight="bold", anchor="mm")
        c.text((540, y + 120), spec[key][1], size=36, fill="#f2dfae", anchor="mm")
    c.arrow((230, 340), (230, 730))
    c.arrow((850, 730), (850, 340))
    for x, words in ((230, spec["forward"]), (850, spec["back"])):
        c.box((x - 160, 470, x + 160, 590), fill=PAPER, outline=GOLD, width=3, radius=14)
        lines = len(wrap(words, size=36, width=290))
        c.paragraph((x, 524 - lines * 26), words, size=36, width=290, centre=True)
    c.ellipse((540, 530), 128, fill=CREAM, outline=GOLD, width=5)
    c.text((540, 500), spec["middle"][0], size=44, fill=tint.deep, weight="bold", anchor="mm")
    c.paragraph((540, 534), spec["middle"][1], size=34, width=180, centre=True, leading=1.2)
    return c


def _page(spec: Spec, tint: Tint) -> Canvas:
    c = _frame(spec, tint, 1320)
    c.box((100, 160, 980, 1270), fill="#fffdf8", outline=LINE, width=4, radius=6)
    title, to, body, attachment, signed, dated = spec["items"]
    c.text((540, 260), title, size=40, fill=tint.deep, weight="bold", anchor="mm")
    c.line((300, 312, 780, 312), fill=GOLD, width=3)
    c.text((160, 390), to, size=36, anchor="lm")
    for i, words in enumerate((body, "一、", "（一）", "1.", "（1）")):
        y = 474 + i * 74
        c.text((232, y), words, size=36, fill=INK if i == 0 else tint.mid, anchor="lm")
        start = 340 + i * 20
        if i:
            c.box((start, y - 9, 900, y + 9), fill=tint.pale, radius=8)
    c.text((232, 880), attachment, size=36, anchor="lm")
    c.text((900, 1040), signed, size=36, anchor="rm")
    c.text((900, 1120), dated, size=36, anchor="rm")
    return c


_RENDERERS: dict[str, Callable[[Spec, Tint], Canvas]] = {
    "steps": _steps,
    "stages": _stages,
    "timeline": _timeline,
    "cards": _cards,
    "org": _org,
    "cycle": _cycle,
    "layers": _layers,
    "inverted": _inverted,
    "stairs": _stairs,
    "bars": _bars,
    "hub": _hub,
    "exchange": _exchange,
    "page": _page,
}


def figure(key: str) -> bytes:
    """A PNG, 1080 px wide. Raises KeyError for a key that is not in `FIGURES`."""
    spec = _SPECS[key]
    return png(_RENDERERS[spec["kind"]](spec, CATEGORY_TINTS[spec["tint"]]).finished())

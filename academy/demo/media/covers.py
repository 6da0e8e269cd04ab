"""Course covers, and illustrations of training bases by industry."""

from __future__ import annotations

import math
import random

from .canvas import CATEGORY_TINTS, GOLD, Canvas, Tint, blend, gradient, jpeg, rgb, wrap

_CATEGORY_TITLES = {
    "party": "党建培训课程",
    "management": "经营管理课程",
    "culture": "企业文化塑造",
    "skills": "业务技能培训",
}
_COVER = (1200, 675)
_PHOTO = (1200, 800)


def _gold(alpha: int) -> tuple[int, int, int, int]:
    return (*rgb(GOLD), alpha)


def _white(alpha: int) -> tuple[int, int, int, int]:
    return (255, 255, 255, alpha)


def _rings(c: Canvas, r: random.Random) -> None:
    cx, cy = 1010 + r.randint(-60, 60), 330 + r.randint(-60, 60)
    for i in range(9):
        c.ellipse((cx, cy), 60 + i * 52, outline=_gold(150 - i * 13), width=3)
    c.ellipse((cx, cy), 34, fill=_gold(210))
    for i in range(24):
        a = math.tau * i / 24
        c.line(
            (cx + 64 * math.cos(a), cy + 64 * math.sin(a), cx + 110 * math.cos(a), cy + 110 * math.sin(a)),
            fill=_gold(120),
            width=2.5,
        )


def _scales(c: Canvas, r: random.Random) -> None:
    """Overlapping arcs, row over row: the old wave pattern of Chinese borders."""
    step = r.choice((110, 130))
    for row in range(12):
        for col in range(8):
            x = 690 + col * step + (row % 2) * step / 2
            y = 40 + row * step / 2
            share = max(0.0, min(1.0, (x - 700) / 420))
            for k in (1, 0.68, 0.36):
                rad = step / 2 * k
                c.draw.arc(
                    c._up((x - rad, y - rad, x + rad, y + rad)),
                    180,
                    360,
                    fill=_gold(round(150 * share)),
                    width=5,
                )


def _lattice(c: Canvas, r: random.Random) -> None:
    """A window lattice of squares within squares."""
    step = 120
    shift = r.randint(0, 40)
    for col in range(5):
        for row in range(7):
            x, y = 690 + col * step + shift, row * step - 30
            alpha = 40 + col * 24
            c.box((x, y, x + step, y + step), outline=_gold(alpha), width=2.5)  # type: ignore[arg-type]
            c.polygon(
                (x + 60, y + 22, x + 98, y + 60, x + 60, y + 98, x + 22, y + 60), fill=_gold(alpha // 3)
            )
            c.line(
                (x + 60, y + 22, x + 98, y + 60, x + 60, y + 98, x + 22, y + 60, x + 60, y + 22),
                fill=_gold(alpha),
                width=2.5,
            )


def _hills(c: Canvas, r: random.Random) -> None:
    c.ellipse((1010, 190), 78, fill=_gold(215))
    for layer in range(4):
        base = 330 + layer * 80
        points: list[float] = [380, 675]
        phase = r.random() * 6
        for x in range(380, 1216, 12):
            lift = max(0.0, (x - 380) / 820)
            points += [
                x,
                base
                + 430 * (1 - lift) ** 2
                - (70 * math.sin(x / 118 + phase) + 26 * math.sin(x / 47 + phase)) * lift,
            ]
        c.polygon([*points, 1212, 675], fill=_white(22 + layer * 9))


def _beams(c: Canvas, r: random.Random) -> None:
    ox, oy = 1200, 690
    count = 17
    for i in range(count):
        a = math.pi + (math.pi / 2) * i / count
        b = a + math.pi / 2 / count * 0.5
        reach = 900 + r.randint(-120, 40)
        c.polygon(
            (
                ox,
                oy,
                ox + reach * math.cos(a),
                oy + reach * math.sin(a),
                ox + reach * math.cos(b),
                oy + reach * math.sin(b),
            ),
            fill=_gold(34 + (i % 3) * 14),
        )
    for rad in (150, 166, 230):
        c.ellipse((ox, oy), rad, outline=_gold(210), width=4)


def _steps(c: Canvas, r: random.Random) -> None:
    for i in range(8):
        x = 700 + i * 66
        h = 70 + i * 58 + r.randint(-14, 14)
        c.box((x, 675 - h, x + 46, 690), fill=_gold(46 + i * 19), radius=4)
    c.line((700, 560, 1190, 96), fill=_gold(190), width=4)
    for i in range(8):
        c.ellipse((723 + i * 66, 538 - i * 62.5), 8, fill=_gold(255))


_PATTERNS = (_rings, _scales, _lattice, _hills, _beams, _steps)


def _set_title(title: str) -> tuple[int, list[str]]:
    """The largest setting that fits 700 px: one line first, then two."""

    def fits(lines: list[str], size: int) -> bool:
        return all(len(wrap(line, size=size, width=700, weight="serif")) == 1 for line in lines)

    for size in (92, 86, 80):
        if fits([title], size):
            return size, [title]
    for size in (92, 80, 70, 60, 50):
        if fits(_two_lines(title), size):
            return size, _two_lines(title)
    return 44, wrap(title, size=44, width=700, weight="serif")


def _two_lines(title: str) -> list[str]:
    """Break near the middle, but not inside 《…》 or “…”, and not so that one character stands alone."""

    def cost(at: int) -> float:
        head = title[:at]
        inside = head.count("《") > head.count("》") or head.count("“") > head.count("”")
        return (
            abs(len(title) - 2 * at)
            + 20 * inside
            + (4 if head[-1] in "《“" or title[at] in "》”、与和的" else 0)
        )

    at = min(range(2, len(title) - 1), key=cost)
    return [title[:at], title[at:]]


def cover(title: str, category_code: str, seed: int) -> bytes:
    """A course cover, 1200×675 JPEG. `category_code` is party, management, culture or skills."""
    tint: Tint = CATEGORY_TINTS.get(category_code, CATEGORY_TINTS["party"])
    r = random.Random(f"{title}/{seed}")
    c = Canvas(*_COVER, gradient(_COVER, tint.deep, tint.mid, angle="across"))
    _PATTERNS[seed % len(_PATTERNS)](c, r)
    # A veil on the left keeps the title readable whatever the pattern does.
    veil = (
        gradient(_COVER, "#ffffff", "#000000", angle="across")
        .convert("L")
        .point(lambda v: max(0, v - 96) * 255 // 159)
    )
    veil = veil.resize(c.image.size)
    ground = gradient(c.image.size, tint.deep, blend(tint.deep, tint.mid, 0.7), angle="across")
    c.image.paste(ground, (0, 0), veil)
    c.box((80, 96, 136, 102), fill=GOLD)
    c.text((80, 122), _CATEGORY_TITLES.get(category_code, "培训课程"), size=34, fill="#f2dfae", weight="bold")
    size, lines = _set_title(title)
    top = 337 - len(lines) * size * 0.66
    for i, line in enumerate(lines):
        # An opening mark carries its white space on the left: hang it, so that the strokes line up.
        hang = size * 0.5 if line[0] in "《“" else 0
        c.text((76 - hang, top + i * size * 1.32), line, size=size, fill="#ffffff", weight="serif")
    c.line((80, 572, 520, 572), fill=_gold(160), width=2)
    c.text((80, 590), "两新组织党建学院 · 济南高新区", size=28, fill="#f3ead6")
    return jpeg(c.finished())


# Illustrations of bases ------------------------------------------------------------------------------

_SKIES = {
    "software": ("#dfe9f4", "#9db9d8", "#2e5f8f"),
    "equipment": ("#f3e6d6", "#d9b48c", "#8a5a36"),
    "biomedicine": ("#e3f1ea", "#a7d0bd", "#2c7a62"),
    "electronics": ("#e6e4f4", "#b0abd9", "#4b4691"),
    "energy": ("#eef3d9", "#c0cf93", "#5f7a2a"),
    "services": ("#f6e4e1", "#dba69f", "#9b3b36"),
    "social": ("#fbeed3", "#e6c07a", "#a06a16"),
}


def _block(
    c: Canvas, x: float, y: float, w: float, h: float, colour: tuple[int, int, int], *, lit: random.Random
) -> None:
    """A building with rows of windows standing on y."""
    c.box((x, y - h, x + w, y), fill=colour)
    c.box((x, y - h, x + w, y - h + 10), fill=blend(colour, "#ffffff", 0.28))
    step_x, step_y = 34, 44
    for wx in range(int(x) + 16, int(x + w) - 26, step_x):
        for wy in range(int(y - h) + 30, int(y) - 40, step_y):
            share = 0.55 if lit.random() < 0.62 else 0.22
            c.box((wx, wy, wx + 18, wy + 24), fill=blend(colour, "#fff6dd", share), radius=2)


def _scene_software(c: Canvas, r: random.Random, dark: tuple[int, int, int]) -> None:
    x = 90.0
    while x < 1080:
        w = r.randint(110, 190)
        _block(c, x, 660, w, r.randint(220, 470), blend(dark, "#ffffff", r.uniform(0, 0.3)), lit=r)
        x += w + r.randint(14, 50)
    for _ in range(7):
        a, b = r.randint(60, 1140), r.randint(60, 210)
        c.ellipse((a, b), 9, fill=dark)
        c.line((a, b, a + r.randint(60, 160), b + r.randint(-40, 60)), fill=(*dark, 120), width=3)


def _scene_equipment(c: Canvas, r: random.Random, dark: tuple[int, int, int]) -> None:
    for i in range(4):
        x = 70 + i * 200
        c.box((x, 430, x + 200, 660), fill=blend(dark, "#ffffff", 0.12))
        c.polygon((x, 432, x, 350, x + 200, 432), fill=blend(dark, "#ffffff", 0.3))
        c.box((x + 40, 500, x + 160, 580), fill=blend(dark, "#fff3d8", 0.6), radius=4)
    # A robot arm in front of the hall.
    base = 930 + r.randint(-20, 20)
    steel = blend(dark, "#000000", 0.2)
    c.box((base - 70, 610, base + 70, 660), fill=steel, radius=8)
    c.line((base, 612, base + 54, 430, base - 90, 318, base - 190, 380), fill=steel, width=36)
    for px, py in ((base, 610), (base + 54, 430), (base - 90, 318)):
        c.ellipse((px, py), 30, fill=GOLD)
        c.ellipse((px, py), 13, fill=steel)
    c.line((base - 190, 380, base - 222, 430), fill=steel, width=14)
    c.line((base - 190, 380, base - 160, 430), fill=steel, width=14)


def _scene_biomedicine(c: Canvas, r: random.Random, dark: tuple[int, int, int]) -> None:
    _block(c, 110, 660, 330, 240, blend(dark, "#ffffff", 0.25), lit=r)
    _block(c, 430, 660, 210, 330, blend(dark, "#ffffff", 0.1), lit=r)
    turn = r.random() * 3
    for i in range(22):  # a double helix
        y = 130 + i * 24
        s = math.sin(i / 3 + turn)
        left, right = 890 - 120 * s, 890 + 120 * s
        c.line((left, y, right, y), fill=(*dark, 110), width=5)
        c.ellipse((left, y), 13, fill=dark)
        c.ellipse((right, y), 13, fill=GOLD)


def _scene_electronics(c: Canvas, r: random.Random, dark: tuple[int, int, int]) -> None:
    c.box((390, 210, 810, 630), fill=blend(dark, "#000000", 0.15), radius=22)
    c.box((470, 290, 730, 550), fill=blend(dark, "#ffffff", 0.22), radius=12)
    for i in range(9):
        p = 236 + i * 44
        for x0, x1 in ((250 + r.randint(0, 60), 390), (810, 950 - r.randint(0, 60))):
            c.line((x0, p, x1, p), fill=GOLD, width=7)
            c.ellipse((x0 if x0 < 390 else x1, p), 11, fill=GOLD)
    for row in range(5):
        for col in range(5):
            c.box(
                (488 + col * 47, 308 + row * 47, 522 + col * 47, 342 + row * 47),
                fill=blend(dark, "#fff3d8", r.choice((0.2, 0.5, 0.75))),
                radius=4,
            )


def _scene_energy(c: Canvas, r: random.Random, dark: tuple[int, int, int]) -> None:
    c.polygon((0, 600, 320, 520, 640, 590, 900, 510, 1200, 580, 1200, 670, 0, 670), fill=(*dark, 90))
    for x, h in ((250, 400), (560, 330), (880, 430)):
        top = 660 - h
        c.polygon((x - 9, 660, x - 4, top, x + 4, top, x + 9, 660), fill="#ffffff")
        spin = r.random() * 2
        for k in range(3):
            a = spin + math.tau * k / 3
            c.polygon(
                (
                    x,
                    top,
                    x + 128 * math.cos(a),
                    top + 128 * math.sin(a),
                    x + 26 * math.cos(a + 0.3),
                    top + 26 * math.sin(a + 0.3),
                ),
                fill="#ffffff",
            )
        c.ellipse((x, top), 11, fill=GOLD)
    for i in range(5):
        x = 60 + i * 225
        c.polygon((x, 700, x + 40, 620, x + 200, 620, x + 160, 700), fill=blend(dark, "#0b2a4a", 0.55))
        for k in (1, 2, 3):
            c.line((x + 40 * k, 700, x + 40 + 40 * k, 620), fill=(255, 255, 255, 90), width=2)


def _scene_services(c: Canvas, r: random.Random, dark: tuple[int, int, int]) -> None:
    for i, (x, w, h) in enumerate(
        ((120, 150, 360), (300, 210, 500), (540, 150, 300), (720, 240, 420), (985, 120, 260))
    ):
        _block(c, x, 660, w, h + r.randint(-30, 30), blend(dark, "#ffffff", 0.08 * i), lit=r)
    c.box((330, 586, 480, 660), fill="#fff6dd", radius=4)
    c.box((310, 570, 500, 590), fill=GOLD, radius=4)


def _scene_social(c: Canvas, r: random.Random, dark: tuple[int, int, int]) -> None:
    c.polygon((200, 400, 460, 270, 720, 400), fill=blend(dark, "#8a1b1b", 0.5))
    c.box((230, 400, 690, 660), fill=blend(dark, "#ffffff", 0.45))
    for x in (280, 430, 580):
        c.box((x, 450, x + 70, 560), fill="#fff6dd", radius=4)
    c.box((425, 560, 505, 660), fill=blend(dark, "#000000", 0.2))
    for i in range(5):  # people
        x, y = 770 + i * 82, 570 + r.randint(-12, 20)
        shade = (dark, rgb("#9b1c1f"), rgb(GOLD))[i % 3]
        c.ellipse((x, y), 26, fill=blend(shade, "#ffffff", 0.15))
        c.box((x - 36, y + 34, x + 36, 690), fill=shade, radius=30)


_SCENES = {
    "software": _scene_software,
    "equipment": _scene_equipment,
    "biomedicine": _scene_biomedicine,
    "electronics": _scene_electronics,
    "energy": _scene_energy,
    "services": _scene_services,
    "social": _scene_social,
}


def base_photo(name: str, field: str, seed: int) -> bytes:
    """An illustration of a site, 1200×800 JPEG. `field` is a code of `fields` in organizations.json."""
    field = field if field in _SCENES else "services"
    light, middle, dark_hex = _SKIES[field]
    dark = rgb(dark_hex)
    r = random.Random(f"{name}/{field}/{seed}")
    c = Canvas(*_PHOTO, gradient(_PHOTO, light, middle, angle="down"))
    c.ellipse((r.randint(120, 1080), r.randint(90, 200)), r.randint(44, 74), fill=(255, 250, 232, 200))
    for layer, alpha in ((470, 60), (540, 80)):
        phase = r.random() * 6
        points: list[float] = [0, 700]
        for x in range(0, 1212, 12):
            points += [x, layer - 46 * math.sin(x / 170 + phase) - 18 * math.sin(x / 61 + phase)]
        c.polygon([*points, 1200, 700], fill=(*dark, alpha))
    c.box((0, 656, 1200, 800), fill=blend(dark, "#ffffff", 0.62))
    _SCENES[field](c, r, dark)
    c.box((0, 700, 1200, 800), fill=blend(dark, "#000000", 0.28))
    c.box((0, 700, 1200, 706), fill=GOLD)
    size = next((s for s in (40, 34, 30) if len(wrap(name, size=s, width=1000, weight="bold")) == 1), 26)
    c.text((60, 754), name, size=size, fill="#ffffff", weight="bold", anchor="lm")
    return jpeg(c.finished(), quality=82)

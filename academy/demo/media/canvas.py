"""Colours, fonts and the drawing surface shared by covers, figures and films."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFont

Weight = Literal["regular", "bold", "serif"]
Colour = str | tuple[int, int, int]

INK = "#26211f"
MUTED = "#6b625d"
PAPER = "#ffffff"
CREAM = "#fbf6ec"
RED = "#9b1c1f"
GOLD = "#c9a24b"
LINE = "#e4d9c6"


class Tint(NamedTuple):
    """A category's colours: `deep` to `mid` is the background, `pale` fills boxes."""

    deep: str
    mid: str
    pale: str


CATEGORY_TINTS: dict[str, Tint] = {
    "party": Tint("#7d1216", "#b3282b", "#faeceb"),
    "management": Tint("#12324f", "#245a86", "#e9f0f6"),
    "culture": Tint("#56243f", "#86415f", "#f6ebf0"),
    "skills": Tint("#0f4a43", "#1f7467", "#e7f3f0"),
}

# Where Debian and its relatives put fonts with Chinese glyphs, best first: (file, face within it).
# Face 2 of a Noto CJK collection is Simplified Chinese.
_FONT_ROOTS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_FONT_FILES: dict[Weight, tuple[tuple[str, int], ...]] = {
    "regular": (
        ("opentype/noto/NotoSansCJK-Regular.ttc", 2),
        ("noto-cjk/NotoSansCJK-Regular.ttc", 2),
        ("google-noto-cjk/NotoSansCJK-Regular.ttc", 2),
        ("truetype/wqy/wqy-microhei.ttc", 0),
        ("truetype/wqy/wqy-zenhei.ttc", 0),
        ("truetype/droid/DroidSansFallbackFull.ttf", 0),
    ),
    "bold": (
        ("opentype/noto/NotoSansCJK-Bold.ttc", 2),
        ("noto-cjk/NotoSansCJK-Bold.ttc", 2),
        ("google-noto-cjk/NotoSansCJK-Bold.ttc", 2),
    ),
    "serif": (
        ("opentype/noto/NotoSerifCJK-Bold.ttc", 2),
        ("noto-cjk/NotoSerifCJK-Bold.ttc", 2),
        ("google-noto-serif-cjk/NotoSerifCJK-Bold.ttc", 2),
    ),
}
_FALLBACK: dict[Weight, Weight | None] = {"serif": "bold", "bold": "regular", "regular": None}
_NOT_AT_LINE_START = "，。、；：！？）》”’】—…"


@lru_cache(maxsize=128)
def font(size: int, weight: Weight = "regular") -> ImageFont.FreeTypeFont | None:
    """A font that has Chinese glyphs, or None where the machine has none."""
    wanted: Weight | None = weight
    while wanted is not None:
        for name, face in _FONT_FILES[wanted]:
            for root in _FONT_ROOTS:
                if (root / name).is_file():
                    try:
                        return ImageFont.truetype(str(root / name), size, index=face)
                    except OSError:  # a damaged font file: the next one may be whole
                        continue
        wanted = _FALLBACK[wanted]
    return None


def font_available() -> bool:
    return font(24) is not None


def rgb(colour: Colour) -> tuple[int, int, int]:
    if isinstance(colour, str):
        return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)
    return colour


def blend(a: Colour, b: Colour, share: float) -> tuple[int, int, int]:
    """`a` with `share` (0-1) of `b` mixed in."""
    x, y = rgb(a), rgb(b)
    return (
        round(x[0] + (y[0] - x[0]) * share),
        round(x[1] + (y[1] - x[1]) * share),
        round(x[2] + (y[2] - x[2]) * share),
    )


def gradient(
    size: tuple[int, int], start: Colour, end: Colour, *, angle: Literal["down", "across"]
) -> Image.Image:
    """A two-colour background; a 256-step ramp is stretched, which is quick and smooth."""
    ramp = Image.new("RGB", (1, 256) if angle == "down" else (256, 1))
    for i in range(256):
        ramp.putpixel((0, i) if angle == "down" else (i, 0), blend(start, end, i / 255))
    return ramp.resize(size, Image.Resampling.BICUBIC)


class Canvas:
    """A surface measured in final pixels and drawn at twice the size, so that edges come out smooth."""

    SCALE = 2

    def __init__(self, width: int, height: int, background: Colour | Image.Image = PAPER) -> None:
        self.width, self.height = width, height
        big = (width * self.SCALE, height * self.SCALE)
        if isinstance(background, Image.Image):
            self.image = background.resize(big).convert("RGB")
        else:
            self.image = Image.new("RGB", big, rgb(background))
        self.draw = ImageDraw.Draw(self.image, "RGBA")

    def _up(self, values: Sequence[float]) -> list[float]:
        return [v * self.SCALE for v in values]

    def box(
        self,
        xy: Sequence[float],
        *,
        fill: Colour | tuple[int, int, int, int] | None = None,
        outline: Colour | None = None,
        width: float = 0,
        radius: float = 0,
    ) -> None:
        self.draw.rounded_rectangle(
            self._up(xy), self.SCALE * radius, fill=fill, outline=outline, width=round(width * self.SCALE)
        )

    def ellipse(
        self,
        centre: tuple[float, float],
        radius: float,
        *,
        fill: Colour | tuple[int, int, int, int] | None = None,
        outline: Colour | tuple[int, int, int, int] | None = None,
        width: float = 0,
    ) -> None:
        x, y = centre
        self.draw.ellipse(
            self._up((x - radius, y - radius, x + radius, y + radius)),
            fill=fill,
            outline=outline,
            width=round(width * self.SCALE),
        )

    def line(
        self, points: Sequence[float], *, fill: Colour | tuple[int, int, int, int] = GOLD, width: float = 4
    ) -> None:
        self.draw.line(self._up(points), fill=fill, width=round(width * self.SCALE), joint="curve")

    def polygon(self, points: Sequence[float], *, fill: Colour | tuple[int, int, int, int]) -> None:
        self.draw.polygon(self._up(points), fill=fill)

    def arrow(self, start: tuple[float, float], end: tuple[float, float], *, fill: Colour = GOLD) -> None:
        """A line with a head; only straight up, down, left or right, and slanted by the line's direction."""
        (x0, y0), (x1, y1) = start, end
        length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5 or 1
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        neck_x, neck_y = x1 - ux * 18, y1 - uy * 18
        self.line((x0, y0, neck_x, neck_y), fill=fill, width=5)
        self.polygon(
            (x1, y1, neck_x - uy * 13, neck_y + ux * 13, neck_x + uy * 13, neck_y - ux * 13), fill=fill
        )

    def text(
        self,
        xy: tuple[float, float],
        words: str,
        *,
        size: int,
        fill: Colour = INK,
        weight: Weight = "regular",
        anchor: str = "la",
    ) -> None:
        face = font(size * self.SCALE, weight)
        if face is not None:
            self.draw.text(
                (xy[0] * self.SCALE, xy[1] * self.SCALE), words, font=face, fill=fill, anchor=anchor
            )

    def paragraph(
        self,
        xy: tuple[float, float],
        words: str,
        *,
        size: int,
        width: float,
        fill: Colour = INK,
        weight: Weight = "regular",
        centre: bool = False,
        leading: float = 1.42,
    ) -> float:
        """Wrapped text from the top left corner (or the middle, when centred). Returns the height used."""
        lines = wrap(words, size=size, width=width, weight=weight)
        for i, line in enumerate(lines):
            y = xy[1] + i * size * leading
            self.text((xy[0], y), line, size=size, fill=fill, weight=weight, anchor="ma" if centre else "la")
        return len(lines) * size * leading

    def finished(self) -> Image.Image:
        return self.image.resize((self.width, self.height), Image.Resampling.LANCZOS)


def text_width(words: str, *, size: int, weight: Weight = "regular") -> float:
    face = font(size, weight)
    if face is not None:
        return face.getlength(words)
    return sum(size if ord(c) > 0x2E7F else size * 0.56 for c in words)


def wrap(words: str, *, size: int, width: float, weight: Weight = "regular") -> list[str]:
    """Lines no wider than `width`; no line begins with a closing mark; `\\n` forces a break."""
    lines: list[str] = []
    for part in words.split("\n"):
        current = ""
        for char in part:
            if (
                current
                and text_width(current + char, size=size, weight=weight) > width
                and char not in _NOT_AT_LINE_START
            ):
                lines.append(current)
                current = ""
            current += char
        lines.append(current)
    return lines


def png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    # Flat colours: a palette of 128 halves the file, and the eye sees no difference.
    image.quantize(128, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(
        out, "PNG", optimize=True
    )
    return out.getvalue()


def jpeg(image: Image.Image, quality: int = 86) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()

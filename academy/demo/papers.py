"""What stands on the demo's certificates: the template that every academy begins with, signed and sealed."""

from __future__ import annotations

import math
from io import BytesIO

from PIL import Image, ImageDraw

from enrollment.actions.certificate_templates import save_template
from enrollment.models import CertificateTemplate, User
from enrollment.rules.certificate_template import Draft

SIGNATORY = "示例高新区“两新”组织党建学院"
#: Drawn four times as large and made smaller, so that edges are smooth.
DOTS, LARGER = 480, 4
RED = (196, 22, 28, 225)


def load(actor: User) -> None:
    """Put it in force before the first certificate is issued."""
    current = CertificateTemplate.in_force()
    draft = Draft(current.title, current.body, current.footer, SIGNATORY)
    save_template(
        draft=draft, orientation=current.orientation, seal=_seal(), based_on=current.version, actor=actor
    )


def _seal() -> bytes:
    """A ring and a star without a word in it: nobody's seal."""
    size = DOTS * LARGER
    picture = Image.new("RGBA", (size, size), (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    edge = size // 50
    pen.ellipse((edge, edge, size - edge, size - edge), outline=RED, width=size // 32)
    middle, outer = size / 2, size * 0.2
    inner = outer * 0.382
    corners = [
        (
            middle + (outer, inner)[number % 2] * math.sin(number * math.pi / 5),
            middle - (outer, inner)[number % 2] * math.cos(number * math.pi / 5),
        )
        for number in range(10)
    ]
    pen.polygon(corners, fill=RED)
    target = BytesIO()
    picture.resize((DOTS, DOTS), Image.Resampling.LANCZOS).save(target, "PNG", optimize=True)
    return target.getvalue()

"""Pages of a PDF as pictures: ``pdf_pages.py SOURCE [FOLDER WIDTH MOST]``. Run by `cms.converters` alone.

Says what the file is, one JSON object a line: ``{pages, scripts, attachments}`` or ``{locked}``; with a
folder, for each page ``{page, width, height, text}`` after its picture ``0001.webp`` … was written there.
Sizes in points of the picture.
"""

import json
import sys
from io import BytesIO
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

QUALITY = 80
#: A page that is this much longer than wide is a poster; its picture is made smaller.
TALLEST = 4
MOST_LETTERS = 8000
#: Names that no page needs: programs, and programs of the reader's computer (ISO 32000-1, §12.6.4).
SCRIPTS = (b"/JavaScript", b"/Launch")


def say(**facts: object) -> None:
    """One line for whoever listens."""
    sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def draw(document: pypdfium2.PdfDocument, number: int, folder: Path, width: int) -> None:
    """Draw one page, counted from 0, and say what stands on it."""
    page = document[number]
    across, down = page.get_size()
    scale = width / max(across, down / TALLEST, 1)
    picture = page.render(scale=scale, may_draw_forms=False).to_pil().convert("RGB")
    picture.save(folder / f"{number + 1:04d}.webp", "WEBP", quality=QUALITY, method=4)
    text = page.get_textpage().get_text_bounded()[:MOST_LETTERS]
    say(page=number + 1, width=picture.width, height=picture.height, text=text)
    page.close()


def main() -> None:
    """Open the file, say what it is, and draw its pages if a folder is named."""
    try:
        document = pypdfium2.PdfDocument(sys.argv[1])
    except pypdfium2.PdfiumError as error:
        if getattr(error, "err_code", None) == pdfium.FPDF_ERR_PASSWORD:
            say(locked=True)
            return
        raise
    # Written anew, objects are unpacked and names are spelled plainly, whatever the file hid them in.
    plain = BytesIO()
    document.save(plain)
    say(
        pages=len(document),
        scripts=sum(plain.getvalue().count(name) for name in SCRIPTS),
        attachments=pdfium.FPDFDoc_GetAttachmentCount(document),
    )
    if len(sys.argv) > 2:
        folder, width, most = Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
        for number in range(min(len(document), most)):
            draw(document, number, folder, width)


if __name__ == "__main__":
    main()

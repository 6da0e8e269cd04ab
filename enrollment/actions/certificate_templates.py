"""The certificate template: every change is a new version, judged before it is in force."""

from __future__ import annotations

from io import BytesIO

from django.db import IntegrityError, transaction
from PIL import Image, UnidentifiedImageError

from cms import pdf
from cms.refusals import Refused
from enrollment import certificate_pages
from enrollment.actions.journal import note
from enrollment.models import CertificateTemplate, User
from enrollment.rules import certificate_template as rules
from enrollment.rules.certificate_template import Draft

SEAL_BYTES = 2 * 1024 * 1024
SEAL_DOTS = 4000
#: Enough for a seal of 38 mm at 400 dots an inch.
SEAL_KEPT_DOTS = 600


def composed(
    *, draft: Draft, orientation: str, seal: bytes | None, keep_seal: bool = True
) -> CertificateTemplate:
    """The next version as ``draft`` describes it, not saved; ``seal`` is a file's content.

    Without ``seal`` the seal of the version in force stays, unless ``keep_seal`` says otherwise.

    Raises:
        Refused: every mistake of the draft, each at its field; a seal that is no picture or too large.
    """
    reasons = list(rules.mistakes(draft))
    current = CertificateTemplate.in_force()
    picture = bytes(current.seal) if current.seal and keep_seal else None
    if seal is not None:
        try:
            picture = _as_png(seal)
        except Refused as refused:
            reasons += refused.reasons
    if reasons:
        raise Refused(*reasons)
    return CertificateTemplate(
        version=current.version + 1,
        title=draft.title.strip(),
        body=draft.body.strip(),
        footer=draft.footer.strip(),
        signatory=draft.signatory.strip(),
        orientation=orientation,
        seal=picture,
    )


def save_template(
    *,
    draft: Draft,
    orientation: str,
    seal: bytes | None,
    keep_seal: bool = True,
    based_on: int,
    actor: User,
) -> CertificateTemplate:
    """Put a new version in force. ``based_on`` is the version its writer saw.

    Raises:
        Refused: every mistake of the draft; text that does not fit; nothing new; a newer version meanwhile.
    """
    new = composed(draft=draft, orientation=orientation, seal=seal, keep_seal=keep_seal)
    current = CertificateTemplate.in_force()
    if current.version != based_on:
        raise Refused(rules.CHANGED_MEANWHILE)
    names = ("title", "body", "footer", "signatory", "orientation")
    changed = [name for name in names if getattr(new, name) != getattr(current, name)]
    if bytes(new.seal or b"") != bytes(current.seal or b""):
        changed.append("seal")
    if not changed:
        raise Refused(rules.SAME)
    # Laid out before anything is written; where no PDF can be made, the limits of length have to do.
    if pdf.why_resting() is None and not certificate_pages.fits(new):
        raise Refused(rules.DOES_NOT_FIT)
    new.created_by = actor
    try:
        with transaction.atomic():
            new.save()
            note(
                new,
                "enrollment.template.save",
                actor=actor,
                data={"version": new.version, "changed": changed},
            )
    except IntegrityError:
        # Two saved at once: the number of the version is the last word.
        raise Refused(rules.CHANGED_MEANWHILE) from None
    return new


def _as_png(content: bytes) -> bytes:
    """A picture written anew: nothing but its dots stays, and no more of them than are printed."""
    if len(content) > SEAL_BYTES:
        raise Refused(rules.SEAL_TOO_LARGE)
    try:
        with Image.open(BytesIO(content), formats=("PNG", "JPEG")) as opened:
            if max(opened.size) > SEAL_DOTS:
                raise Refused(rules.SEAL_TOO_LARGE)
            picture = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError):
        raise Refused(rules.SEAL_UNREADABLE) from None
    picture.thumbnail((SEAL_KEPT_DOTS, SEAL_KEPT_DOTS))
    target = BytesIO()
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()

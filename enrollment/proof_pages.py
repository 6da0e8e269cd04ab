"""学时证明 and 学习档案 as PDF, from what was kept when they were issued."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from cms import pdf
from enrollment.certificate_pages import check_address
from enrollment.models import CertificateTemplate, HourKind, Post, ProofKind, StudyProof
from enrollment.rules.codes import in_chinese
from enrollment.rules.invitations import spelled

PAGES = {ProofKind.YEAR: "pdf/proof_year.html", ProofKind.RECORD: "pdf/proof_record.html"}


def _state(standing: dict[str, Any]) -> str:
    if standing["is_exempt"]:
        return "豁免"
    return "已达标" if standing["has_reached"] else "尚未达标"


def context(proof: StudyProof) -> dict[str, Any]:
    """What the template shows; nothing but what was kept, and who issues it."""
    with pdf.on_paper():
        kind_names = {kind.value: str(kind.label) for kind in HourKind}
        posts = [{**row, "post": str(Post(row["post"]).label)} for row in proof.printed.get("posts", [])]
    printed = proof.printed
    figures: dict[str, dict[str, int]] = printed["figures"]
    kinds = [kind.value for kind in HourKind if any(kind in row for row in figures.values())]
    standings = [{**row, "state": _state(row)} for row in printed["standings"]]
    return {
        "proof": proof,
        "printed": printed,
        "posts": posts,
        "standings": standings,
        "standing": standings[0] if standings else None,
        "kinds": [(kind_names[kind], sum(row.get(kind, 0) for row in figures.values())) for kind in kinds],
        "years": [
            {"year": year, "kinds": [row.get(kind, 0) for kind in kinds], "total": sum(row.values())}
            for year, row in sorted(figures.items())
        ],
        "kind_names": [kind_names[kind] for kind in kinds],
        "entries": [{**row, "kind_name": kind_names[row["kind"]]} for row in printed.get("entries", [])],
        "issued_on": in_chinese(timezone.localdate(proof.issued_at)),
        "signatory": CertificateTemplate.objects.order_by("-version").values_list("signatory", flat=True)[0],
        "qr": pdf.qr(check_address(proof.verification_code)),
        "code": spelled(proof.verification_code),
    }


def content(proof: StudyProof) -> bytes:
    """The paper.

    Raises:
        Refused: PDF files cannot be made on this server.
    """
    return pdf.render(PAGES[ProofKind(proof.kind)], context(proof))

"""The archive 归档 of a class: what its manifest says, and what no longer agrees with it.

The manifest names every file with its SHA-256 digest. The digest of the manifest itself is kept with the
class: whoever changes a file must change the manifest, and whoever changes the manifest is found out by
that digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cms.refusals import Reason
from cms.refusals import sentence as _

FORMAT = 1
MANIFEST = "manifest.json"
#: Where the records lie that can be made again from the database.
RECORDS = "records/"
#: What an uploaded file may be at most: a bomb is not unpacked.
MOST_FILES = 2000
MOST_BYTES = 500 * 1024 * 1024
MOST_UPLOADED_BYTES = 200 * 1024 * 1024


def canonical(value: Any) -> bytes:
    """``value`` as JSON that is the same whenever it says the same."""
    return (json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class Entry:
    """A file of the archive: its digest and its size in bytes."""

    sha256: str
    size: int


def manifest(*, code: str, title: str, sealed_at: str, files: Mapping[str, Entry]) -> bytes:
    """The manifest of an archive with ``files`` by path."""
    return canonical(
        {
            "format": FORMAT,
            "class": code,
            "title": title,
            "sealed_at": sealed_at,
            "files": {path: {"sha256": one.sha256, "size": one.size} for path, one in files.items()},
        }
    )


def digests_in(content: bytes) -> dict[str, str]:
    """Digest by path as a manifest says.

    Raises:
        ValueError: it is no manifest.
    """
    try:
        said = json.loads(content)
        return {str(path): str(one["sha256"]) for path, one in said["files"].items()}
    except (UnicodeDecodeError, TypeError, KeyError, AttributeError) as error:
        raise ValueError("no manifest") from error


class Change(StrEnum):
    """How something differs."""

    MANIFEST = "manifest"
    CHANGED = "changed"
    MISSING = "missing"
    ADDED = "added"


@dataclass(frozen=True)
class Difference:
    """Something that no longer agrees; ``path`` names the file."""

    change: Change
    path: str


def differences(*, kept_digest: str, manifest_content: bytes, found: Mapping[str, str]) -> list[Difference]:
    """What of an archive is not as it was sealed; ``found`` is the digest of each file in it."""
    said = digests_in(manifest_content)
    result = []
    if digest(manifest_content) != kept_digest:
        result.append(Difference(Change.MANIFEST, MANIFEST))
    for path in sorted(said.keys() | found.keys()):
        if path not in found:
            result.append(Difference(Change.MISSING, path))
        elif path not in said:
            result.append(Difference(Change.ADDED, path))
        elif said[path] != found[path]:
            result.append(Difference(Change.CHANGED, path))
    return result


def record_differences(said: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    """Which records differ between a manifest and the database.

    A section that a later version of the academy adds was never sealed: it is no difference.
    """
    return [
        Difference(Change.MISSING if path not in now else Change.CHANGED, path)
        for path in sorted(said)
        if path.startswith(RECORDS) and now.get(path) != said[path]
    ]


NOT_CLOSED = Reason("archive_not_closed", _("A class is archived once it is closed."))
CHANGED_MEANWHILE = Reason(
    "archive_changed_meanwhile", _("Records changed while the archive was put together; begin again.")
)
NOT_AN_ARCHIVE = Reason(
    "not_an_archive", _("This file is no archive of a class: choose the .zip that was downloaded here.")
)
TOO_LARGE = Reason("archive_too_large", _("This file is larger than any archive of a class."))

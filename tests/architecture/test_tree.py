"""What the tree of files promises: tidy names, documented components, nothing of one machine."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ["academy", "practicum", "courses", "enrollment", "cms"]


def tracked(*patterns: str) -> list[Path]:
    """Return the files that git tracks and that still exist."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def relative(paths: list[Path]) -> list[str]:
    """Return paths as a reader names them."""
    return sorted(str(path.relative_to(ROOT)) for path in paths)


def test_no_module_is_named_for_nothing() -> None:
    vague = re.compile(r"^(utils?|helpers?|services?|misc|common)\.py$")
    assert (
        relative([path for app in APPS for path in (ROOT / app).rglob("*.py") if vague.match(path.name)])
        == []
    )


def test_no_module_passes_the_size_that_asks_for_a_package() -> None:
    """About four hundred lines; generated migrations and the demo's texts are not read from top to bottom."""
    long = [
        path
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        if "migrations" not in path.parts
        and "demo" not in path.parts
        and len(path.read_text(encoding="utf-8").splitlines()) > 600
    ]
    assert relative(long) == []


def test_components_open_with_a_comment_on_their_variables() -> None:
    silent = [
        path
        for path in (ROOT / "templates" / "components").rglob("*.html")
        if not path.read_text(encoding="utf-8").lstrip().startswith(("{#", "{% comment"))
    ]
    assert relative(silent) == []


def test_templates_hold_no_inline_script_or_style() -> None:
    """The content security policy refuses them, so they would fail in silence."""
    inline = re.compile(
        r"<script(?![^>]*\bsrc=)(?![^>]*type=\"(application/json|application/ld\+json)\")|<style\b|\son[a-z]+=\"|\sstyle=\"",
        re.I,
    )
    # Papers and messages are not shown under the policy: one is typeset, the other read elsewhere.
    free = ("/print/", "/papers/", "/email/", "/pdf/")
    offenders = [
        path
        for path in (ROOT / "templates").rglob("*.html")
        if not any(part in str(path) for part in free) and inline.search(path.read_text(encoding="utf-8"))
    ]
    assert relative(offenders) == []


def test_the_tree_names_no_registry_and_no_machine() -> None:
    # Written in pieces, so that this file does not name what it forbids.
    hosts = [
        "files.python" + "hosted",
        "pypi" + ".org",
        "registry.npm" + "js",
        "deb.debian" + ".org",
        "reg" + "istry.yarnpkg",
    ]
    places = ["/wo" + "rk/main", "/wo" + "rk/shared", "/ro" + "ot/", "/tmp/" + "brief"]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked()
        if path.suffix not in {".png", ".jpg", ".webp", ".woff2", ".xlsx", ".mp4", ".ico", ".gz"}
        for text in [path.read_text(encoding="utf-8", errors="ignore")]
        for word in [*hosts, *places]
        if word in text
    ]
    assert found == []


@pytest.mark.parametrize("name", ["base", "test", "node", "bootstrap"])
def test_python_locks_are_hashed_and_hold_no_address(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")
    packages = re.findall(r"^[\w.\-\[\]]+==", text, re.M)
    assert packages
    assert all("--hash=sha256:" in block for block in re.split(r"^(?=[\w.\-\[\]]+==)", text, flags=re.M)[1:])
    assert "http" + "://" not in text
    assert "https" + "://" not in text


def test_the_front_end_lock_holds_no_address() -> None:
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text(encoding="utf-8")


def test_made_files_are_not_committed() -> None:
    made = ("frontend/dist/", "node_modules/", "build/", "var/", ".venv/")
    names = relative(tracked())
    assert [name for name in names if name.startswith(made) or name.endswith((".mo", ".sqlite3"))] == []


def test_no_string_of_the_interface_hides_in_an_f_string() -> None:
    """The collector of strings does not look into them: such a string would never be translated."""
    hidden = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for text in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(text, ast.JoinedStr)
        for call in ast.walk(text)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in {"_", "gettext", "ngettext", "pgettext", "gettext_lazy"}
    ]
    assert hidden == []


def test_translating_functions_bear_names_that_the_collector_knows() -> None:
    """Called anything but ``_`` or their own name, what they say would never be translated."""
    renamed = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if "gettext" in name.name and name.asname not in {None, "_"}
    ]
    assert renamed == []

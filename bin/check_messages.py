"""Compare the strings that the code shows with the Chinese catalogue in `locale/zh_Hans`.

Without options it changes nothing: it collects the strings in a copy and fails on one that is missing,
untranslated, fuzzy, or whose placeholders differ. `--update` writes the new strings into the catalogue.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polib
from workplace import PYTHON, ROOT, Stop

LOCALE = Path("locale") / "zh_Hans" / "LC_MESSAGES"
# Domain → the kinds of file it is collected from.
DOMAINS = {"django": "html,txt,py", "djangojs": "ts,js"}
IGNORED = ["node_modules/*", "frontend/dist/*", "tests/*", "bin/*", "var/*", "build/*", "docs/*", ".venv/*"]
PLACEHOLDER = re.compile(r"%\((\w+)\)[a-z]|%[sd]|\{(\w*)\}")


def copy_of_sources(target: Path) -> None:
    """Copy every source that may hold strings; files that git ignores stay out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\0")
    for name in listed:
        path = ROOT / name
        if path.suffix in {".py", ".html", ".txt", ".ts", ".js", ".po"} and path.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target / name)


def collect(place: Path) -> None:
    """Let Django write the strings that it finds below `place` into the catalogues there."""
    (place / LOCALE).mkdir(parents=True, exist_ok=True)
    for domain, extensions in DOMAINS.items():
        done = subprocess.run(
            [
                PYTHON,
                "-m",
                "django",
                "makemessages",
                "--locale",
                "zh_Hans",
                "--domain",
                domain,
                "--no-wrap",
                "--add-location=file",
                "--extension",
                extensions,
                *(f"--ignore={pattern}" for pattern in IGNORED),
            ],
            cwd=place,
            capture_output=True,
            text=True,
            check=False,
            env={
                "PATH": "/usr/local/bin:/usr/bin:/bin",
                "PYTHONPATH": str(place),
                "LANG": "C.UTF-8",
                "DJANGO_SETTINGS_MODULE": "academy.settings.test",
            },
        )
        if done.returncode:
            raise Stop(f"Collecting strings failed: {done.stderr.strip() or done.stdout.strip()}")


def tidy(place: Path) -> None:
    """Write the catalogues so that only what was said differs from one time to the next."""
    for domain in DOMAINS:
        path = place / LOCALE / f"{domain}.po"
        if not path.exists():
            continue
        catalogue = polib.pofile(str(path), wrapwidth=0)
        catalogue.metadata["POT-Creation-Date"] = ""
        for entry in catalogue.obsolete_entries():
            catalogue.remove(entry)
        for entry in catalogue:
            entry.previous_msgctxt = entry.previous_msgid = entry.previous_msgid_plural = None
        catalogue.save()


def names_in(text: str) -> set[str]:
    """Return the placeholders of a message."""
    return {match.group(0) for match in PLACEHOLDER.finditer(text)}


def faults(entry: polib.POEntry, known: polib.POEntry | None) -> str:
    """Return what is wrong with the translation of a string, or nothing."""
    if known is None or known.obsolete:
        return "is not in the catalogue"
    translations = list(known.msgstr_plural.values()) or [known.msgstr]
    if not all(translations):
        return "is not translated"
    if known.fuzzy:
        return "is marked fuzzy"
    # A plural may leave the number out ("one day"); nothing may bring in a name that the code does not give.
    given = names_in(entry.msgid) | names_in(entry.msgid_plural)
    for translation in translations:
        if extra := names_in(translation) - given:
            return f"has a placeholder that the code does not fill: {' '.join(sorted(extra))}"
        if not entry.msgid_plural and (lost := given - names_in(translation)):
            return f"lost a placeholder: {' '.join(sorted(lost))}"
    return ""


def compare(place: Path) -> list[str]:
    """Return one line for each string that the catalogue of the checkout does not serve."""
    found = []
    for domain in DOMAINS:
        collected = place / LOCALE / f"{domain}.po"
        if not collected.exists():
            continue
        ours = ROOT / LOCALE / f"{domain}.po"
        known = {(e.msgctxt, e.msgid): e for e in polib.pofile(str(ours))} if ours.exists() else {}
        found += [
            f"{domain}.po: {entry.msgid!r} {wrong}"
            for entry in polib.pofile(str(collected))
            if not entry.obsolete and (wrong := faults(entry, known.get((entry.msgctxt, entry.msgid))))
        ]
    return found


def main() -> int:
    """Check, or update with --update."""
    if not shutil.which("xgettext"):
        raise Stop("xgettext is missing: install gettext")
    if "--update" in sys.argv[1:]:
        collect(ROOT)
        tidy(ROOT)
        return 0
    with tempfile.TemporaryDirectory(prefix="academy-messages-") as folder:
        copy_of_sources(Path(folder))
        collect(Path(folder))
        lines = compare(Path(folder))
    print("\n".join(lines) or "Every string of the interface is translated.")
    return 1 if lines else 0


if __name__ == "__main__":
    raise SystemExit(main())

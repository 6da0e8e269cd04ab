"""Compile `locale/**/*.po` to the `.mo` files that Django reads, without needing gettext on the machine."""

import polib
from workplace import ROOT


def main() -> None:
    """Compile every catalogue that is newer than its compiled form."""
    for source in sorted((ROOT / "locale").rglob("*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        fresh = target.with_suffix(".mo.new")
        polib.pofile(str(source)).save_as_mofile(str(fresh))
        fresh.replace(target)


if __name__ == "__main__":
    main()

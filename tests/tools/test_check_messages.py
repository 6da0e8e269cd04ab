"""The check that no string of the interface is left in English."""

import check_messages
import polib
import pytest


def entry(
    msgid: str, msgstr: str = "", *, plural: str = "", forms: dict[int, str] | None = None
) -> polib.POEntry:
    """Return one message of a catalogue."""
    return polib.POEntry(msgid=msgid, msgstr=msgstr, msgid_plural=plural, msgstr_plural=forms or {})


def test_a_translated_string_passes() -> None:
    assert check_messages.faults(entry("Save"), entry("Save", "保存")) == ""


def test_a_missing_or_empty_translation_is_found() -> None:
    assert check_messages.faults(entry("Save"), None) == "is not in the catalogue"
    assert check_messages.faults(entry("Save"), entry("Save")) == "is not translated"


def test_a_guess_of_the_tools_is_found() -> None:
    guessed = entry("Save", "保留")
    guessed.flags.append("fuzzy")
    assert check_messages.faults(entry("Save"), guessed) == "is marked fuzzy"


@pytest.mark.parametrize(
    ("msgid", "msgstr", "said"),
    [
        ("%(count)s people", "人", "lost a placeholder: %(count)s"),
        ("Hello", "%(name)s，你好", "has a placeholder that the code does not fill: %(name)s"),
        ("{name} left", "{nom} 离开了", "has a placeholder that the code does not fill: {nom}"),
    ],
)
def test_placeholders_must_agree(msgid: str, msgstr: str, said: str) -> None:
    assert check_messages.faults(entry(msgid), entry(msgid, msgstr)) == said


def test_a_plural_needs_every_form() -> None:
    asked = entry("one day", plural="%(n)s days")
    assert (
        check_messages.faults(asked, entry("one day", plural="%(n)s days", forms={0: ""}))
        == "is not translated"
    )
    assert check_messages.faults(asked, entry("one day", plural="%(n)s days", forms={0: "%(n)s 天"})) == ""

"""``manage.py import_roster``: what it prints and how it ends."""

import io
import json

import pytest
from django.core.management import CommandError, call_command

from enrollment.models import RosterImport, Trainee
from tests.enrollment.roster.sheets import person, workbook

pytestmark = pytest.mark.django_db


@pytest.fixture
def sheet(tmp_path, settings, tree):
    settings.MEDIA_ROOT = tmp_path / "media"
    path = tmp_path / "roster.xlsx"
    path.write_bytes(workbook([person(), person("李四", "1390000000")]).getvalue())
    return str(path)


def run(*arguments):
    out = io.StringIO()
    call_command("import_roster", *arguments, stdout=out)
    return out.getvalue()


def test_json_has_counts_and_every_error(sheet):
    report = json.loads(run(sheet, "--format", "json"))
    [error] = report.pop("errors")
    assert report == {"rows": 2, "new": 1, "changed": 0, "unchanged": 0, "duplicates": 0}
    message = error.pop("message")
    assert error == {"row": 3, "field": "phone", "code": "phone_too_short"}
    assert "1390000000" in message
    assert Trainee.objects.get().name == "张三"


def test_a_dry_run_saves_nothing(sheet):
    report = json.loads(run(sheet, "--dry-run", "--format", "json"))
    assert report["new"] == 1
    assert not Trainee.objects.exists()
    assert not RosterImport.objects.exists()


def test_text_is_for_people(sheet):
    assert "1390000000" in run(sheet)


def test_an_organization_limits_the_file(sheet):
    report = json.loads(run(sheet, "--organization", "MAKE", "--format", "json"))
    assert {error["code"] for error in report["errors"]} == {"unknown_organization", "phone_too_short"}


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
@pytest.mark.parametrize("case", ["missing", "folder", "broken", "organization"])
def test_what_cannot_be_read_ends_in_one_sentence(case, dry, sheet, tmp_path):
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 no zip")
    arguments = {
        "missing": [str(tmp_path / "none.xlsx")],
        "folder": [str(tmp_path)],
        "broken": [str(broken)],
        "organization": [sheet, "--organization", "NOWHERE"],
    }[case]
    with pytest.raises(CommandError) as error:
        run(*arguments, *dry)
    assert str(error.value)
    assert "\n" not in str(error.value)
    assert not Trainee.objects.exists()

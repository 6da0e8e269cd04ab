"""The service worker and the offline page: the same for everybody, with everything they name in place."""

from __future__ import annotations

import json
import re

import pytest
from django.contrib.staticfiles import finders
from django.urls import reverse

from courses.urls import urlpatterns as course_addresses


def academy_of(client):
    code = client.get("/service-worker.js").content.decode()
    return json.loads(re.match(r"self\.ACADEMY = (\{.*\});\n", code).group(1)), code


def test_the_worker_stands_at_the_root_and_is_asked_for_each_time(client):
    assert reverse("portal:service_worker") == "/service-worker.js"
    answer = client.get("/service-worker.js")
    assert answer["Content-Type"].startswith("text/javascript")
    assert answer["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in answer


def test_the_shell_is_there(client):
    academy, code = academy_of(client)
    assert academy["offline"] in academy["shell"]
    files = [address for address in academy["shell"] if address != academy["offline"]]
    assert any("/main-" in file for file in files)
    for file in files:
        assert finders.find(file.removeprefix("/static/")), file
    # A worker is a plain script: it may import nothing.
    assert not re.search(r"^\s*import[ {]", code.partition("\n")[2])


def test_the_notice_on_a_copy_is_in_both_languages(client):
    academy, _code = academy_of(client)
    assert "离线副本" in academy["notice"]["zh-Hans"]
    assert "Offline copy" in academy["notice"]["en"]
    assert "<script" not in "".join(academy["notice"].values())


@pytest.mark.django_db
def test_the_offline_page_holds_nothing_of_a_person(client, sign_in, zhang):
    stranger = client.get("/offline/").content.decode()
    client = sign_in(user=zhang)
    assert client.get("/offline/").content.decode() == stranger
    assert "csrf" not in stranger.lower()
    assert "data-person" not in stranger
    assert "暂时无法连接学院平台" in stranger
    assert "The academy cannot be reached" in stranger


def test_the_worker_knows_which_words_are_no_course(client):
    """A page below /courses/ that is no lesson is never kept."""
    _academy, code = academy_of(client)
    words = {str(address.pattern).split("/")[0] for address in course_addresses}
    ours = {word for word in words if word and "<" not in word}
    known = set(re.findall(r'"([a-z]+)"', re.search(r"\[(\"beat\"[^\]]*)\]", code).group(1)))
    assert ours <= known


@pytest.mark.django_db
def test_pages_say_whose_they_are(client, sign_in, zhang):
    assert "data-person" not in client.get("/accounts/login/").content.decode()
    assert f'data-person="{zhang.pk}"' in sign_in(user=zhang).get("/me/").content.decode()

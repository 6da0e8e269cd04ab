"""The demo academy's texts and pictures: complete, consistent with each other, and drawable. No database."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import imageio_ffmpeg
import pytest
from PIL import Image

from academy.demo import media
from academy.demo.media import canvas

pytestmark = pytest.mark.slow

CONTENT = Path(media.__file__).parent.parent / "content"

CURRICULUM = {
    "M01": ("party", ["原著导读", "全会精神宣讲"]),
    "M02": ("party", ["纪律处分条例解读", "党史中的济南"]),
    "M03": ("party", ["《党支部工作手册》使用", "发展党员流程", "换届选举实务"]),
    "M04": ("party", ["双向进入与“政委体系”", "产业党建链", "五星级党组织创建"]),
    "M05": ("management", ["惠企政策解读", "融资工具与渠道"]),
    "M06": ("management", ["劳动用工风险", "数据合规入门"]),
    "M07": ("culture", ["企业文化体系建设", "价值观落地方法"]),
    "M08": ("culture", ["谈心谈话方法", "志愿服务组织"]),
    "M09": ("skills", ["党统填报", "公文写作", "新闻稿写作"]),
    "M10": ("skills", ["智能装备观摩", "人工智能办公"]),
}
COHORTS = {"secretary", "affairs_worker", "member"}
BLOCKS = {"heading", "paragraph", "callout", "figure", "quote", "table"}
ALLOWED_TAGS = {"p", "ul", "ol", "li"}

Json = dict[str, Any]


def load(name: str) -> Json:
    data: Json = json.loads((CONTENT / name).read_text(encoding="utf-8"))
    return data


MODULES = {code: load(f"courses/{code}.json") for code in CURRICULUM}


def lessons() -> Iterator[Json]:
    for module in MODULES.values():
        for course in module["courses"]:
            yield from course["lessons"]


def words(block: Json) -> str:
    """What a reader reads in a block, without tags."""
    value = block["value"]
    match block["type"]:
        case "heading":
            return str(value)
        case "paragraph":
            return re.sub(r"<[^>]+>", "", value)
        case "callout":
            return value["title"] + re.sub(r"<[^>]+>", "", value["text"])
        case "quote":
            return str(value["text"])
        case "table":
            return "".join(value["header"]) + "".join("".join(row) for row in value["rows"])
    return ""


# Courses ---------------------------------------------------------------------------------------------


def test_the_catalogue_is_the_agreed_one() -> None:
    assert {code: [c["title"] for c in m["courses"]] for code, m in MODULES.items()} == {
        code: titles for code, (_, titles) in CURRICULUM.items()
    }
    assert len({category for category, _ in CURRICULUM.values()}) == 4
    assert sum(len(m["courses"]) for m in MODULES.values()) == 23
    assert sorted(p.stem for p in (CONTENT / "courses").glob("*.json")) == sorted(CURRICULUM)


@pytest.mark.parametrize("code", CURRICULUM)
def test_courses_are_described_and_have_two_lessons_or_more(code: str) -> None:
    module = MODULES[code]
    assert module["module"] == code
    assert module["summary"]
    for course in module["courses"]:
        assert 55 <= len(course["summary"]) <= 125, course["title"]
        assert set(course["cohorts"]) <= COHORTS
        assert course["cohorts"]
        assert len(course["lessons"]) >= 2, course["title"]


@pytest.mark.parametrize("lesson", list(lessons()), ids=lambda lesson: lesson["slug"])
def test_a_lesson_is_readable_and_well_formed(lesson: Json) -> None:
    assert 10 <= lesson["minutes"] <= 40
    assert lesson["summary"]
    assert {b["type"] for b in lesson["blocks"]} <= BLOCKS
    assert sum(b["type"] == "heading" for b in lesson["blocks"]) >= 3
    length = len(re.sub(r"\s", "", "".join(words(b) for b in lesson["blocks"])))
    assert 490 <= length <= 950, length
    for block in lesson["blocks"]:
        value = block["value"]
        if block["type"] == "table":
            assert value["caption"]
            assert {len(row) for row in value["rows"]} == {len(value["header"])}, value["caption"]
        if block["type"] == "callout":
            assert value["tone"] in {"note", "warning", "source"}
        if block["type"] == "figure":
            assert value["figure"] in media.FIGURES
            assert value["caption"]
            assert value["alt"]
        if block["type"] == "paragraph":
            assert set(re.findall(r"</?(\w+)", value)) <= ALLOWED_TAGS
            for tag in ALLOWED_TAGS:
                assert value.count(f"<{tag}>") == value.count(f"</{tag}>")
    assert lesson["video"] is None or lesson["video"] in media.VIDEOS


def test_slugs_are_ascii_and_unique() -> None:
    courses = [c["slug"] for m in MODULES.values() for c in m["courses"]]
    slugs = courses + [lesson["slug"] for lesson in lessons()]
    assert [s for s, n in Counter(slugs).items() if n > 1] == []
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", s) for s in slugs)


def test_quizzes_can_be_answered_and_explained() -> None:
    quizzes = {lesson["slug"]: lesson["quiz"] for lesson in lessons() if lesson["quiz"]}
    assert len(quizzes) >= 8
    for slug, quiz in quizzes.items():
        assert quiz["title"]
        assert quiz["pass_percent"] == 60
        assert len(quiz["questions"]) >= 5, slug
        for question in quiz["questions"]:
            right = sum(option["correct"] for option in question["options"])
            options = [option["text"] for option in question["options"]]
            assert question["explanation"]
            assert len(set(options)) == len(options) >= 2
            match question["kind"]:
                case "single":
                    assert right == 1, question["text"]
                case "true_false":
                    assert (right, options) == (1, ["对", "错"])
                case "multiple":
                    assert right >= 2, question["text"]
                case other:
                    pytest.fail(f"unknown kind of question: {other}")


def test_every_category_has_quizzes_and_films() -> None:
    with_quiz, with_film = set(), set()
    for code, module in MODULES.items():
        for course in module["courses"]:
            for lesson in course["lessons"]:
                if lesson["quiz"]:
                    with_quiz.add(CURRICULUM[code][0])
                if lesson["video"]:
                    with_film.add(CURRICULUM[code][0])
    assert len(with_quiz) == len(with_film) == 4
    films = [lesson["video"] for lesson in lessons() if lesson["video"]]
    assert sorted(films) == sorted(media.VIDEOS)
    assert len(films) >= 5


def test_a_private_company_is_named_in_the_middle_of_a_sentence() -> None:
    # The search scenario looks for this word with Chinese characters on both sides of it.
    found = [
        lesson["slug"]
        for code in ("M04", "M06")
        for course in MODULES[code]["courses"]
        for lesson in course["lessons"]
        if re.search(r"[\u4e00-\u9fff]民营企业[\u4e00-\u9fff]", "".join(words(b) for b in lesson["blocks"]))
    ]
    assert len(found) >= 2


# Organizations and bases -----------------------------------------------------------------------------


def test_the_zone_has_its_known_numbers() -> None:
    data = load("organizations.json")
    sizes = {key: len(data[key]) for key in ("parks", "areas", "fields", "chains", "alliances", "fixed")}
    assert sizes == {"parks": 7, "areas": 5, "fields": 7, "chains": 10, "alliances": 8, "fixed": 3}
    assert [park["index"] for park in data["parks"]] == list(range(7))
    assert data["totals"] == {"organizations": 932, "members": 11998}
    assert (
        sum(data["recognition"]["demonstration_levels"].values())
        == data["recognition"]["demonstration"]
        == 81
    )
    fields = {field["code"] for field in data["fields"]}
    assert set(data["company_names"]["businesses"]) == set(data["company_names"]["field_weights"]) == fields
    assert {chain["field"] for chain in data["chains"]} <= fields
    # Enough different names for the academy at its own size and at ten times its size.
    businesses = sum(map(len, data["company_names"]["businesses"].values()))
    names = businesses * len(data["company_names"]["stems"]) * len(data["company_names"]["places"])
    assert names >= 9320
    surnames = data["people"]["surnames"]
    assert len(surnames) == len(set(surnames)) >= 80


def test_the_organizations_of_the_messy_roster_exist() -> None:
    assert {row["name"] for row in load("organizations.json")["fixed"]} == {
        "中共示例软件有限公司支部委员会",
        "中共示例智能装备有限公司总支部委员会",
        "中共示例物业服务有限公司支部委员会",
    }


BASES: list[Json] = load("bases.json")["bases"]
BASE_FIELDS = {
    "code", "name", "unit", "party_organization", "members", "industry", "field", "chain", "address",
    "latitude", "longitude", "park", "theme", "story", "teaching_points", "guides", "capacity_per_batch",
    "batches_per_day", "visit_minutes", "open_weekdays", "blackout", "lead_days", "contact", "route",
    "coach_parking", "coach_parking_note", "accessibility", "rules", "title_level", "awarded_year", "modules",
}  # fmt: skip


def test_there_are_81_different_bases() -> None:
    assert len(BASES) == 81
    for key in ("code", "name", "unit", "theme", "story"):
        assert len({base[key] for base in BASES}) == 81, key
    assert len({base["industry"] for base in BASES}) >= 9
    assert {base["park"] for base in BASES} == set(range(7))
    assert Counter(base["title_level"] for base in BASES) == {"province": 9, "city": 27, "district": 45}


@pytest.mark.parametrize("base", BASES, ids=lambda base: base["code"])
def test_a_base_has_every_field_and_is_fictional(base: Json) -> None:
    data = load("organizations.json")
    assert set(base) == BASE_FIELDS
    assert base["unit"].startswith("示例")
    assert base["name"].startswith("示例")
    assert base["party_organization"].startswith(f"中共{base['unit']}")
    assert "示例" in base["address"]
    assert re.fullmatch(r"1380000\d{4}", base["contact"]["phone"])
    assert 80 <= len(base["story"]) <= 150
    assert 3 <= len(base["teaching_points"]) <= 4
    assert len(set(base["teaching_points"])) == len(base["teaching_points"])
    assert base["guides"]
    assert 20 <= base["capacity_per_batch"] <= 60
    assert base["batches_per_day"] in {1, 2, 3}
    assert set(base["open_weekdays"]) <= set(range(1, 8))
    assert base["open_weekdays"]
    assert all(row["from_day"] <= row["to_day"] for row in base["blackout"])
    assert set(base["rules"]) == {"photos", "confidentiality", "dress"}
    assert base["field"] in {field["code"] for field in data["fields"]}
    assert base["chain"] is None or base["chain"] in {chain["code"] for chain in data["chains"]}
    assert set(base["modules"]) <= set(CURRICULUM)
    assert 36.6 < base["latitude"] < 36.8
    assert 117.0 < base["longitude"] < 117.3


# Trainings, news, pages, venues ----------------------------------------------------------------------


def test_trainings_count_their_hours_from_their_sessions() -> None:
    data = load("trainings.json")
    assert len(data["past"]) == 27
    lecturers = {person["name"]: person for person in data["lecturers"]}
    assert len(lecturers) == 24
    for training in [*data["past"], *data["upcoming"]]:
        assert training["kind"] in {"class", "forum", "salon", "lecture"}
        assert training["cohort"] in COHORTS
        minutes = sum(session["minutes"] for session in training["sessions"])
        assert training["hours"] == round(minutes / 45 * 4) / 4, training["title"]
        places = {session["place"] for session in training["sessions"]}
        expected = {"online": {"online"}, "offline": {"room", "base"}, "hybrid": {"room", "base", "online"}}
        assert places <= expected[training["mode"]], training["title"]
        assert (training["mode"] == "hybrid") == ("online" in places and len(places) > 1), training["title"]
        assert {session["lecturer"] for session in training["sessions"]} <= set(lecturers)
    assert {training["mode"] for training in data["past"]} == {"online", "offline", "hybrid"}
    assert len({training["days_ago"] for training in data["past"]}) == 27
    assert any(training["days_ahead"] == 0 for training in data["upcoming"])
    # 张学员 is a member: a room, a base and a live class wait for her in the coming two weeks.
    hers = [row for row in data["upcoming"] if row.get("with_named") and row["cohort"] == "member"]
    assert [row["sessions"][0]["place"] for row in hers] == ["room", "base", "online"]
    assert all(0 < row["days_ahead"] <= 11 for row in hers)


def test_the_rest_of_the_academy_is_complete() -> None:
    data = load("trainings.json")
    assert len(data["branch_activities"]) == 16
    assert len(data["news"]) == 12
    for item in data["news"]:
        assert 200 <= len("".join(words(block) for block in item["body"])) <= 400, item["title"]
    assert [page["slug"] for page in data["pages"]] == ["about", "study-hours", "help", "privacy"]
    for page in data["pages"]:
        for block in page["blocks"]:
            assert block["type"] in BLOCKS
            if block["type"] == "figure":
                assert block["value"]["figure"] in media.FIGURES
    rooms = data["venue"]["rooms"]
    assert len(rooms) == 14
    assert sum(room["area_m2"] for room in rooms) == 2000
    assert len(data["service_centres"]) == 7
    assert len(data["building_centres"]) == 10
    assert len(data["vehicles"]) == 6
    codes = [
        row["code"]
        for place in [data["venue"], *data["service_centres"], *data["building_centres"]]
        for row in [place, *place["rooms"]]
    ]
    assert len(codes) == len(set(codes))


# Pictures and films ----------------------------------------------------------------------------------


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


@pytest.mark.parametrize("key", media.FIGURES)
def test_figures_draw_and_are_used(key: str) -> None:
    image = opened(media.figure(key))
    assert image.format == "PNG"
    assert image.width == 1080
    text = "".join(
        path.read_text(encoding="utf-8") for path in CONTENT.rglob("*.json") if path.stem != "figures"
    )
    assert f'"figure": "{key}"' in text


def test_pictures_are_the_same_every_time() -> None:
    first = media.cover("产业党建链", "party", 3)
    assert media.cover("产业党建链", "party", 3) == first
    assert media.cover("产业党建链", "party", 4) != first
    assert opened(first).size == (1200, 675)
    photo = media.base_photo("示例基地", "energy", 7)
    assert media.base_photo("示例基地", "energy", 7) == photo
    assert opened(photo).size == (1200, 800)


@pytest.mark.parametrize("field", [field["code"] for field in load("organizations.json")["fields"]])
def test_each_field_has_its_own_scene(field: str) -> None:
    assert media.base_photo("示例基地", field, 1) != media.base_photo("示例基地", "unknown field", 1) or (
        field == "services"
    )


def test_pictures_do_without_a_chinese_font(monkeypatch: pytest.MonkeyPatch) -> None:
    with_words = media.figure("development-25")
    monkeypatch.setattr(canvas, "_FONT_ROOTS", ())
    canvas.font.cache_clear()
    try:
        assert not media.font_available()
        assert opened(media.figure("development-25")).width == 1080
        assert opened(media.cover("《党支部工作手册》使用", "party", 1)).size == (1200, 675)
        assert opened(media.base_photo("示例基地", "software", 1)).size == (1200, 800)
        assert opened(media.poster("ai-office")).size == (640, 360)
    finally:
        monkeypatch.undo()
        canvas.font.cache_clear()
    assert media.figure("development-25") == with_words


def test_long_words_wrap_inside_their_width_and_no_line_begins_with_a_comma() -> None:
    lines = canvas.wrap("支部党员大会，支部委员会会议，党小组会，党课，缺一不可。" * 3, size=30, width=400)
    assert len(lines) > 3
    assert all(line[0] not in "，。" for line in lines)
    assert all(canvas.text_width(line, size=30) <= 400 + 2 * 30 for line in lines)


@pytest.mark.parametrize("key", media.VIDEOS)
def test_captions_cover_the_film_without_gaps(key: str) -> None:
    assert 40 <= media.video_seconds(key) <= 75
    text = media.captions(key)
    assert text.startswith("WEBVTT\n\n")
    spans = re.findall(r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})", text)
    times = [
        (int(a) * 3600 + int(b) * 60 + float(c), int(d) * 3600 + int(e) * 60 + float(f))
        for a, b, c, d, e, f in spans
    ]
    assert times[0][0] == 0
    assert times[-1][1] == media.video_seconds(key)
    assert all(before[1] == after[0] for before, after in pairwise(times))


def test_a_film_is_real_and_small(tmp_path: Path) -> None:
    target = tmp_path / "film.mp4"
    seconds = media.lesson_video("news-writing", target, imageio_ffmpeg.get_ffmpeg_exe())
    assert seconds == media.video_seconds("news-writing")
    assert 100_000 < target.stat().st_size < 2_500_000
    frames = imageio_ffmpeg.read_frames(str(target))
    meta = next(frames)
    assert meta["codec"] == "h264"
    assert meta["audio_codec"] == "aac"
    assert meta["size"] == (640, 360)
    assert meta["fps"] == 12
    assert abs(meta["duration"] - seconds) < 0.3
    frames.close()


def test_an_unknown_key_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        media.figure("no such figure")
    with pytest.raises(KeyError):
        media.lesson_video("no such film", tmp_path / "x.mp4", "ffmpeg")

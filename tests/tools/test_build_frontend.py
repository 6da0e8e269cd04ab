"""No page may load more than a phone should before anybody touches it."""

import json
import random
from pathlib import Path

import build_frontend
import pytest


def built(folder: Path, chunks: dict[str, dict[str, object]], kilobytes: dict[str, int]) -> Path:
    """A result of the build with files of a given compressed size."""
    chance = random.Random(1)
    for name, size in kilobytes.items():
        # What is random does not get smaller.
        (folder / name).write_bytes(chance.randbytes(size * 1024))
    (folder / "manifest.json").write_text(json.dumps(chunks))
    return folder


MANIFEST: dict[str, dict[str, object]] = {
    "src/main.ts": {"file": "main.js", "isEntry": True},
    "src/lesson.ts": {
        "file": "lesson.js",
        "isEntry": True,
        "imports": ["_shared.js"],
        "dynamicImports": ["film.mjs"],
    },
    "src/quiz.ts": {"file": "quiz.js", "isEntry": True, "imports": ["_shared.js"]},
    "styles/main.scss": {"file": "main.css", "isEntry": True},
    "_shared.js": {"file": "shared.js"},
    "film.mjs": {"file": "film.js", "isDynamicEntry": True, "imports": ["_shared.js"]},
}


def test_an_entry_weighs_what_it_loads_with_the_frame_and_each_file_once(tmp_path: Path) -> None:
    folder = built(
        tmp_path, MANIFEST, {"main.js": 20, "lesson.js": 10, "quiz.js": 5, "shared.js": 4, "film.js": 90}
    )
    weighed = build_frontend.weights(folder)
    assert {entry: round(weight / 1024) for entry, weight in weighed.items()} == {
        "src/lesson.ts": 124,
        "src/main.ts": 20,
        "src/quiz.ts": 29,
    }
    assert build_frontend.too_heavy(weighed) == []


def test_what_loads_too_much_is_named(tmp_path: Path) -> None:
    folder = built(
        tmp_path, MANIFEST, {"main.js": 20, "lesson.js": 10, "quiz.js": 5, "shared.js": 4, "film.js": 117}
    )
    [sentence] = build_frontend.too_heavy(build_frontend.weights(folder))
    assert "src/lesson.ts" in sentence
    assert "151 KB" in sentence


def test_what_is_shipped_is_light_enough() -> None:
    if not (build_frontend.DIST / "manifest.json").exists():
        pytest.skip("The front end is not built.")
    weighed = build_frontend.weights(build_frontend.DIST)
    assert {"src/main.ts", "src/charts.ts", "src/lesson.ts"} <= set(weighed)
    assert build_frontend.too_heavy(weighed) == []

"""What the directory of an archive alone tells, without a database."""

from __future__ import annotations

from itertools import count

from cms.rules.documents import MOST_PIECES, Piece
from courses.rules.archives import MANIFEST, judge_package


def piece(name: str) -> Piece:
    return Piece(name, 1, 1, False)


def test_of_endless_names_no_more_are_read_than_may_be() -> None:
    numbers = count()
    reason = judge_package(piece(f"images/{number}.png") for number in numbers)
    assert reason is not None
    assert reason.code == "archive_too_many"
    assert next(numbers) <= MOST_PIECES + 2


def test_as_many_as_may_be_are_let_in() -> None:
    names = [MANIFEST, *(f"images/{number}.png" for number in range(MOST_PIECES - 1))]
    assert judge_package(piece(name) for name in names) is None


def test_a_name_given_twice_is_named() -> None:
    reason = judge_package(piece(name) for name in (MANIFEST, "images/a.png", "images/b.png", "images/b.png"))
    assert reason is not None
    assert (reason.code, reason.params["piece"]) == ("archive_unsafe", "images/b.png")

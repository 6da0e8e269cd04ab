"""Reading time, completion, grading and snippets: rules without a database."""

from __future__ import annotations

import pytest

from courses.rules import reading
from courses.rules.completion import Studied, course_is_complete, lesson_is_complete, lesson_is_open
from courses.rules.grading import Item, admissible_answers, grade, options_problem
from courses.rules.snippets import Piece, marked, snippet


@pytest.mark.parametrize(
    ("characters", "minutes", "given", "expected"),
    [
        (1600, 30, None, 120),
        (10, 30, None, 15),
        (100_000, 5, None, 300),
        (1600, 30, 20, 20),
        (1600, 30, 0, 0),
    ],
)
def test_least_reading_time(characters, minutes, given, expected):
    assert reading.least_seconds(characters, minutes, given) == expected


class TestLessonCompletion:
    def studied(self, **kwargs) -> Studied:
        return Studied(
            **{
                "rule": "read",
                "studied_seconds": 60,
                "required_seconds": 60,
                "end_reached": True,
                "quiz_passed": False,
                **kwargs,
            }
        )

    def test_reading_needs_the_end_and_the_time(self):
        assert lesson_is_complete(self.studied())
        assert not lesson_is_complete(self.studied(end_reached=False))
        assert not lesson_is_complete(self.studied(studied_seconds=20))

    def test_watching_needs_its_share_and_a_length(self):
        assert lesson_is_complete(self.studied(rule="watch", end_reached=False))
        assert not lesson_is_complete(self.studied(rule="watch", studied_seconds=10))
        assert not lesson_is_complete(self.studied(rule="watch", studied_seconds=0, required_seconds=0))

    def test_a_test_has_to_be_passed(self):
        assert not lesson_is_complete(self.studied(rule="quiz"))
        assert lesson_is_complete(self.studied(rule="quiz", quiz_passed=True, studied_seconds=0))


def test_a_course_needs_every_lesson_and_every_test():
    def complete(lessons=(1, 2), done=(1, 2), quizzes=(2,), passed=(2,), needs=True) -> bool:
        return course_is_complete(
            lessons=lessons, complete=done, quizzes=quizzes, passed=passed, needs_quizzes=needs
        )

    assert complete()
    assert not complete(done=(1,))
    assert not complete(passed=())
    assert complete(passed=(), needs=False)
    assert not complete(lessons=(), done=(), quizzes=(), passed=())


def test_in_order_a_lesson_opens_after_those_before_it():
    assert lesson_is_open(0, is_sequential=True, complete_before=[])
    assert not lesson_is_open(2, is_sequential=True, complete_before=[True, False])
    assert lesson_is_open(2, is_sequential=True, complete_before=[True, True])
    assert lesson_is_open(2, is_sequential=False, complete_before=[False, False])


class TestGrading:
    items = (
        Item(frozenset("a"), ("a", "b"), 1),
        Item(frozenset("ac"), ("a", "b", "c"), 2),
        Item(frozenset("b"), ("a", "b"), 1),
    )

    def test_points_and_pass(self):
        result = grade(self.items, {"0": ["a"], "1": ["c", "a"], "2": ["a"]}, 75)
        assert (result.earned, result.possible, result.outcome) == (3, 4, (True, True, False))
        assert result.has_passed
        assert not grade(self.items, {"0": ["a"], "1": ["a"], "2": ["b"]}, 75).has_passed

    def test_no_answer_is_wrong_and_no_question_is_not_passed(self):
        assert grade(self.items, {}, 1).earned == 0
        assert not grade((), {}, 1).has_passed

    def test_answers_that_were_not_offered_are_dropped(self):
        kept = admissible_answers(
            [("a", "b"), ("a", "b")], [False, True], {"0": ["z", "b", "a"], "1": ["b", "a"], "9": ["a"]}
        )
        assert kept == {"0": ["b"], "1": ["a", "b"]}

    @pytest.mark.parametrize(
        ("options", "kind", "problem"),
        [
            ([("甲", True)], "single", "too_few"),
            ([("甲", True), ("乙", False), ("丙", False)], "true_false", "too_many"),
            ([("甲", True), (" ", False)], "single", "empty"),
            ([("甲", True), ("甲", False)], "single", "repeated"),
            ([("甲", False), ("乙", False)], "single", "no_key"),
            ([("甲", True), ("乙", True)], "single", "several_keys"),
            ([("甲", True), ("乙", True)], "multiple", None),
            ([("对", True), ("错", False)], "true_false", None),
        ],
    )
    def test_options(self, options, kind, problem):
        assert options_problem([{"text": text, "correct": right} for text, right in options], kind) == problem


class TestSnippets:
    text = "近年来支持民营企业发展的政策不断完善，支部可以帮助企业把政策读懂。"

    def test_a_word_inside_a_sentence_is_marked(self):
        assert Piece("民营企业", is_found=True) in marked(self.text, "民营企业")

    def test_pairs_are_marked_where_the_phrase_does_not_stand(self):
        found = [piece.text for piece in marked(self.text, "民营政策") if piece.is_found]
        assert found == ["民营", "政策", "政策"]

    def test_a_snippet_begins_shortly_before_the_find(self):
        pieces = snippet("前" * 100 + self.text + "后" * 200, "民营企业")
        assert pieces[0] == Piece("…")
        assert pieces[-1] == Piece("…")
        assert "".join(piece.text for piece in pieces).index("民营企业") < 40

    def test_nothing_found_shows_the_beginning(self):
        assert snippet("短文", "没有")[0] == Piece("短文")

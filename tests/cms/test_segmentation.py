"""Cutting Chinese text for search."""

from hypothesis import given
from hypothesis import strategies as st

from cms.rules.segmentation import for_index, for_query

HAN = st.text(alphabet=st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2, max_size=12)


def test_a_sentence_becomes_pairs_and_a_last_character() -> None:
    assert for_index("民营企业").split() == ["民营", "营企", "企业", "业"]


def test_latin_words_stay_whole() -> None:
    assert for_index("AI办公 2026").split() == ["AI", "办公", "公", "2026"]
    assert for_query("AI 办公") == (["AI", "办公"], None)


def test_one_character_is_a_beginning() -> None:
    assert for_query("党") == ([], "党")


def test_punctuation_and_operators_are_not_syntax() -> None:
    assert for_query('"， OR (') == (["OR"], None)
    assert for_query("，。*") == ([], None)


@given(before=HAN, word=HAN, after=HAN)
def test_every_word_inside_a_sentence_is_found(before: str, word: str, after: str) -> None:
    indexed = for_index(before + word + after).split()
    terms, beginning = for_query(word)
    assert beginning is None
    assert set(terms) <= set(indexed)


@given(sentence=HAN)
def test_every_single_character_is_found(sentence: str) -> None:
    indexed = for_index(sentence).split()
    for character in sentence:
        assert any(term.startswith(character) for term in indexed)

"""Cutting Chinese text into overlapping pairs, so that a word inside a sentence can be found.

Databases split text at spaces; a Chinese sentence has none. 民营企业 becomes 民营 营企 企业 企: every pair
of neighbours is a term, and the last character stands alone so that a search for one character finds it too.
"""

import re

#: CJK unified ideographs with extension A and the compatibility block.
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAN_RUN = re.compile(f"[{HAN}]+")
_TERM = re.compile(f"[{HAN}]+|[^\\W_{HAN}]+")


def _pairs(run: str) -> list[str]:
    return [run[i : i + 2] for i in range(len(run) - 1)]


def for_index(text: str) -> str:
    """``text`` with each run of Chinese characters cut into pairs and its last character."""
    return _HAN_RUN.sub(lambda match: f" {' '.join([*_pairs(match[0]), match[0][-1]])} ", text)


def for_query(text: str) -> tuple[list[str], str | None]:
    """The terms to look for: whole terms, and one that is a beginning (a single Chinese character), if any.

    Punctuation and the search engine's own operators are dropped: what a person types is never syntax.
    """
    terms: list[str] = []
    beginning: str | None = None
    for term in _TERM.findall(text):
        if not _HAN_RUN.fullmatch(term):
            terms.append(term)
        elif len(term) == 1:
            beginning = term
        else:
            terms.extend(_pairs(term))
    return terms, beginning

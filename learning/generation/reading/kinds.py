"""The kinds of things that a question can ask for."""

from enum import StrEnum


class Kind(StrEnum):
    YEAR = "year"
    CENTURY = "century"
    NUMBER = "number"
    COUNT = "count"  # a number word: "cuatro"
    NAME = "name"
    ACRONYM = "acronym"
    TERM = "term"


NUMERIC = frozenset({Kind.YEAR, Kind.CENTURY, Kind.NUMBER, Kind.COUNT})

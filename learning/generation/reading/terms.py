"""Nouns, and the terms that a sentence explains."""

from collections.abc import Iterator

from learning.generation.reading.sentences import Sentence, is_verb
from learning.generation.reading.vocabulary import Vocabulary

MIN_TERM_LETTERS = 4
MAX_DEFINED_WORDS = 5


def find_terms(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
    """Token spans of nouns, two-word terms first when the notes use them again and again."""
    tokens = sentence.tokens
    for index, token in enumerate(tokens):
        if not is_content(token, sentence) or not _has_plain_case(sentence, index):
            continue
        following = token_after(sentence, index)
        if following and vocabulary.pairs[token.folded, following.folded] >= 2:
            head, last = (following, index + 1) if sentence.language == "en" else (token, index)
            if head.folded in vocabulary.nouns and (last == index or ends_phrase(sentence, last)):
                yield index, index + 2
        if token.folded in vocabulary.nouns and len(token.text) >= MIN_TERM_LETTERS:
            if _is_used_as_noun(sentence, index):
                yield index, index + 1


def _has_plain_case(sentence: Sentence, index: int) -> bool:
    text = sentence.tokens[index].text
    if sentence.is_shouted or text.islower():
        return True
    return opens(sentence, index) and text[1:].islower()


def _is_used_as_noun(sentence: Sentence, index: int) -> bool:
    """Whether a known noun is one here too: "la química", not "energía química"; "a cell", not "cell wall"."""
    if sentence.language == "en":
        return ends_phrase(sentence, index) and not stands_like_verb(sentence, index)
    previous = token_before(sentence, index)
    return previous is None or not is_content(previous, sentence) or previous.text[0].isupper()


def find_defined(sentence: Sentence) -> Iterator[tuple[int, int, bool]]:
    """(first token, token after the last, whether surely) of each term that the sentence explains."""
    if span := sentence.label != (0, 0) and _proper_subject(sentence, *sentence.label):
        yield *span, True
    for index, token in enumerate(sentence.tokens):
        if token.folded in sentence.lexicon.copulas and token.text.islower():
            if span := _subject_before(sentence, index):
                yield *span, opens_definition(sentence, index)
        if span := _named_after(sentence, index):
            yield *span, True


def opens_definition(sentence: Sentence, copula: int) -> bool:
    """Whether "X is" goes on like a definition: "is a", "es el", "son las", "means"."""
    following = token_after(sentence, copula)
    if sentence.tokens[copula].folded in {"significa", "means", "refers", "consiste"}:
        return True
    return following is not None and following.folded in sentence.lexicon.determiners


def _subject_before(sentence: Sentence, copula: int) -> tuple[int, int] | None:
    """The noun phrase that opens a clause and ends right before the copula, without its article."""
    lexicon, tokens = sentence.lexicon, sentence.tokens
    following = token_after(sentence, copula)
    if following is None or following.folded == "que":
        return None
    start = copula
    while start > 0 and copula - start <= MAX_DEFINED_WORDS:
        if token_before(sentence, start) is None:  # punctuation: here the clause begins
            return _proper_subject(sentence, start, copula)
        token = tokens[start - 1]
        inside = start >= 2 and tokens[start - 2].folded in lexicon.links
        if token.folded in lexicon.determiners and not inside:
            is_open = start == 1 or token_before(sentence, start - 1) is None
            return _proper_subject(sentence, start, copula) if is_open else None
        is_word = token.folded not in lexicon.stop and not is_verb(token, lexicon) and token.text[0].isalpha()
        if not (is_word or inside or token.folded in lexicon.links):
            return None
        start -= 1
    return _proper_subject(sentence, start, copula) if start == 0 else None


def _proper_subject(sentence: Sentence, start: int, end: int) -> tuple[int, int] | None:
    """The span, unless its head says too little to be asked for ("la función principal es")."""
    words = sentence.tokens[start:end]
    weak = sentence.lexicon.weak
    if (
        not words
        or words[0].folded in sentence.lexicon.links
        or not any(is_content(w, sentence) for w in words)
    ):
        return None
    if sentence.language == "en":
        links = [i for i, word in enumerate(words) if word.folded in sentence.lexicon.links]
        return None if words[(links[0] if links else len(words)) - 1].folded in weak else (start, end)
    head = words[1] if words[0].folded in weak and len(words) > 1 else words[0]
    return (start, end) if is_content(head, sentence) else None


def _named_after(sentence: Sentence, index: int) -> tuple[int, int] | None:
    """The term right after "se llama", "is called", "known as" that begins at `index`."""
    tokens, lexicon = sentence.tokens, sentence.lexicon
    for phrase in lexicon.naming.get(tokens[index].folded, ()):
        if tuple(token.folded for token in tokens[index : index + len(phrase)]) != phrase:
            continue
        start = index + len(phrase)
        if start < len(tokens) and tokens[start].folded in lexicon.determiners:
            start += 1
        end = start
        while end < len(tokens) and end - start < 3 and is_content(tokens[end], sentence):
            if token_before(sentence, end) is None:
                break
            end += 1
        return (start, end) if end > start else None
    return None

"""Nouns, and the terms that a sentence explains."""

from collections.abc import Iterator

from learning.generation.reading.sentences import Sentence
from learning.generation.reading.vocabulary import Vocabulary, ends_phrase, stands_like_verb

MIN_TERM_LETTERS = 4
MAX_DEFINED_WORDS = 5
MAX_NAMED_WORDS = 3  # "se llama efecto invernadero"


def find_terms(sentence: Sentence, vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
    """Token spans of nouns, two-word terms first when the notes use them again and again."""
    tokens = sentence.tokens
    for index, token in enumerate(tokens):
        if not sentence.is_content(token) or not _has_plain_case(sentence, index):
            continue
        if _opens_set_phrase(sentence, index, vocabulary):
            yield index, index + 2
        is_noun = token.folded in vocabulary.nouns and len(token.text) >= MIN_TERM_LETTERS
        if is_noun and _is_used_as_noun(sentence, index):
            yield index, index + 1


def _opens_set_phrase(sentence: Sentence, index: int, vocabulary: Vocabulary) -> bool:
    """Whether the word and the next one are a term that comes again: "membrana plasmática"."""
    token, following = sentence.tokens[index], sentence.word_after(index)
    if following is None or vocabulary.pairs[token.folded, following.folded] < 2:
        return False
    if sentence.language == "en":
        return following.folded in vocabulary.nouns and ends_phrase(sentence, index + 1)
    return token.folded in vocabulary.nouns


def _has_plain_case(sentence: Sentence, index: int) -> bool:
    text = sentence.tokens[index].text
    if sentence.is_shouted or text.islower():
        return True
    return sentence.is_capital_due(index) and text[1:].islower()


def _is_used_as_noun(sentence: Sentence, index: int) -> bool:
    """Whether a known noun is one here too: "la química", not "energía química"."""
    if sentence.language == "en":
        return ends_phrase(sentence, index) and not stands_like_verb(sentence, index)
    previous = sentence.word_before(index)
    return previous is None or not sentence.is_content(previous) or previous.text[0].isupper()


def find_defined(sentence: Sentence) -> Iterator[tuple[int, int, bool]]:
    """(first token, token after the last, whether surely) of each term that the sentence explains."""
    if span := sentence.label != (0, 0) and _proper_subject(sentence, *sentence.label):
        yield *span, True
    for index, token in enumerate(sentence.tokens):
        is_copula = token.folded in sentence.lexicon.copulas and token.text.islower()
        if is_copula and (span := _subject_before(sentence, index)):
            yield *span, opens_definition(sentence, index)
        if span := _named_after(sentence, index):
            yield *span, True


def opens_definition(sentence: Sentence, copula: int) -> bool:
    """Whether "X is" goes on like a definition: "is a", "es el", "son las", "means"."""
    following = sentence.word_after(copula)
    if sentence.tokens[copula].folded in {"significa", "means", "refers", "consiste"}:
        return True
    return following is not None and sentence.lexicon.determiner(following) is not None


def _subject_before(sentence: Sentence, copula: int) -> tuple[int, int] | None:
    """The noun phrase that opens a clause and ends right before the copula, without its article."""
    lexicon, tokens = sentence.lexicon, sentence.tokens
    following = sentence.word_after(copula)
    if following is None or following.folded == "que":
        return None
    start = copula
    while start > 0 and copula - start <= MAX_DEFINED_WORDS:
        if sentence.word_before(start) is None:  # punctuation: here the clause begins
            return _proper_subject(sentence, start, copula)
        token = tokens[start - 1]
        inside = start >= 2 and tokens[start - 2].folded in lexicon.links
        if lexicon.determiner(token) is not None and not inside:
            is_open = start == 1 or sentence.word_before(start - 1) is None
            return _proper_subject(sentence, start, copula) if is_open else None
        is_link = inside or token.folded in lexicon.links
        is_function_word = token.folded in lexicon.stop or lexicon.is_verb(token.text)
        if not is_link and (is_function_word or not token.text[0].isalpha()):
            return None
        start -= 1
    return _proper_subject(sentence, start, copula) if start == 0 else None


def _proper_subject(sentence: Sentence, start: int, end: int) -> tuple[int, int] | None:
    """The span, unless its head says too little to be asked for ("la función principal es")."""
    words = sentence.tokens[start:end]
    weak, links = sentence.lexicon.weak, sentence.lexicon.links
    if not words or words[0].folded in links or not any(map(sentence.is_content, words)):
        return None
    if sentence.language == "en":  # "the main function of the nucleus": what stands before "of"
        head = words[next((i for i, word in enumerate(words) if word.folded in links), len(words)) - 1]
        return None if head.folded in weak else (start, end)
    head = words[1] if words[0].folded in weak and len(words) > 1 else words[0]  # "primera ley"
    return (start, end) if sentence.is_content(head) else None


def _named_after(sentence: Sentence, index: int) -> tuple[int, int] | None:
    """The term right after "se llama", "is called", "known as" that begins at `index`."""
    tokens, lexicon = sentence.tokens, sentence.lexicon
    for phrase in lexicon.naming.get(tokens[index].folded, ()):
        if tuple(token.folded for token in tokens[index : index + len(phrase)]) != phrase:
            continue
        start = index + len(phrase)
        if start < len(tokens) and lexicon.determiner(tokens[start]) is not None:
            start += 1
        end = start
        while end < min(start + MAX_NAMED_WORDS, len(tokens)) and _continues(sentence, end):
            end += 1
        return (start, end) if end > start else None
    return None


def _continues(sentence: Sentence, index: int) -> bool:
    return sentence.is_content(sentence.tokens[index]) and sentence.word_before(index) is not None

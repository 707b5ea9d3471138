"""Words meet voices: by their middles, and lettered as they come."""

from __future__ import annotations

from stenolog.engine.speakers.attribution import speaker_letter, with_speakers, without_speakers
from stenolog.engine.spoken import SpokenWord, joined, utterances
from stenolog.engine.techniques import SpeakerTurn, TimedWord


def word(text: str, start_ms: int, end_ms: int) -> TimedWord:
    return TimedWord(text=text, confidence=0.9, start_ms=start_ms, end_ms=end_ms)


def turn(start_ms: int, end_ms: int, speaker: int) -> SpeakerTurn:
    return SpeakerTurn(start_ms=start_ms, end_ms=end_ms, speaker=speaker)


def letters(words: tuple[SpokenWord, ...]) -> str:
    return "".join(word.speaker or "-" for word in words)


TURNS = (turn(0, 1_000, 7), turn(1_500, 3_000, 2), turn(3_000, 4_000, 7))


def test_the_turn_around_the_middle_decides() -> None:
    words = [word("a", 100, 400), word("b", 900, 2_400), word("c", 2_900, 3_200)]
    assert letters(with_speakers(words, TURNS)) == "ABA"


def test_a_word_between_turns_takes_the_nearest() -> None:
    times = ((0, 10), (1_100, 1_200), (1_300, 1_500), (9_000, 9_100))
    words = [word("a", start, end) for start, end in times]
    assert letters(with_speakers(words, TURNS)) == "AABA"


def test_letters_follow_the_first_words_and_not_the_turns() -> None:
    words = [word("a", 1_600, 1_800), word("b", 3_100, 3_200)]
    assert letters(with_speakers(words, TURNS)) == "AB"


def test_without_turns_everybody_is_one() -> None:
    assert letters(with_speakers([word("a", 0, 1), word("b", 5, 9)], ())) == "AA"
    assert letters(without_speakers([word("a", 0, 1)])) == "-"


def test_letters_go_on_after_z() -> None:
    assert [speaker_letter(n) for n in (0, 25, 26, 27, 701, 702)] == [
        "A", "Z", "AA", "AB", "ZZ", "AAA",
    ]  # fmt: skip


def test_utterances_are_runs_of_one_speaker() -> None:
    words = with_speakers(
        [word("Hi.", 0, 100), word("Oh,", 1_600, 1_700), word("hello.", 1_800, 1_900),
         word("Bye.", 3_500, 3_600)],
        TURNS,
    )  # fmt: skip
    found = utterances(words)
    said = [(u.speaker, u.text) for u in found]
    assert said == [("A", "Hi."), ("B", "Oh, hello."), ("A", "Bye.")]
    assert [w for u in found for w in u.words] == list(words)
    assert found[1].confidence == 0.9
    assert utterances(()) == ()
    assert joined(words) == "Hi. Oh, hello. Bye."

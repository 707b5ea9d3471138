"""Real speech: recognisable text, words in time, and who said them."""

from __future__ import annotations

import io
import itertools
from typing import Any

import numpy as np
import pytest

from infra.eval.recordings import TWO_CITIES
from infra.eval.scoring import plain_words, share_right, word_error_rate
from infra.eval.speakers import sequence
from stenolog.engine.audio.bleeping import bleep
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.options import Keyterms, SpeakerBounds, SpeechOptions, TextOptions
from stenolog.engine.speech.lines import speech_ratio
from stenolog.engine.spoken import SpokenWord, joined, utterances
from stenolog.engine.techniques import SAMPLE_RATE, Waveform
from stenolog.engine.worker.analyses import analysed
from stenolog.engine.worker.hear import Techniques
from stenolog.engine.worker.transcribe import Transcribed, transcribe
from stenolog.intelligence.policies import RedactionOptions
from tests.engine import containers, sounds

pytestmark = pytest.mark.xdist_group("engine")

ANY = SpeakerBounds()


def heard(
    content: bytes, techniques: Techniques, *, audio_ms_max: int = 600_000, **options: Any
) -> tuple[SpokenWord, ...]:
    return transcribed(content, techniques, audio_ms_max=audio_ms_max, **options).words


def transcribed(
    content: bytes, techniques: Techniques, *, audio_ms_max: int = 600_000, **options: Any
) -> Transcribed:
    return transcribe(
        io.BytesIO(content),
        SpeechOptions(**options),
        techniques,
        audio_ms_max=audio_ms_max,
        decoded=lambda audio_ms, facts: None,
        alive=sounds.nothing,
    )


@pytest.fixture(scope="module")
def two_cities(techniques: Techniques) -> tuple[SpokenWord, ...]:
    return heard(sounds.recording("two_cities"), techniques, speakers=ANY)


def test_a_reading_is_recognised(two_cities: tuple[SpokenWord, ...]) -> None:
    assert word_error_rate(TWO_CITIES, joined(two_cities)) <= 0.10


def test_words_are_in_order_inside_the_audio(two_cities: tuple[SpokenWord, ...]) -> None:
    assert two_cities[0].start > 500
    assert two_cities[-1].end < 44_375
    for before, after in itertools.pairwise(two_cities):
        assert before.start <= before.end <= after.start


def test_channels_are_heard_by_themselves_whoever_is_louder(techniques: Techniques) -> None:
    """The second channel speaks at the same time, a hundred times lower; the third is silent."""
    one, two = sounds.speech("two_cities", 0, 6), sounds.speech("beckett", 0, 6)
    size = max(one.size, two.size)
    channels = np.zeros((3, size), dtype=np.float32)
    channels[0, : one.size], channels[1, : two.size] = one, two / 100
    content = sounds.wav_of(channels)
    words = heard(content, techniques, multichannel=True)
    assert {(word.channel, word.speaker) for word in words} == {("1", "1"), ("2", "2")}
    for channel, alone in (("1", one), ("2", two)):
        said = joined([word for word in words if word.channel == channel])
        assert word_error_rate(joined(heard(sounds.wav(alone), techniques)), said) <= 0.15
    turns = utterances(words)
    assert [turn.words[0].start for turn in turns] == sorted(turn.words[0].start for turn in turns)
    told_apart = heard(content, techniques, multichannel=True, speakers=ANY)
    assert {word.speaker for word in told_apart} == {"1A", "2A"}


def test_expected_words_are_written_where_they_were_nearly_heard(techniques: Techniques) -> None:
    content = sounds.wav(sounds.speech("two_cities"))
    missed = set(joined(heard(content, techniques)).lower().split())
    assert "noisiest" not in missed
    keyterms = Keyterms(terms=("noisiest authorities",), strength=2.0)
    found = joined(heard(content, techniques, keyterms=keyterms))
    assert "noisiest authorities" in found
    assert word_error_rate(TWO_CITIES, found) <= 0.10


def test_a_part_is_heard_with_the_times_of_the_whole(
    techniques: Techniques, two_cities: tuple[SpokenWord, ...]
) -> None:
    content = sounds.recording("two_cities")
    part = heard(content, techniques, from_ms=5_000, to_ms=12_000, speakers=ANY)
    whole = [word for word in two_cities if word.start >= 5_000 and word.end <= 12_000]
    assert 5_000 <= part[0].start <= part[-1].end <= 12_000
    assert {word.speaker for word in part} == {"A"}
    said, expected = plain_words(joined(part)), plain_words(joined(tuple(whole)))
    assert len(set(said) & set(expected)) >= 0.8 * len(set(expected))
    near = [(one, word) for word in part for one in whole if one.text == word.text]
    assert sum(abs(one.start - word.start) <= 300 for one, word in near) >= 0.8 * len(whole)


@pytest.mark.parametrize("part", [{"from_ms": 60_000}, {"from_ms": 1_000, "to_ms": 1_100}])
def test_a_part_outside_the_audio_or_of_no_length_is_too_short(
    techniques: Techniques, part: dict[str, int]
) -> None:
    with pytest.raises(AudioRefused, match=r"^Audio duration is too short\.$"):
        heard(sounds.recording("two_cities"), techniques, **part)


def test_confidence_is_measured_and_never_constant(two_cities: tuple[SpokenWord, ...]) -> None:
    values = [word.confidence for word in two_cities]
    assert all(0.0 < value <= 1.0 for value in values)
    assert len(set(values)) > len(values) / 2
    assert 0.8 < sum(values) / len(values) < 0.99


def test_sentences_begin_with_capitals(two_cities: tuple[SpokenWord, ...]) -> None:
    text = joined(two_cities)
    assert text.startswith("It was the best of times")
    assert ",," not in text
    assert ".." not in text


def test_one_reader_is_one_speaker(two_cities: tuple[SpokenWord, ...]) -> None:
    assert {word.speaker for word in two_cities} == {"A"}


def test_pauses_between_sentences_are_between_words(two_cities: tuple[SpokenWord, ...]) -> None:
    audio = sounds.speech("two_cities")
    loud = np.abs(audio).max()
    for word in two_cities:
        piece = audio[word.start * 16 : max(word.end, word.start + 10) * 16]
        assert np.abs(piece).max() > 0.01 * loud, word


def test_a_hidden_word_is_heard_no_more_and_its_neighbours_are(techniques: Techniques) -> None:
    pytest.importorskip("pocketsphinx", reason="pocketsphinx has no wheel for this Python")
    content = sounds.wav(sounds.speech("two_cities", 0, 8.5))
    hidden = RedactionOptions(policies=(), static={"THIS": ("worst",)}, substitution="hash")
    options = SpeechOptions(text=TextOptions(redaction=hidden))
    found = transcribed(content, techniques)
    made = analysed(found.words, options, found.lines, sounds.nothing)
    assert 300 <= sum(end - start for start, end in made.hidden_ms) <= 900
    bleep(found.audio, made.hidden_ms, silent=False)
    words = plain_words(joined(heard(sounds.wav(found.audio), techniques)))
    assert "worst" not in words
    assert {"best", "age"} <= set(words)
    assert words.count("times") == 2


def test_a_long_line_is_decoded_whole(techniques: Techniques) -> None:
    """Over ten seconds without a pause: the encoder's mask is counted in samples."""
    audio = sounds.speech("two_cities", 32.6, 42.0)
    spoken = np.concatenate([audio[:64_000], audio[64_000:]])
    words = heard(sounds.wav(np.concatenate([spoken, spoken[:40_000]])), techniques)
    text = " ".join(plain_words(joined(words)))
    assert "for good or for evil" in text


def test_the_same_words_come_from_every_kind_of_file(techniques: Techniques) -> None:
    audio = sounds.speech("two_cities", 0, 8.5)
    plain = plain_words(joined(heard(sounds.wav(audio), techniques)))
    for container, codec, rate, layout in (
        ("mp3", "libmp3lame", 44_100, "stereo"),
        ("webm", "libopus", 48_000, "stereo"),
        ("au", "pcm_mulaw", 8_000, "mono"),
    ):
        content = sounds.encoded(audio, container, codec, rate=rate, layout=layout)
        words = plain_words(joined(heard(content, techniques)))
        assert word_error_rate(" ".join(plain), " ".join(words)) <= 0.15, container


def test_words_are_told_by_the_clock_of_the_film_and_whatever_the_level(
    techniques: Techniques,
) -> None:
    """Five seconds late, 45 dB too quiet and with one channel inverted: the same words."""
    audio = sounds.speech("two_cities", 0, 4.8)
    plain = heard(sounds.wav(audio), techniques)
    late = containers.Track(audio=audio, begin=5.0)
    film = heard(containers.tracks("mp4", "aac", late, video_seconds=9.0), techniques)
    assert plain_words(joined(film)) == plain_words(joined(plain))
    assert abs(film[0].start - 5_000 - plain[0].start) < 150
    quiet = sounds.encoded(audio * np.float32(10**-2.25), "caf", "pcm_f32be")
    assert joined(heard(quiet, techniques)) == joined(plain)
    assert joined(heard(containers.wav_of((audio, -audio)), techniques)) == joined(plain)


@pytest.mark.parametrize("level_dbfs", [0, -60])
def test_the_words_are_the_same_at_every_level(techniques: Techniques, level_dbfs: int) -> None:
    """As floats: at 0 dBFS most peaks are beyond full scale."""
    audio = sounds.speech("two_cities", 0, 8.5)
    scaled = audio * np.float32(10 ** (level_dbfs / 20) / np.sqrt(np.mean(audio**2)))
    found = heard(sounds.encoded(scaled, "caf", "pcm_f32be"), techniques)
    usual = heard(sounds.encoded(audio, "caf", "pcm_f32be"), techniques)
    assert joined(found) == joined(usual)
    assert len(found) > 15


def test_the_speech_ratio_is_a_share_of_the_whole(techniques: Techniques) -> None:
    def ratio(audio: Waveform) -> float:
        steps = techniques.voice_activity.probabilities(audio, sounds.nothing)
        return speech_ratio(steps)

    reading = sounds.speech("two_cities", 0, 20)
    alone = ratio(reading)
    assert 0.6 < alone < 0.95
    padded = np.concatenate((sounds.silence(20), reading, sounds.silence(40)))
    assert abs(ratio(padded) - alone / 4) < 0.02
    assert ratio(sounds.noise(10)) == ratio(sounds.silence(10)) == 0.0


def test_two_speakers_are_found_in_the_dialogue(techniques: Techniques) -> None:
    words = heard(sounds.recording("endgame_nagg_nell"), techniques, speakers=ANY)
    assert {word.speaker for word in words} == {"A", "B"}
    # They take turns about every two seconds.
    assert len(utterances(words)) >= 8


def test_at_most_a_tenth_of_words_has_the_wrong_speaker(techniques: Techniques) -> None:
    audio, exact = sequence()
    words = heard(sounds.wav(audio), techniques, speakers=ANY)
    pairs = []
    for word in words:
        middle = (word.start + word.end) / 2
        who = next(turn.what for turn in exact if turn.start_ms <= middle <= turn.end_ms)
        pairs.append((word.speaker or "", who))
    assert share_right(pairs) >= 0.90, pairs
    assert len({label for label, _ in pairs}) == 4


def test_an_expected_number_of_speakers_is_kept(techniques: Techniques) -> None:
    """Two take turns; three are found when three are expected."""
    bounds = SpeakerBounds(least=3, most=3)
    turns = techniques.speakers.turns(sounds.speech("endgame_nagg_nell"), bounds, sounds.nothing)
    assert len({turn.speaker for turn in turns}) == 3


@pytest.mark.soak
def test_an_hour_with_speakers_stays_within_memory_and_time(techniques: Techniques) -> None:
    audio, _ = sequence()
    hour = np.tile(audio, 3_600 * SAMPLE_RATE // audio.size)
    bounds = SpeakerBounds(least=1, most=6)
    words = heard(sounds.wav(hour), techniques, audio_ms_max=4_000_000, speakers=bounds)
    assert len(words) > 5_000

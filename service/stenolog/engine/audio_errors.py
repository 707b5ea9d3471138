"""Name what can be wrong with a customer's audio, with the sentence that the transcript shows."""

from __future__ import annotations

from stenolog.wire.assemblyai import sentences


class AudioRefused(Exception):
    """The audio cannot be transcribed; the message is the transcript's `error`."""


def not_audio(kind: str) -> AudioRefused:
    """The file is something else; `kind` says what, as `text/html (HTML document)`."""
    return AudioRefused(sentences.not_audio(kind))


def undecodable() -> AudioRefused:
    """The file looks like media, and yet nothing in it can be decoded."""
    return AudioRefused(
        "Transcoding failed. The file is damaged or incomplete: no audio could be decoded from it."
    )


def no_audio_stream() -> AudioRefused:
    """A video without sound, or another container with nothing to hear."""
    return AudioRefused("Transcoding failed. The file has no audio stream.")


def no_decoder(container: str) -> AudioRefused:
    """The container can be read, and its sound is in a codec that cannot."""
    return AudioRefused(
        f"Transcoding failed. The audio in this {container} file is encrypted or in a codec that "
        "cannot be decoded."
    )


def empty_file() -> AudioRefused:
    """Nothing was uploaded, or the download had no bytes."""
    return AudioRefused("Transcoding failed. The file is empty.")


def too_short() -> AudioRefused:
    """Less than `AUDIO_MS_MIN` of sound."""
    return AudioRefused(sentences.AUDIO_TOO_SHORT)


def too_long(audio_ms_max: int) -> AudioRefused:
    """Decoding was stopped as soon as the limit was passed."""
    return AudioRefused(
        f"Audio duration is too long: more than the limit of {audio_ms_max / 1000:g} seconds."
    )


def odd_format(what: str) -> AudioRefused:
    """A sample rate or a number of channels outside what is accepted."""
    return AudioRefused(f"Transcoding failed. The audio has {what}.")


def out_of_memory() -> AudioRefused:
    """The job asked for more memory than a worker may have."""
    return AudioRefused("The audio needs more memory than one transcription may use.")


def not_clear_english() -> AudioRefused:
    """The words are guesses: another language, or speech that nobody could follow."""
    return AudioRefused(
        "The audio does not appear to be clear English, the only language of this engine."
    )


def too_little_speech(ratio: float, threshold: float) -> AudioRefused:
    """Less of the audio is speech than the request demands."""
    return AudioRefused(sentences.below_speech_threshold(ratio, threshold))


def no_speech_to_detect() -> AudioRefused:
    """The language of silence was asked for."""
    return AudioRefused(sentences.DETECTION_WITHOUT_SPEECH)

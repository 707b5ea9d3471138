"""Run a worker: read orders from standard input, transcribe, answer on standard output.

It is started as `python -m stenolog.engine.worker.process PARENT THREADS [MODEL]`; the host never
imports it.
"""

from __future__ import annotations

import base64
import os
import queue
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from stenolog.engine import messages
from stenolog.engine.audio_errors import AudioRefused
from stenolog.engine.audio_facts import AudioFacts
from stenolog.engine.messages import (
    Alive,
    Decoded,
    Done,
    Failed,
    Message,
    Order,
    Ready,
    Refused,
    Sound,
    Unusable,
)
from stenolog.engine.model_directory import ModelUnusable
from stenolog.engine.options import AudioRedaction
from stenolog.engine.techniques import Waveform
from stenolog.engine.worker import confinement
from stenolog.engine.worker.hear import Techniques
from stenolog.engine.worker.transcribe import load_techniques, transcribe
from stenolog.lossy_output import replace_output

ORDERS_MAX = 1  # the engine sends the next order after the answer


class Replies:
    """Sends messages to the engine; nothing else in this process can write there."""

    def __init__(self) -> None:
        self._pipe: BinaryIO = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)  # whatever a library prints goes to the log

    def send(self, message: Message) -> None:
        """Send a message; end this process when the engine is gone."""
        try:
            self._pipe.write(messages.encode(message))
        except OSError:
            os._exit(0)

    def decoded(self, audio_ms: int, facts: AudioFacts) -> None:
        """The audio is decoded."""
        self.send(Decoded(audio_ms=audio_ms, facts=facts))

    def alive(self) -> None:
        """Work goes on."""
        self.send(Alive())


def main(arguments: list[str]) -> None:
    """Serve orders until the engine closes the pipe."""
    parent, threads = int(arguments[0]), int(arguments[1])
    model = Path(arguments[2]) if arguments[2:] else None
    confinement.die_with(parent)
    network_kept = not confinement.leave_network()
    replies = Replies()
    replace_output("stderr")
    replace_output("stdout")
    orders: queue.Queue[Order] = queue.Queue(ORDERS_MAX)
    threading.Thread(target=_read_orders, args=(orders,), daemon=True).start()
    try:
        techniques = load_techniques(threads=threads, model=model)
    except ModelUnusable as exc:
        replies.send(Unusable(reason=str(exc)))
        return
    confinement.limit_resources()
    replies.send(Ready(model=techniques.recogniser.model, network_kept=network_kept))
    while True:
        order = orders.get()
        replies.send(_answer(order, techniques, replies))


def _read_orders(orders: queue.Queue[Order]) -> None:
    for line in sys.stdin.buffer:
        orders.put(messages.ORDER.validate_json(line))
    os._exit(0)  # the engine is gone, whatever the main thread is doing


def _answer(order: Order, techniques: Techniques, replies: Replies) -> Message:
    confinement.allow_cpu(order.cpu_seconds)
    try:
        with open(order.path, "rb") as file:
            heard = transcribe(
                file,
                order.options,
                techniques,
                audio_ms_max=order.audio_ms_max,
                decoded=replies.decoded,
                alive=replies.alive,
            )
        # What reads text is loaded when there is some: a worker is ready without it.
        from stenolog.engine.worker.analyses import analysed  # noqa: PLC0415  # see above

        made = analysed(heard.words, order.options, heard.lines, replies.alive)
        if order.options.text.redact_pii_audio is not None:
            hidden_ms = [(a - heard.from_ms, b - heard.from_ms) for a, b in made.hidden_ms]
            _send_sound(heard.audio, hidden_ms, order.options.text.redact_pii_audio, replies)
    except AudioRefused as exc:
        return Refused(error=str(exc))
    except Exception as exc:  # the boundary of the process: the engine must hear of it
        return Failed(kind=type(exc).__name__)
    return Done(words=made.words, findings=made.findings, unredacted=made.unredacted)


def _send_sound(
    audio: Waveform,
    hidden_ms: Sequence[tuple[int, int]],
    asked: AudioRedaction,
    replies: Replies,
) -> None:
    from stenolog.engine.audio.bleeping import as_mp3, as_wav, bleep  # noqa: PLC0415  # as above

    bleep(audio, hidden_ms, silent=asked.silent)
    encoded = as_mp3 if asked.quality == "mp3" else as_wav
    for piece in encoded(audio, replies.alive):
        replies.send(Sound(data=base64.b64encode(piece).decode()))


if __name__ == "__main__":
    main(sys.argv[1:])

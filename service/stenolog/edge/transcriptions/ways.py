"""Say a request of a surface with words of its own to each provider that may be asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from stenolog.edge.transcriptions.extras import Extras
from stenolog.edge.transcriptions.offer import Ways
from stenolog.errors import InvalidRequest
from stenolog.wire.assemblyai.transcript_request import TranscriptRequest, checked_request

Params = Mapping[str, object]
Say = Callable[[str], Params | None]
"""Returns what this provider is asked; None: it does not serve what is asked for.

Raises InvalidRequest where it serves that, and cannot do what else is asked for.
"""


def ways_of(asked: Extras, own: Sequence[str], default: str, say: Say) -> Ways:
    """Return what each provider is asked, without the audio, by name and in their order.

    They are those that the request names, else those of its key or tenant, `own`, else the default.
    Who does not serve what is asked for is left out; so is, of a key's or a tenant's, who cannot do
    it, unless none can. Empty: nobody serves it.

    Raises:
        InvalidRequest: A provider that is named cannot do what is asked for, or nobody can.
    """
    named = asked.providers or ((asked.provider,) if asked.provider else ())
    ways: dict[str, Params] = {}
    refusal: InvalidRequest | None = None
    for one in named or own or (default,):
        try:
            params = say(one)
        except InvalidRequest as exc:
            if named:
                raise
            refusal = refusal or exc
        else:
            if params is not None:
                ways[one] = params
    if not ways and refusal is not None:
        raise refusal
    return ways


def with_audio(ways: Ways, url: str) -> tuple[TranscriptRequest, Ways]:
    """Return the checked request to the first provider, and the ways with this audio in each.

    Raises:
        InvalidRequest: As `checked_request`.
    """
    checked = {name: checked_request({"audio_url": url, **one}) for name, one in ways.items()}
    first = next(iter(checked.values()))
    return first, {name: one.params for name, one in checked.items()}

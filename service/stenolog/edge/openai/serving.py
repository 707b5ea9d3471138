"""Choose who serves one of OpenAI's models, and what is asked of the provider."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stenolog.edge.transcriptions.extras import Extras
from stenolog.edge.transcriptions.offer import Ways
from stenolog.edge.transcriptions.ways import Params, ways_of
from stenolog.errors import InvalidRequest
from stenolog.log.events.vocabulary import ProviderName
from stenolog.wire.aimlapi.models import TEXT_ONLY, family_of, model_named
from stenolog.wire.openai.create import TIMED_FORMATS, Create
from stenolog.wire.openai.in_assemblyai import params_of
from stenolog.wire.openai.models import MODELS

MODELS_SHOWN = ", ".join(MODELS)
Server = Callable[[Create, Params], Params]
"""Returns what a provider is asked, given a request's parameters without a model."""


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves where the request does not say.

    Attributes:
        default: The provider that every surface has by default.
    """

    default: ProviderName

    def ways(self, create: Create, asked: Extras, own: Sequence[str] = ()) -> Ways:
        """Return AssemblyAI's parameters for each provider that is to be asked, one after another.

        `own` are the defaults of the request's key or tenant.

        Raises:
            InvalidRequest: It has no such model, or the model gives no times and they are needed.
        """
        params = params_of(create)
        return ways_of(asked, own, self.default, lambda one: server_named(one)(create, params))


def server_named(provider: str) -> Server:
    """Return how this provider serves; one that is not configured is refused when it is chosen."""
    return next((one for name, one in SERVERS.items() if name == provider), _by_default)


def _by_default(create: Create, params: Params) -> Params:
    if create.model not in MODELS:
        raise _unknown(create.model, f"there are {MODELS_SHOWN}")
    return params


def _of_assemblyai(create: Create, params: Params) -> Params:
    return params if create.model in MODELS else {**params, "speech_models": [create.model]}


def _of_aimlapi(create: Create, params: Params) -> Params:
    model = create.kind.aimlapi or model_named(create.model)
    if model is None:
        raise _unknown(create.model, f"there are {MODELS_SHOWN}, and AIMLAPI's own")
    asked = {**params, "speech_models": [model]}
    if family_of(model) not in TEXT_ONLY:
        return asked
    if create.response_format in TIMED_FORMATS:
        why = (
            f"{create.response_format} needs the times of words, and {create.model} gives a text "
            "alone: ask for json or text, or for whisper-1"
        )
        raise InvalidRequest(f"response_format {why}", [("response_format", why)])
    asked.pop("language_detection", None)  # it is what these models do in any case
    return asked


SERVERS: Mapping[ProviderName, Server] = {
    "aimlapi": _of_aimlapi,
    "assemblyai": _of_assemblyai,
    "local": _by_default,
}


def _unknown(model: str, there_are: str) -> InvalidRequest:
    why = f"{model[:64]!r} is not known here: {there_are}"
    return InvalidRequest(f"model {why}", [("model", why)])

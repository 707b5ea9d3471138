"""Choose who serves a model of AIMLAPI's, and in which words it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stenolog.edge.transcriptions.extras import Extras
from stenolog.errors import InvalidRequest
from stenolog.log.events.vocabulary import ProviderName
from stenolog.wire.aimlapi.create import Create
from stenolog.wire.aimlapi.in_assemblyai import params_of
from stenolog.wire.aimlapi.models import ASSEMBLYAI, MODELS, Family, family_of
from stenolog.wire.aimlapi.requests import OWN

SETTING = "STENOLOG_AIMLAPI_SERVED_BY"
Params = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """How a provider serves AIMLAPI's models.

    Attributes:
        params: A create in the parameters in which it is asked, without the audio.
        families: Whose models it serves; None: every one, also those that are not known yet.
        answers_alike: Its answers are AIMLAPI's own, and passed on as they are.
    """

    params: Callable[[Create], Params]
    families: frozenset[Family] | None = None
    answers_alike: bool = False


def _own(create: Create) -> Params:
    return {OWN: create.own}


def _with_model(create: Create) -> Params:
    return {**params_of(create), "speech_models": [create.model.rpartition("/")[2]]}


SERVERS: Mapping[ProviderName, Server] = {
    "aimlapi": Server(params=_own, answers_alike=True),
    "assemblyai": Server(params=_with_model, families=ASSEMBLYAI),
    "local": Server(params=params_of),
}
UNKNOWN = Server(params=params_of)  # refused when the provider is chosen


@dataclass(frozen=True, slots=True)
class Serving:
    """Who serves a model where the request does not say.

    Attributes:
        default: `aimlapi`, or who stands in for it.
    """

    default: ProviderName

    def served(self, create: Create, asked: Extras, own: Sequence[str] = ()) -> tuple[str, Params]:
        """Return the provider's name and its parameters: the first that serves this model.

        `own` are the defaults of the request's key or tenant. There is no other to fall back to:
        each is asked in words of its own.

        Raises:
            InvalidRequest: It cannot serve this model, and the message says which it can, and what
                would serve all; or it cannot do what is asked for.
        """
        named = asked.providers or ((asked.provider,) if asked.provider else ())
        providers = named or own or (self.default,)
        for one in providers:
            server = server_named(one)
            if server.families is None or family_of(create.model) in server.families:
                return one, server.params(create)
        provider, server = providers[0], server_named(providers[0])
        assert server.families is not None, "it would have served"
        can = ", ".join(name for name, family in MODELS.items() if family in server.families)
        problem = (
            f"{create.model} is not served by {provider}, which serves {can}: all are with "
            f"AIMLAPI's own key, or by the embedded engine with {SETTING}=local"
        )
        raise InvalidRequest(f"model: {problem}", [("model", problem)])


def server_named(provider: str) -> Server:
    """Return how this provider serves."""
    return next((one for name, one in SERVERS.items() if name == provider), UNKNOWN)

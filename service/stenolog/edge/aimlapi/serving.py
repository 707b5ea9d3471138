"""Choose who serves a model of AIMLAPI's, and in which words it is asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from stenolog.edge.transcriptions.extras import Extras
from stenolog.edge.transcriptions.offer import Ways
from stenolog.edge.transcriptions.ways import Params, ways_of
from stenolog.errors import InvalidRequest
from stenolog.log.events.vocabulary import ProviderName
from stenolog.wire.aimlapi.create import Create
from stenolog.wire.aimlapi.in_assemblyai import params_of
from stenolog.wire.aimlapi.models import ASSEMBLYAI, MODELS, Family, family_of
from stenolog.wire.aimlapi.requests import OWN

SETTING = "STENOLOG_AIMLAPI_SERVED_BY"


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


# AssemblyAI takes the names `universal` and `slam-1` no more (2026-11): its default does both.
SERVERS: Mapping[ProviderName, Server] = {
    "aimlapi": Server(params=_own, answers_alike=True),
    "assemblyai": Server(params=params_of, families=ASSEMBLYAI),
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

    def ways(self, create: Create, asked: Extras, own: Sequence[str] = ()) -> Ways:
        """Return the parameters of each provider that is to be asked, one after another.

        `own` are the defaults of the request's key or tenant.

        Raises:
            InvalidRequest: None of them serves this model, and the message says which it can, and
                what would serve all; or it cannot do what is asked for.
        """

        def said(provider: str) -> Params | None:
            server = server_named(provider)
            serves = server.families is None or family_of(create.model) in server.families
            return server.params(create) if serves else None

        ways = ways_of(asked, own, self.default, said)
        if ways:
            return ways
        provider = next(iter((*asked.providers, *own)), None) or asked.provider or self.default
        families = server_named(provider).families
        assert families is not None, "it would have served"
        can = ", ".join(name for name, family in MODELS.items() if family in families)
        problem = (
            f"{create.model} is not served by {provider}, which serves {can}: all are with "
            f"AIMLAPI's own key, or by the embedded engine with {SETTING}=local"
        )
        raise InvalidRequest(f"model: {problem}", [("model", problem)])


def server_named(provider: str) -> Server:
    """Return how this provider serves."""
    return next((one for name, one in SERVERS.items() if name == provider), UNKNOWN)

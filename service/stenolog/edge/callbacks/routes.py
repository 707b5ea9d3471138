"""Name the path where providers call us, and the ports that it needs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import Route

from stenolog.commands.callback_tokens import CallbackKeys
from stenolog.edge.callbacks.receiving import Callbacks
from stenolog.edge.http.surface import Surface
from stenolog.edge.loops import Wake
from stenolog.edge.ports import EdgeMetrics
from stenolog.edge.transcriptions.use_cases import UseCases
from stenolog.log.recorder import FactRecorder


class _Anything(Convertor[str]):
    """Takes what a path ends with, line ends too: Starlette's own `path` does not."""

    regex = "(?s:.*)"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("anything", _Anything())
PATH = "/callbacks/{provider}/{token:anything}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackPorts:
    """What receiving callbacks needs.

    Attributes:
        keys: As of now; asked for every callback, so that a key can be retired.
    """

    facts: FactRecorder
    keys: Callable[[], CallbackKeys]
    wake: Wake
    metrics: EdgeMetrics


def surface(ports: CallbackPorts, cases: UseCases) -> Surface:
    """`/callbacks`; it has no form: its refusals are bare statuses."""
    receiving = Callbacks(
        facts=ports.facts,
        tenancy=cases.tenancy,
        keys=ports.keys,
        wake=ports.wake,
        metrics=ports.metrics,
    )
    return Surface(routes=[Route(PATH, receiving)])

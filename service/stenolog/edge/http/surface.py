"""Declare a surface: paths under one prefix, and the form in which all of them say no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starlette.routing import Route

from stenolog.edge.http.problems import FailureForm
from stenolog.edge.http.resource import Admission, Operation, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Surface:
    """What a surface adds to the application.

    Attributes:
        prefix: What its paths begin with; empty when they share nothing.
        form: How an unknown path below `prefix` says no; None without a prefix.
    """

    routes: Sequence[Route]
    prefix: str = ""
    form: FailureForm | None = None


def route(admission: Admission, form: FailureForm, path: str, **methods: Operation) -> Route:
    """Return one path with its methods."""
    return Route(path, Resource(admission, form, methods))

"""A measured figure, what was wanted of it, and the table of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

COLUMNS_MAX = 80
VALUE_COLUMNS, WANTED_COLUMNS, VERDICT_COLUMNS = 12, 10, 6
NAME_COLUMNS = COLUMNS_MAX - VALUE_COLUMNS - WANTED_COLUMNS - VERDICT_COLUMNS - 3
SIGNIFICANT_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is wanted of a figure: at least, or at most, so much."""

    side: Literal[">=", "<="]
    value: float

    def holds(self, value: float) -> bool:
        """Whether a figure is within it."""
        return value >= self.value if self.side == ">=" else value <= self.value


def at_least(value: float) -> Limit:
    """`value` or more is wanted."""
    return Limit(side=">=", value=value)


def at_most(value: float) -> Limit:
    """`value` or less is wanted."""
    return Limit(side="<=", value=value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table.

    Attributes:
        unit: Behind the value; empty for a ratio.
        wanted: None for a figure that only explains another.
        detail: What the value was made of, for the JSON.
    """

    name: str
    value: float
    unit: str = ""
    wanted: Limit | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or nothing when nothing was wanted."""
        if self.wanted is None:
            return ""
        return "met" if self.wanted.holds(self.value) else "missed"

    def as_json(self) -> dict[str, Any]:
        """Every field and the verdict, as plain JSON values."""
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotMeasured:
    """A part that came to nothing, and why."""

    part: str
    reason: str

    def as_json(self) -> dict[str, Any]:
        """The part and the reason."""
        return asdict(self)


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of all do not exceed (nearest rank).

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("no values were measured")
    assert 0 < share <= 1
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def rounded(value: float) -> str:
    """Three significant digits, and never fewer digits than stand before the point."""
    if value == 0 or not math.isfinite(value):
        return f"{value:g}"
    places = SIGNIFICANT_DIGITS - 1 - math.floor(math.log10(abs(value)))
    return f"{value:,.{max(0, places)}f}"


def table(lines: Sequence[Figure | NotMeasured]) -> str:
    """The figures in at most 80 columns, in order, under a line of headings."""
    rows = [_row("figure", "value", "wanted", ""), "-" * COLUMNS_MAX]
    for line in lines:
        match line:
            case Figure():
                rows.append(_figure_row(line))
            case NotMeasured():
                rows.append(f"{line.part}: not measured: {line.reason}"[:COLUMNS_MAX])
    return "\n".join(rows)


def _figure_row(figure: Figure) -> str:
    value = f"{rounded(figure.value)} {figure.unit}".rstrip()
    wanted = f"{figure.wanted.side} {rounded(figure.wanted.value)}" if figure.wanted else ""
    return _row(figure.name, value, wanted, figure.verdict)


def _row(name: str, value: str, wanted: str, verdict: str) -> str:
    return (
        f"{name[:NAME_COLUMNS]:<{NAME_COLUMNS}} {value:>{VALUE_COLUMNS}} "
        f"{wanted:>{WANTED_COLUMNS}} {verdict:<{VERDICT_COLUMNS}}"
    ).rstrip()

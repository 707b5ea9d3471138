"""Who has sent most ahead, told at a cost that does not grow with how many there are."""

from __future__ import annotations

from typing import Generic, TypeVar

STEP_BYTES = 1 << 10  # who differ by less count as equal

Member = TypeVar("Member")


class MostAhead(Generic[Member]):
    """Keeps members in lines by how many bytes were read of them and are not parsed yet."""

    def __init__(self) -> None:
        """Start with nobody."""
        self._lines: list[dict[Member, None]] = []
        self._line_of: dict[Member, int] = {}

    def note(self, member: Member, kept_bytes: int) -> None:
        """Note how many bytes a member has ahead now; with none it is forgotten."""
        line = -(-kept_bytes // STEP_BYTES)
        before = self._line_of.get(member, 0)
        if line == before:
            return
        if before:
            del self._lines[before - 1][member]
            del self._line_of[member]
        if line:
            while len(self._lines) < line:
                self._lines.append({})
            self._lines[line - 1][member] = None
            self._line_of[member] = line

    def first(self) -> Member | None:
        """Return one of those who have most, to a step; None where nobody has any."""
        while self._lines and not self._lines[-1]:
            self._lines.pop()
        return next(iter(self._lines[-1])) if self._lines else None

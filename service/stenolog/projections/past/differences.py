"""Compare what is shown of a transcription at two moments. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stenolog.projections.canonical import Item
from stenolog.projections.documents import decode
from stenolog.projections.past.shown import ShownView

# What tells an item without a time from others of its view.
NAMED_BY = ("speaker", "entity_type", "policy", "type")


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewDifference:
    """What became of one view; each item is a JSON object.

    Attributes:
        changed: Pairs of what stood at a place before, and after.
    """

    before: ShownView
    after: ShownView
    added: Sequence[bytes]
    removed: Sequence[bytes]
    changed: Sequence[tuple[bytes, bytes]]

    @property
    def any(self) -> bool:
        """Whether there is a difference."""
        same = (self.before.reason, self.before.around) == (self.after.reason, self.after.around)
        return not same or bool(self.added or self.removed or self.changed)


def difference(before: ShownView, after: ShownView) -> ViewDifference:
    """Return which items came, went, or are others at the same place, in their order.

    An item's place is where it starts; of one without a time, whom or what it is about.
    """
    removed = list(_beyond(before.lines, after.lines))
    added = list(_beyond(after.lines, before.lines))
    at_place: defaultdict[object, deque[int]] = defaultdict(deque)
    for number, line in enumerate(removed):
        at_place[_place_of(decode(line))].append(number)
    changed: list[tuple[bytes, bytes]] = []
    came: list[bytes] = []
    replaced: set[int] = set()
    for line in added:
        waiting = at_place.get(_place_of(decode(line)))
        if waiting:
            number = waiting.popleft()
            replaced.add(number)
            changed.append((removed[number], line))
        else:
            came.append(line)
    return ViewDifference(
        before=before,
        after=after,
        added=came,
        removed=[line for number, line in enumerate(removed) if number not in replaced],
        changed=changed,
    )


def members_changed(
    before: Mapping[str, object], after: Mapping[str, object]
) -> Iterator[tuple[str, object, object]]:
    """Yield the members that differ, by name: what they were, and what they are."""
    for name in {**before, **after}:
        pair = before.get(name), after.get(name)
        if pair[0] != pair[1]:
            yield name, *pair


def _beyond(lines: Sequence[bytes], others: Sequence[bytes]) -> Iterator[bytes]:
    """Yield the lines that the others have not, or not as often."""
    left = Counter(others)
    for line in lines:
        if left[line] > 0:
            left[line] -= 1
        else:
            yield line


def _place_of(item: Item) -> object:
    start = item.get("start")
    return start if start is not None else tuple(str(item.get(name)) for name in NAMED_BY)

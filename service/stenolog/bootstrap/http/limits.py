"""How much, and for how long, the other side of a connection may keep us waiting."""

from __future__ import annotations

from dataclasses import dataclass

CONNECTIONS_MAX = 2_048
KEPT_MAX = 64  # places for callbacks and probes
KEPT_SHARE = 8  # no more of them than one in so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in milliseconds; tests shorten the times.

    Attributes:
        head_bytes_max: Of a request's head, of trailers, of the extensions of one chunk; twice
            what the application takes, which refuses in its own forms.
        head_ms_max: From a head's first byte to its last.
        idle_ms_max: Without a request.
        ahead_bytes_max: Read while an answer is under way, kept unparsed until it is out.
        ahead_bytes_all: The same over all connections, with heads that are not whole; beyond it who
            has most is closed.
        discard_bytes_max: Of a body that nobody reads any more, if the connection stays open.
        linger_bytes_max: Of a body that still comes after the last answer, for clients that send
            all of a large body before they read.
        discard_ms_max: Each of them in time.
        unread_ms_max: In which an answer under way moves by `unread_bytes_min`.
        unread_bytes_min: About 1 KiB a second.
        connections_max: Beyond it whoever waits longest without a request makes room. Requests that
            are no callbacks and no probes never have the last `connections_kept` of them.
        look_ms: Between two looks at what is overdue.
        accept_again_ms: After the system had no connection to give, for want of descriptors.
    """

    head_bytes_max: int = 64 << 10
    head_ms_max: int = 10_000
    idle_ms_max: int = 75_000
    ahead_bytes_max: int = 16 << 10
    ahead_bytes_all: int = 8 << 20
    discard_bytes_max: int = 1 << 20
    linger_bytes_max: int = 256 << 20
    discard_ms_max: int = 5_000
    unread_ms_max: int = 30_000
    unread_bytes_min: int = 32 << 10
    connections_max: int = CONNECTIONS_MAX
    look_ms: int = 500
    accept_again_ms: int = 1_000

    @property
    def connections_kept(self) -> int:
        """How many connections are left to callbacks and probes."""
        return min(KEPT_MAX, self.connections_max // KEPT_SHARE)

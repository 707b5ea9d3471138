"""Measure disk, embedded engine and output, and how old the numbers are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from math import nan

from prometheus_client import CollectorRegistry, Counter, Gauge


class MachineMetrics:
    """The metrics of disk, engine and of the measuring itself, in a registry of its maker's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, text: str, labels: list[str] | None = None) -> Gauge:
            return Gauge(f"stenolog_{name}", text, labels or (), registry=registry)

        self._disk_free = gauge(
            "disk_free_bytes", "Bytes that this user may still write where the data directory is"
        )
        self._disk_used = gauge(
            "disk_used_bytes", "Bytes in use where the data directory is, by whomever"
        )
        self._files = gauge("file_bytes", "Bytes of a database without its WAL", ["file"])
        self._wals = gauge("wal_bytes", "Bytes of a database's WAL", ["file"])
        self._uploads = gauge("uploads_held", "Customers' files that are kept, parts too")
        self._uploads_bytes = gauge(
            "uploads_held_bytes", "Bytes of the customers' files that are kept, parts too"
        )
        self._engine_up = gauge(
            "engine_up", "Whether the embedded engine answers, 1 or 0; 0 where there is none"
        )
        self._engine_wanted = gauge(
            "engine_wanted",
            "Whether the embedded engine is to run, 1 or 0; beside others once it is asked for",
        )
        self._engine = gauge(
            "engine_work",
            "What the embedded engine has: jobs (open, waiting for a worker), downloads (waiting, "
            "under_way, names_looked_up, names_waiting), workers (all, busy)",
            ["of", "state"],
        )
        self._engine_bytes = gauge(
            "engine_held_bytes",
            "Bytes of audio that the embedded engine has fetched and not worked off",
        )
        self._names = gauge(
            "delivery_names",
            "Names of receivers that are looked up, and that wait for it",
            ["state"],
        )
        self._measured = gauge(
            "measured_seconds",
            "Seconds since the gauges of one part were measured; the others are as old as theirs",
            ["part"],
        )
        self._lines_lost = Counter(
            "stenolog_log_lines_lost",
            "Lines of the gateway since the start that standard error did not take",
            registry=registry,
        )
        self._lines_shown = 0  # a counter can only be added to
        self._beats = gauge(
            "beat_age_seconds",
            "Seconds since a loop last looked for work and did what it found",
            ["loop"],
        )

    def lines_lost(self, lines: int) -> None:
        """Count on to the log lines that this process has lost since its start."""
        self._lines_lost.inc(lines - self._lines_shown)
        self._lines_shown = lines

    def disk(self, *, free: int, used: int) -> None:
        """Set the bytes that are free and used."""
        self._disk_free.set(free)
        self._disk_used.set(used)

    def file(self, name: str, *, size: int, wal: int) -> None:
        """Set the bytes of a database and of its WAL."""
        self._files.labels(name).set(size)
        self._wals.labels(name).set(wal)

    def uploads(self, files: int, size: int) -> None:
        """Set how many customers' files are kept, and their bytes."""
        self._uploads.set(files)
        self._uploads_bytes.set(size)

    def engine(
        self, counts: Mapping[str, Mapping[str, int]] | None, *, wanted: bool = True
    ) -> None:
        """Set what the engine says of itself; None: it does not answer, and nothing is known.

        `wanted`: it is to run. One that nothing was sent to yet is not.
        """
        self._engine_wanted.set(wanted)
        self._engine_up.set(counts is not None)
        if counts is None:
            self._engine.clear()
            self._engine_bytes.set(nan)  # what it held is gone, or nobody knows it
        for of, states in (counts or {}).items():
            for state, number in states.items():
                if state == "held_bytes":
                    self._engine_bytes.set(number)
                else:
                    self._engine.labels(of, state).set(number)

    def delivery_names(self, *, looked_up: int, waiting: int) -> None:
        """Set how many names of receivers are looked up and wait."""
        self._names.labels("looked_up").set(looked_up)
        self._names.labels("waiting").set(waiting)

    def show_beats(self, ages_ms: Mapping[str, Callable[[], int]]) -> None:
        """Show how long ago each loop last did its round; asked whenever metrics are read.

        A number that a loop had to set would stand still where that loop hangs.
        """
        for loop, age_ms in ages_ms.items():
            self._beats.labels(loop).set_function(partial(_seconds, age_ms))

    def show_measured(self, part: str, age_ms: Callable[[], int]) -> None:
        """Show how old the gauges of a part are; asked whenever metrics are read."""
        self._measured.labels(part).set_function(partial(_seconds, age_ms))


def _seconds(age_ms: Callable[[], int]) -> float:
    return age_ms() / 1000

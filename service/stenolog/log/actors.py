"""Name who acts when it is not a customer: ids that mean the same in every log, for ever."""

from __future__ import annotations

SYSTEM_TENANT = "00000000-0000-4000-8000-000000000000"
"""The tenant of events that are about the log itself, and nobody's data."""

RECONCILER = "00000000-0000-4000-8000-000000000001"
PROVIDER = "00000000-0000-4000-8000-000000000002"
DELIVERY = "00000000-0000-4000-8000-000000000003"
SYSTEM = "00000000-0000-4000-8000-000000000004"
"""The gateway itself: it began the log, made the first API key, saw the clock jump."""

OPERATOR = "00000000-0000-4000-8000-000000000005"
"""A human at the command line."""

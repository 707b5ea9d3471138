"""Open a model with onnxruntime, with the same careful options everywhere."""

from __future__ import annotations

import os
from typing import Any

# What is transcribed here tells nobody: from 1.31 on the library says to its makers, from the
# moment at which it is loaded, how it is used, with an id of the machine that it keeps in the home.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

LOG_FATAL = 4  # onnxruntime's severity; its warnings would reach the operator's terminal


def open_model(model: bytes | str, *, threads: int) -> Any:
    """Open an `InferenceSession` on the CPU with `threads` threads, from bytes or a path."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = LOG_FATAL
    # Threads that wait by spinning take the cores from the gateway, and from each other: with them
    # a loaded machine of two cores does 10 instead of 14 seconds of audio a second.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # DECISIONS 45
    return onnxruntime.InferenceSession(
        model, sess_options=options, providers=["CPUExecutionProvider"]
    )

"""Opens a model with onnxruntime, the same careful way everywhere."""

from __future__ import annotations

from typing import Any

import onnxruntime

LOG_FATAL = 4  # onnxruntime's severity; its warnings would reach the operator's terminal


def open_model(model: bytes | str, *, threads: int) -> Any:
    """An `InferenceSession` on the CPU with `threads` threads; `model` is its bytes or its path."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = LOG_FATAL
    return onnxruntime.InferenceSession(
        model, sess_options=options, providers=["CPUExecutionProvider"]
    )

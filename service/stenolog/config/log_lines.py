"""Declare the settings of the log lines on standard error."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "console"]


class LogLineSettings(BaseModel):
    """Which lines are written, and in which form."""

    log_level: LogLevel = Field(
        "info", description="Least level of a line: `debug`, `info`, `warning` or `error`."
    )
    log_format: LogFormat | None = Field(
        None, description="`json` or `console`; default: `console` on a terminal, else `json`."
    )

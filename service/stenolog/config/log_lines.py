"""Declare the settings of the log lines on standard error."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, Field

from stenolog.config.values import lower_case

LogLevel = Literal["debug", "info", "warning", "error"]
LogFormat = Literal["json", "console"]


class LogLineSettings(BaseModel):
    """Which lines are written, and in which form."""

    log_level: Annotated[LogLevel, BeforeValidator(lower_case)] = Field(
        "info", description="Least level of a line: `debug`, `info`, `warning` or `error`."
    )
    log_format: Annotated[LogFormat | None, BeforeValidator(lower_case)] = Field(
        None, description="`json` or `console`; default: `console` on a terminal, else `json`."
    )

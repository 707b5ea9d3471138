"""Declare the settings of the service itself: where it listens, who may call it how often."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel, Field, field_validator

from stenolog.config.values import BaseUrl, Names

RATE_MAX = 10**9
# RFC 6454: scheme, host and port as a browser sends them, without a path or a slash at the end.
ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[0-9]{1,5})?")


class ServerSettings(BaseModel):
    """Where the service listens, and who may call it."""

    data_dir: Path = Field(
        Path("stenolog-data"), description="Where everything is kept; made with mode 0700."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8080, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    public_url: BaseUrl | None = Field(
        None, description="How providers and customers reach us; default: the bound address."
    )
    rate_limit_per_minute: int = Field(
        0, ge=0, le=RATE_MAX, description="Requests a minute of one API key; 0: no limit."
    )
    tenant_rate_limit_per_minute: int = Field(
        0, ge=0, le=RATE_MAX, description="The same of all keys of a tenant; 0: ten times that."
    )
    cors_origins: Names = Field(
        (), description="Origins of pages that may call us (commas; `*`: any); none: CORS is off."
    )

    @field_validator("cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(origin != "*" and not ORIGIN.fullmatch(origin) for origin in value):
            raise ValueError("must be origins such as https://app.example:8443, or *")
        return value

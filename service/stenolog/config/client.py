"""Declare the settings of the commands that talk to a running service."""

from __future__ import annotations

from pydantic import BaseModel, Field

from stenolog.config.values import BaseUrl, Key


class ClientSettings(BaseModel):
    """Where commands find the service, and the key that they use."""

    url: BaseUrl | None = Field(
        None, description="For commands: the service; default: what DATA_DIR/lock names."
    )
    api_key: Key | None = Field(
        None,
        description="For commands: the API key; default, for the service of DATA_DIR: its api-key.",
    )

"""Declare the settings of AIMLAPI: key, address, and the model where nobody names one."""

from __future__ import annotations

import re

from pydantic import BaseModel, Field, field_validator

from stenolog.config.values import BaseUrl, Key

MODEL_NAME = re.compile(r"[A-Za-z0-9#._/:-]{1,128}")  # as AIMLAPI's are formed
VERSION = "/v1"  # its documentation counts it to the base URL; we do not


class AimlapiSettings(BaseModel):
    """How AIMLAPI is reached."""

    aimlapi_api_key: Key | None = Field(None, description="AIMLAPI's API key.")
    aimlapi_base_url: BaseUrl = Field(
        "https://api.aimlapi.com", description="AIMLAPI's base URL; a final `/v1` is left out."
    )
    aimlapi_model: str = Field(
        "aai/universal", description="AIMLAPI's model for requests that name none."
    )

    @field_validator("aimlapi_model")
    @classmethod
    def _model_name(cls, value: str) -> str:
        if not MODEL_NAME.fullmatch(value):
            raise ValueError("must be the name of a model, such as aai/universal or nova-3")
        return value

    @property
    def aimlapi_url(self) -> str:
        """The base URL before `/v1`."""
        return self.aimlapi_base_url.removesuffix(VERSION)

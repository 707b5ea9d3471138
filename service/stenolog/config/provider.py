"""Declare the settings of the providers: which one, AssemblyAI's regions and keys, ways out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode

from stenolog.config.aimlapi import AimlapiSettings
from stenolog.config.reach import is_unreachable
from stenolog.config.values import BaseUrl, Key, Milliseconds, Names, parts_of

RegionName = Literal["us", "eu"]
ASSEMBLYAI_BASE_URLS: Mapping[RegionName, str] = {
    "us": "https://api.assemblyai.com",
    "eu": "https://api.eu.assemblyai.com",
}
MODEL_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")  # as AssemblyAI's are formed
MODELS_MAX = 16
Networks = tuple[IPv4Network | IPv6Network, ...]


ProviderChoice = Literal["assemblyai", "aimlapi", "local"]


class ProviderSettings(AimlapiSettings):
    """Who transcribes, and where providers and customers' URLs may be reached."""

    provider: ProviderChoice | None = Field(
        None,
        description="Who transcribes; default: `assemblyai` if its key is set, else `aimlapi` if "
        "its key is, else `local`.",
    )
    aimlapi_served_by: ProviderChoice | None = Field(
        None,
        description="Who serves `/v1/stt`; default: `aimlapi` if its key is set, else as PROVIDER.",
    )
    assemblyai_api_key: Key | None = Field(
        None, description="AssemblyAI's API key, for every region that has none of its own."
    )
    assemblyai_base_url: BaseUrl | None = Field(
        None, description="AssemblyAI's base URL, when it is not its region's own."
    )
    assemblyai_region: RegionName = Field(
        "us", description="AssemblyAI's region for requests that name none."
    )
    assemblyai_eu_api_key: Key | None = Field(
        None, description="AssemblyAI's API key for its EU region, when it is another one."
    )
    assemblyai_eu_base_url: BaseUrl | None = Field(
        None, description="Base URL for the EU region, when it is not AssemblyAI's own."
    )
    speech_models: Names = Field(
        (),
        description="Asked of AssemblyAI when the customer names none; commas between them. Empty: "
        "none is named, and the account's default counts, which moves on by itself.",
    )
    allow_networks: Annotated[Networks, NoDecode] = Field(
        (), description="Private networks (CIDR, commas) that customers' URLs may reach."
    )
    http_timeout_ms: Milliseconds = Field(30_000, description="For a whole request to a provider.")

    @field_validator("speech_models")
    @classmethod
    def _model_names(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # Which models there are changes with every month: only the form of a name is known here.
        if len(value) > MODELS_MAX or not all(MODEL_NAME.fullmatch(one) for one in value):
            raise ValueError(f"must be at most {MODELS_MAX} names of models, or empty")
        return value

    @field_validator("allow_networks", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        # An address within a network stands for it: 192.168.1.7/24.
        parts = parts_of(value)
        if isinstance(parts, list):
            return tuple(ip_network(part, strict=False) for part in parts)
        return value

    @property
    def chosen_provider(self) -> ProviderChoice:
        """The default provider for new transcriptions."""
        if self.provider is not None:
            return self.provider
        if self.assemblyai_key(self.assemblyai_region):
            return "assemblyai"
        return "aimlapi" if self.aimlapi_api_key else "local"

    @property
    def uses_aimlapi(self) -> bool:
        """Whether AIMLAPI takes new transcriptions that name no provider."""
        return self.chosen_provider == "aimlapi"

    @property
    def uses_engine(self) -> bool:
        """Whether the embedded engine takes new transcriptions: then it must be able to run."""
        return "local" in (self.chosen_provider, self.aimlapi_served_by)

    @property
    def assemblyai_url(self) -> str:
        """AssemblyAI's base URL in the default region."""
        return self.assemblyai_regions[self.assemblyai_region]

    @property
    def assemblyai_regions(self) -> Mapping[RegionName, str]:
        """The base URL of each region that can be asked for, the default one first.

        A base URL of one's own replaces AssemblyAI's: then a region without one is not offered,
        for its audio and our key would go where nobody meant them to.
        """
        own, eu, default = (
            self.assemblyai_base_url,
            self.assemblyai_eu_base_url,
            self.assemblyai_region,
        )
        urls: Mapping[RegionName, str] = ASSEMBLYAI_BASE_URLS
        if eu is not None:
            urls = {"us": own or urls["us"], "eu": eu}
        elif own is not None:
            urls = {default: own}
        return {default: urls[default], **urls}

    @property
    def offered_regions(self) -> tuple[RegionName, ...]:
        """The regions that AssemblyAI is reached in, the default one first; none without a key."""
        return tuple(one for one in self.assemblyai_regions if self.assemblyai_key(one))

    def cannot_be_called(self, public_url: str) -> bool:
        """Tell whether a provider elsewhere, in an offered region, cannot call `public_url`."""
        return any(
            is_unreachable(public_url, self.assemblyai_regions[one]) for one in self.offered_regions
        )

    def assemblyai_key(self, region: RegionName) -> SecretStr | None:
        """Return the key that AssemblyAI takes in this region."""
        own = self.assemblyai_eu_api_key if region == "eu" else None
        return own or self.assemblyai_api_key

"""Declare the settings of what is kept: the master key and uploads."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr, field_validator

from stenolog.config.values import MILLISECONDS_MAX

Retention = Annotated[int, Field(ge=0, le=MILLISECONDS_MAX)]


class StorageSettings(BaseModel):
    """How stored data is sealed, and how long it is kept."""

    master_key: SecretStr | None = Field(
        None, description="Wraps all keys: 64 hex digits; default: DATA_DIR/master-key, made once."
    )
    upload_bytes_max: int = Field(
        2_200_000_000, ge=1, description="Largest upload; AssemblyAI's own limit is 2.2 GB."
    )
    tenant_upload_bytes: int = Field(
        0, ge=0, description="What one tenant's uploads may have together; 0: no limit."
    )
    upload_retention_ms: Retention | None = Field(
        None,
        description="How long an upload is kept after the outcomes of all transcriptions that "
        "use it; 0: not at all; default: until these are erased. "
        "An upload that none uses is kept as long; with 0 and by default, a day.",
    )
    seal_interval_ms: Retention = Field(
        3_600_000,
        description="How often a log that has grown is sealed: it commits to where every stream "
        "ends. It is also sealed at a stop, and when a proof needs it. 0: only then.",
    )

    key_backup_days: int | None = Field(
        None,
        ge=0,
        le=36_500,
        description="How long backups of keys.db are kept by whoever makes them; certificates of "
        "erasure say from it when the last one is gone.",
    )
    access_log: Literal["strict", "async", "off"] = Field(
        "async",
        description="How reads of content are recorded: `strict`: before the answer; `async`: "
        "within a second, once a minute for each key, transcript and view; `off`: not at all.",
    )

    @field_validator("master_key")
    @classmethod
    def _hex_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            try:
                length = len(bytes.fromhex(value.get_secret_value()))
            except ValueError:
                length = 0
            if length != 32:
                raise ValueError("must be 64 hex digits, such as `openssl rand -hex 32` prints")
        return value

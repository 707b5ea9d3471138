"""Declare the settings of what is kept: the master key and uploads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from stenolog.config.values import KEEP, MILLISECONDS_MAX, classes_of

Retention = Annotated[int, Field(ge=0, le=MILLISECONDS_MAX)]


Classes = Annotated[dict[str, int], NoDecode, BeforeValidator(classes_of)]


class StorageSettings(BaseModel):
    """How stored data is sealed, and how long it is kept."""

    master_key: SecretStr | None = Field(
        None, description="Wraps all keys: 64 hex digits; default: DATA_DIR/master-key, made once."
    )
    master_key_file: Path | None = Field(
        None, description="Instead: the file that has it; keep it apart from the data."
    )
    master_key_command: str | None = Field(
        None,
        min_length=1,
        description="Instead: a command that prints it, such as one of a key service; it runs "
        "without a shell, at each start.",
    )
    master_key_previous: SecretStr | None = Field(
        None,
        description="The master key before: all keys are wrapped anew while the service serves.",
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

    retention_classes: Classes | None = Field(
        None,
        description="How many days transcripts are kept after they were requested, by name, as "
        "`short:30,long:365`; a request, a key or a tenant names one.",
    )
    retention_default: str | None = Field(
        None, description="The class of what names none; default: kept until it is deleted."
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

    @model_validator(mode="after")
    def _known_class(self) -> Self:
        if self.retention_default is not None and self.retention_default not in (
            KEEP,
            *(self.retention_classes or {}),
        ):
            raise ValueError("STENOLOG_RETENTION_DEFAULT must be one of STENOLOG_RETENTION_CLASSES")
        return self

    @field_validator("master_key", "master_key_previous")
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

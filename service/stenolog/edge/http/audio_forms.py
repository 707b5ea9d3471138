"""Receive a form with audio in it: the file is stored while it comes, the values are kept."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from starlette.requests import Request

from stenolog.commands.api_keys import ApiKey
from stenolog.edge.http.bodies import declared_bytes, streamed
from stenolog.edge.http.forms import FormReader, Part, boundary_of
from stenolog.edge.transcriptions.uploading import StoredFile, Uploading
from stenolog.errors import InvalidRequest, PayloadTooLarge

VALUES_BYTES_MAX = 1 << 20  # of all values together, as of a JSON body
NAME_CHARS_MAX = 128
ONE_FILE = "must be one file: the form has several"


@dataclass(slots=True, kw_only=True)
class AudioForm:
    """What came in a form.

    Attributes:
        values: Every field that is no file, with all its values in their order.
        values_bytes: What they have together.
        file_field: What the audio's field is called; empty without one.
        file: The audio; None when there is none, when it has no bytes, and once it is taken.
    """

    values: dict[str, list[str]] = field(default_factory=dict)
    values_bytes: int = 0
    file_field: str = ""
    file: StoredFile | None = None

    def take(self) -> StoredFile:
        """Return the file; whoever takes it records it, and it is not removed with the form."""
        file, self.file = self.file, None
        assert file is not None, "taken once, where there is one"
        return file


@contextlib.asynccontextmanager
async def received_form(
    request: Request, caller: ApiKey, uploading: Uploading, *, file_fields: Collection[str]
) -> AsyncIterator[AudioForm]:
    """Yield the form; a file that is not taken in the block is removed behind it.

    Raises:
        InvalidRequest: It is no form, has two files, or a file in another field.
        PayloadTooLarge: The file or the values are too large.
        BodyTooSlow: It came at less than 1 KiB a second.
        StoreUnavailable: The file could not be stored.
    """
    body = streamed(request, bytes_max=uploading.bytes_max + VALUES_BYTES_MAX)
    reader = FormReader(boundary_of(request.headers.get("content-type", "")), body)
    form = AudioForm()
    try:
        async for part in reader.parts():
            if part.name not in file_fields:
                await _read_value(part, form)
                continue
            if form.file_field:
                raise InvalidRequest(f"{part.name} {ONE_FILE}", [(part.name, ONE_FILE)])
            form.file_field = part.name
            form.file = await uploading.store(
                caller, part.chunks, declared_bytes=declared_bytes(request)
            )
        yield form
    finally:
        if form.file is not None:
            await uploading.discard(form.file)


async def _read_value(part: Part, form: AudioForm) -> None:
    """Add a value to the form.

    Raises:
        InvalidRequest: It is a file, is not UTF-8, or its name is too long.
        PayloadTooLarge: All values have too many bytes.
    """
    name, problem = part.name[:NAME_CHARS_MAX], ""
    if part.filename is not None:
        problem = "is not a field for a file"
    elif len(part.name) > NAME_CHARS_MAX:
        problem = f"is a name of more than {NAME_CHARS_MAX} characters"
    if problem:
        raise InvalidRequest(f"{name} {problem}", [(name, problem)])
    gathered = bytearray()
    async for piece in part.chunks:
        gathered += piece
        if form.values_bytes + len(gathered) > VALUES_BYTES_MAX:
            raise PayloadTooLarge(f"The form's values are over {VALUES_BYTES_MAX} bytes")
    form.values_bytes += len(gathered)
    try:
        form.values.setdefault(name, []).append(gathered.decode())
    except UnicodeDecodeError as exc:
        raise InvalidRequest(f"{name} must be UTF-8", [(name, "must be UTF-8")]) from exc

"""Read a create: a JSON object, or a form with the audio in it."""

from __future__ import annotations

import hashlib
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from typing import cast

from stenolog.errors import InvalidRequest
from stenolog.simulator.aimlapi.jobs import Audio
from stenolog.wire.strict_json import parse_object

FORM_BYTES_MAX = 64 << 20  # a simulator's audio is short
FILE_FIELDS = ("audio", "file")


def read_create(content_type: str, body: bytes) -> tuple[dict[str, object], Audio | None]:
    """Return the fields of a create and its audio; None: there is none, or there are two.

    Raises:
        InvalidRequest: It is neither JSON nor a form.
        PayloadTooLarge: It is a JSON object of more than a MiB.
    """
    if "multipart/form-data" not in content_type:
        fields = parse_object(body)
        url = fields.pop("url", None)
        return fields, Audio(url=url) if isinstance(url, str) and url else None
    fields, found = dict[str, object](), list[Audio]()
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise InvalidRequest("The form cannot be read")
    for one in message.iter_parts():
        part = cast("EmailMessage", one)
        name = str(part.get_param("name", "", header="content-disposition"))
        content = part.get_payload(decode=True)
        content = content if isinstance(content, bytes) else b""
        if name in FILE_FIELDS:
            found.append(
                Audio(
                    field=name,
                    filename=part.get_filename() or "",
                    bytes_count=len(content),
                    sha256=hashlib.sha256(content).hexdigest(),
                )
            )
        elif name == "url":
            found.append(Audio(url=content.decode("utf-8", "replace")))
        else:
            text = content.decode("utf-8", "replace")
            known = fields.get(name)
            several = [*known, text] if isinstance(known, list) else [known, text]
            fields[name] = text if known is None else several
    return fields, found[0] if len(found) == 1 else None

#!/usr/bin/env python3
"""Verify a proof that `stenolog prove` wrote, without Stenolog and without a network.

Needs Python 3.11 and `cryptography`. Says `valid` and exits 0, or says what is wrong and exits 1.
The file's members, and which bytes are hashed, are in docs/FORMAT.md.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import json
import re
import sys
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Json = dict[str, Any]

FORMAT = "stenolog-proof-1"
BYTES_MAX = 1 << 30
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ORIGIN = re.compile(rf"stenolog/({UUID})/[0-9]{{1,9}}(?:-{UUID})?")
STREAM = re.compile(r"[a-z][a-z-]{0,31}-[0-9a-f-]{1,64}")
WORD = re.compile(r"[a-z_]{1,40}\.[a-z_]{1,40}")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
NUMBER = re.compile(r"0|[1-9][0-9]{0,15}")
WITHHELD = {"not-asked", "secret", "redacted", "erased", "lost", "damaged", "too-large"}
NOT_SHOWN = """\
What this does not show:
- that the key is that of the log's operator: compare it with one that you got another way
- that the operator shows this log to everyone: compare the tree head with those that others keep
- what came after event {events}, which is how far the seal reaches
- that times are right, or a transcript is what was said: they are what was recorded
- what a payload says that is not in the file; its commitment tells whether one shown later is it"""


class Refused(Exception):
    """The file does not prove what it says; the message is why."""


def verify(raw: bytes, key: str | None = None) -> tuple[str, list[bytes | None]]:
    """Return what the proof shows, for people, and each event's payload where it is in the file.

    `key` is the log's verifier key; without it, the one in the file is believed.

    Raises:
        Refused: Something is not right, and what.
    """
    try:
        return _verified(raw, key)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError) as exc:
        raise Refused(f"this is not a whole proof ({type(exc).__name__})") from exc


def _verified(raw: bytes, key: str | None) -> tuple[str, list[bytes | None]]:
    proof = _object(raw.decode())
    members = {"format", "stream", "verifier_key", "checkpoint", "seal", "end", "events"}
    if proof.get("format") != FORMAT or set(proof) != members:
        raise Refused(f"this is not a proof of the format {FORMAT}")
    stream, events = proof["stream"], proof["events"]
    if not STREAM.fullmatch(stream) or not isinstance(events, list) or not events:
        raise Refused("the proof names no stream, or has no events")
    used = (key or proof["verifier_key"]).strip()
    origin, size, root = _checkpoint(proof["checkpoint"], used)
    found: list[Json] = []
    lines, payloads = [], []
    for place, one in enumerate(events, start=1):
        event = _event(one, f"event {place}")
        _follows(event, stream, place, found[-1]["position"] if found else 0)
        _included(one, event, f"event {place}", size, root)
        payload, said = _payload(one, event, place)
        payloads.append(payload)
        lines.append(f"  {event['position']:>9}  {event['time']}  {event['type']:<28} {said}")
        found.append(event)
    seal = _event(proof["seal"], "the seal")
    _included(proof["seal"], seal, "the seal", size, root)
    reach = _sealed(seal, origin, found, proof["end"])
    told = [
        f"valid: {stream}, {len(found)} events: all that there were among the first {reach}",
        f"tree head: {origin}, {size} events, root {root.hex()}",
        f"key: {used}" + ("" if key else "  (from the file itself: ask the operator for it)"),
        *lines,
        NOT_SHOWN.format(events=reach),
    ]
    return "\n".join(told), payloads


def _checkpoint(note: str, key: str) -> tuple[str, int, bytes]:
    """Return origin, size and root of a signed checkpoint (C2SP tlog-checkpoint, signed-note)."""
    name, key_id, encoded = key.split("+", 2)
    typed = base64.b64decode(encoded, validate=True)
    named = hashlib.sha256(name.encode() + b"\n" + typed).hexdigest()
    if len(typed) != 33 or typed[0] != 1 or named[:8] != key_id:
        raise Refused("the verifier key is damaged")
    text, _, signatures = note.partition("\n\n")
    text += "\n"
    origin, written, encoded_root, *more = text.split("\n")
    if more != [""] or origin != name:
        raise Refused("the tree head is another log's than the key")
    mine = [line for line in signatures.split("\n") if line.startswith(f"\u2014 {name} ")]
    signed = [base64.b64decode(line.split(" ")[2], validate=True) for line in mine]
    raw = next((one for one in signed if one[:4].hex() == key_id), b"")
    if not raw:
        raise Refused("the tree head is not signed with the key")
    try:
        Ed25519PublicKey.from_public_bytes(typed[1:]).verify(raw[4:], text.encode())
    except InvalidSignature as exc:
        raise Refused("the signature of the tree head is wrong") from exc
    root = base64.b64decode(encoded_root, validate=True)
    if not ORIGIN.fullmatch(origin) or not NUMBER.fullmatch(written) or len(root) != 32:
        raise Refused("the tree head is not one of Stenolog")
    return origin, int(written), root


def _event(one: Json, what: str) -> Json:
    event = _object(one["event"])
    numbers = [event[name] for name in ("position", "version", "previous")]
    if any(type(number) is not int for number in numbers):
        raise Refused(f"{what} has no place in a log")
    if not TIME.fullmatch(event["time"]) or not WORD.fullmatch(event["type"]):
        raise Refused(f"{what} is no event")
    return event


def _included(one: Json, event: Json, what: str, size: int, root: bytes) -> None:
    if _root(event["position"] - 1, size, one["event"].encode(), one["path"]) != root:
        raise Refused(
            f"{what} (position {event['position']}, {event['type']}) is not in the log as it is "
            "here: it, or its path, was changed, or it is from elsewhere"
        )


def _follows(event: Json, stream: str, place: int, before: int) -> None:
    if event["stream"] != stream:
        raise Refused(f"event {place} is of another stream: {event['stream']!a}")
    if event["version"] > place:
        raise Refused(f"event {place} is missing: the next one here is {event['version']}")
    if event["version"] < place:
        raise Refused(f"event {event['version']} stands in the place of {place}: out of order")
    if event["previous"] != before or event["position"] <= before:
        raise Refused(f"event {place} does not follow the one before it")


def _payload(one: Json, event: Json, place: int) -> tuple[bytes | None, str]:
    """Return the payload of an event, and in a few words what is known of it."""
    commitment, extra = event["commitment"], set(one) - {"event", "path"}
    if commitment is None:
        if extra:
            raise Refused(f"event {place} commits to no payload, and one is here")
        return None, ""
    if extra == {"withheld"} and one["withheld"] in WITHHELD:
        return None, f"payload not shown: {one['withheld']}"
    if extra != {"payload", "salt"}:
        raise Refused(f"event {place} commits to a payload, of which the file says nothing")
    payload = base64.b64decode(one["payload"], validate=True)
    salt = base64.b64decode(one["salt"], validate=True)
    if not hmac.compare_digest(hmac.new(salt, payload, "sha256").hexdigest(), commitment):
        raise Refused(f"the payload of event {place} is not the one that it commits to")
    return payload, f"payload of {len(payload)} bytes, as committed"


def _sealed(seal: Json, origin: str, found: list[Json], path: list[str]) -> int:
    """Check that the seal knows the last event as the stream's end; return how far it reaches."""
    log, data = origin.split("/")[1], seal["data"]
    if seal["type"] != "log.sealed" or seal["stream"] != f"log-{log}":
        raise Refused("the seal is another event")
    reach, first, last = data["events"], found[0], found[-1]
    if type(reach) is not int or not 1 <= reach < seal["position"]:
        raise Refused("the seal is over events that come after it")
    if last["position"] > reach:
        raise Refused(f"event {len(found)} is not covered by the seal, which is over {reach}")
    entry = {name: last[name] for name in ("position", "stream", "version")}
    stored = json.dumps(entry, sort_keys=True, separators=(",", ":")).encode()
    if _root(first["position"] - 1, reach, stored, path) != bytes.fromhex(data["root"]):
        raise Refused(
            f"the stream does not end with event {len(found)}: events are missing at the end, or "
            "the path to the seal was changed"
        )
    return reach


def _root(index: int, size: int, entry: bytes, path: list[str]) -> bytes | None:
    """Return the root that an audit path leads to (RFC 9162, 2.1.3.2); None: nowhere."""
    node, last = hashlib.sha256(b"\x00" + entry).digest(), size - 1
    if not 0 <= index <= last:
        return None
    for encoded in path:
        sibling = base64.b64decode(encoded, validate=True)
        if len(sibling) != 32 or not last:
            return None
        if index & 1 or index == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while not index & 1 and index:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        index, last = index >> 1, last >> 1
    return None if last else node


def _object(text: str) -> Json:
    """Return a JSON object; a name that stands twice, or a number that is none, is refused."""

    def once(pairs: list[tuple[str, Any]]) -> Json:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a name stands twice")
        return dict(pairs)

    # `bool` of a number that is none leaves no number: whatever looks at it refuses it.
    found = json.loads(text, object_pairs_hook=once, parse_constant=bool, parse_float=bool)
    return {**found}


def main() -> int:
    """Judge the file that the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("proof", type=Path)
    parser.add_argument("--key", help="the log's verifier key, or a file that has it")
    parser.add_argument("--payload", type=int, metavar="N", help="write that of event N instead")
    given = parser.parse_args()
    try:
        key = given.key
        if key and "+" not in key:
            key = Path(key).read_text(encoding="ascii")
        if given.proof.stat().st_size > BYTES_MAX:
            raise Refused("the file is over 1 GiB")
        told, payloads = verify(given.proof.read_bytes(), key)
    except (OSError, ValueError, Refused) as exc:
        print(f"NOT VALID: {exc}", file=sys.stderr)
        return 1
    if given.payload is None:
        print(told)
        return 0
    chosen = payloads[given.payload - 1] if 1 <= given.payload <= len(payloads) else None
    sys.stdout.buffer.write(chosen or b"")
    return 0 if chosen is not None else 1


if __name__ == "__main__":
    sys.exit(main())

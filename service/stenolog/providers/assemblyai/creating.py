"""Write the body of a create: the customer's parameters, our callback, models from a setting."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from stenolog.providers.port import CallbackTarget

# What is ours to say, or what the service refuses.
NOT_PASSED_ON = frozenset(
    {"webhook_url", "webhook_auth_header_name", "webhook_auth_header_value", "speech_model"}
)


def adds_models(params: Mapping[str, Any], models: Sequence[str]) -> bool:
    """Tell whether models are set, and the customer names none."""
    return bool(models) and "speech_models" not in params


def written_create(
    params: Mapping[str, Any], audio_url: str, callback: CallbackTarget, models: Sequence[str]
) -> bytes:
    """Return the body as JSON; `models` are asked for where the customer names none."""
    body = {name: value for name, value in params.items() if name not in NOT_PASSED_ON}
    if adds_models(params, models):
        body["speech_models"] = list(models)
    body["audio_url"] = audio_url
    body["webhook_url"] = callback.url
    body["webhook_auth_header_name"] = callback.header_name
    body["webhook_auth_header_value"] = callback.header_value
    return json.dumps(body, ensure_ascii=False).encode()

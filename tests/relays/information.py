"""What the scripted relay says of itself over HTTP (NIP-11)."""

from __future__ import annotations

import orjson


def answer_http(
    headers: dict[str, str], message_bytes_max: int, auth_required: bool, limit: int | None
) -> tuple[int, str, bytes]:
    """Status, content type and body. The limits are announced if `limit` is one; other requests are told to upgrade."""
    if "application/nostr+json" not in headers.get("accept", ""):
        return 426, "text/plain", b"this is a Nostr relay: connect with a WebSocket\n"
    limitation: dict[str, object] = {"max_message_length": message_bytes_max, "auth_required": auth_required}
    if limit is not None:
        limitation |= {"max_limit": limit, "default_limit": limit}
    document = {"name": "scripted", "supported_nips": [1, 9, 11, 40, 42, 45, 70], "limitation": limitation}
    return 200, "application/nostr+json", orjson.dumps(document)

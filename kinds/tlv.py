"""Type-length-value lists, the inside of NIP-19's longer texts: one byte type, one byte length, the value."""

Items = list[tuple[int, bytes]]


def encode(*items: tuple[int, bytes]) -> bytes:
    """The items in their order; ValueError if a value is longer than 255 bytes."""
    if any(len(payload) > 255 for _, payload in items):
        raise ValueError("a part of a NIP-19 text holds at most 255 bytes")
    return b"".join(bytes((type_, len(payload))) + payload for type_, payload in items)


def decode(data: bytes) -> Items:
    """The items of a list; ValueError if the last one is cut short."""
    items, at = [], 0
    while at < len(data):
        length = data[at + 1] if at + 1 < len(data) else len(data)
        end = at + 2 + length
        if end > len(data):
            raise ValueError("a part of the text is cut short")
        items.append((data[at], data[at + 2 : end]))
        at = end
    return items


def first(items: Items, type_: int) -> bytes | None:
    """The value of the first item of a type, or None. NIP-19: unknown types are ignored."""
    return next((payload for found, payload in items if found == type_), None)

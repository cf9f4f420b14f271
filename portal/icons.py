"""The club's sign as a picture in its colour, for a phone's first screen.

The pictures in `static/portal/` have a palette: from the ground to the sign in sixteen
steps, then the ground in sixteen steps of transparency. Only the palette is written
anew for a club, so nothing needs to be drawn here.
"""

import struct
import zlib
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from common.ui import brand

SIZES = (192, 512)
_STEPS = 16
_SIGNATURE = 8


@lru_cache(maxsize=64)
def png(shape: str, size: int, color: str) -> bytes:
    """Return the sign as a PNG; the shape is `any` or `maskable`."""
    path = Path(settings.BASE_DIR) / "static" / "portal" / f"icon-{shape}-{size}.png"
    data = path.read_bytes()
    parts, at = [data[:_SIGNATURE]], _SIGNATURE
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        parts.append(_chunk(kind, _palette(color) if kind == b"PLTE" else body))
        at += length + 12
    return b"".join(parts)


def _palette(color: str) -> bytes:
    ground = brand.read(color)
    sign = brand.text_on(ground)
    entries = []
    for step in range(_STEPS):
        share = step / (_STEPS - 1)
        entries += [
            round(255 * (low + (high - low) * share))
            for low, high in zip(ground, sign, strict=True)
        ]
    entries += [round(255 * part) for part in ground] * _STEPS
    return bytes(entries)


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

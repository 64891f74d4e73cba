"""A screenshot made small: it ends below a whole line, and its colours are kept in a palette.

Reads what Chromium writes (8 bits a channel, no interlacing) and needs nothing but the standard
library.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256


def small(data: bytes, margin: int = 0) -> bytes:
    """Return the picture with a palette, ended `margin` rows below its last whole line."""
    width, channels, rows = _rows(data)
    pixels = [[row[at : at + 3] for at in range(0, len(row), channels)] for row in rows]
    while len(pixels) > 1 and len(set(pixels[-1])) > 1:  # a line of text that was cut through
        pixels.pop()
    while len(pixels) > 1 and pixels[-1] == pixels[-2]:
        pixels.pop()
    pixels += [pixels[-1]] * margin
    return _written(width, pixels)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(data):
        (length,) = struct.unpack(">I", data[at : at + 4])
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length


def _rows(data: bytes) -> tuple[int, int, list[bytes]]:
    """Return width, channels a pixel, and the rows unfiltered."""
    chunks = list(_chunks(data))
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    if (depth, interlaced) != (8, 0) or kind not in (2, 6):
        raise ValueError("not a picture as Chromium writes them")
    channels = 3 if kind == 2 else 4
    raw = zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT"))
    stride = width * channels
    rows: list[bytes] = []
    above = bytes(stride)
    for number in range(height):
        at = number * (stride + 1)
        above = _unfiltered(raw[at], raw[at + 1 : at + 1 + stride], above, channels)
        rows.append(above)
    return width, channels, rows


def _unfiltered(kind: int, line: bytes, above: bytes, step: int) -> bytes:
    if kind == 0:
        return line
    if kind == 2:
        return bytes((a + b) & 255 for a, b in zip(line, above, strict=True))
    row = bytearray(line)
    for at, value in enumerate(line):
        left = row[at - step] if at >= step else 0
        corner = above[at - step] if at >= step else 0
        row[at] = (value + _guess(kind, left, above[at], corner)) & 255
    return bytes(row)


def _guess(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 1:
        return left
    if kind == 3:
        return (left + up) // 2
    sides = (left, up, corner)
    return min(sides, key=lambda side: (abs(left + up - corner - side), sides.index(side)))


def _written(width: int, pixels: list[list[bytes]]) -> bytes:
    counts: dict[bytes, int] = {}
    for row in pixels:
        for pixel in row:
            counts[pixel] = counts.get(pixel, 0) + 1
    palette = sorted(counts, key=lambda pixel: -counts[pixel])[:_COLOURS]
    places = {pixel: place for place, pixel in enumerate(palette)}
    for pixel in counts.keys() - places.keys():
        places[pixel] = _nearest(pixel, palette)
    body = b"".join(b"\0" + bytes(places[pixel] for pixel in row) for row in pixels)
    head = struct.pack(">IIBBBBB", width, len(pixels), 8, 3, 0, 0, 0)
    parts = {
        b"IHDR": head,
        b"PLTE": b"".join(palette),
        b"IDAT": zlib.compress(body, 9),
        b"IEND": b"",
    }
    return _SIGNATURE + b"".join(_chunk(name, part) for name, part in parts.items())


def _nearest(pixel: bytes, palette: list[bytes]) -> int:
    def distance(place: int) -> int:
        return sum((a - b) ** 2 for a, b in zip(pixel, palette[place], strict=True))

    return min(range(len(palette)), key=distance)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

"""Content encodings, decoded under a cap; whatever is cut short or mislabelled is found here.

A compressed stream without its end is an error: read blindly, a gzip body cut in the middle looks
like a shorter feed. It never allocates much more than the cap.
"""

from __future__ import annotations

import io
import re
import zlib

import brotli
from backports import zstd

from alerts.netguard.neterror import NetError

_GZIP = b"\x1f\x8b"
_STEP = 262_144  # bytes decoded at a time: small beside the cap, large beside a call's cost
_MOST_LAYERS = 2
_PLAIN = re.compile(rb"(?:\xef\xbb\xbf)*\s*[<{]")


def decode(wire: bytes, content_encoding: str, max_bytes: int) -> bytes:
    """Return the decoded body; NetError too_big, truncated or encoding.

    gzip is recognised by its magic number in both directions: labelled but plain, and plain by
    label but gzip.
    """
    names = [name.strip().lower() for name in content_encoding.split(",")]
    layers = [name for name in names if name not in ("", "identity", "none", "utf-8")]
    if len(layers) > _MOST_LAYERS:
        raise NetError("encoding", "The answer is packed too many times over.", was_sent=True)
    body = wire
    for name in reversed(layers):
        body = _unpacked(body, name, max_bytes)
    if body.startswith(_GZIP):
        body = _gunzipped(body, max_bytes)
    return body


def _unpacked(body: bytes, name: str, max_bytes: int) -> bytes:
    if not body or _PLAIN.match(body):
        return body  # none of the packed forms begins like a document
    match name:
        case "gzip" | "x-gzip":
            return _gunzipped(body, max_bytes) if body.startswith(_GZIP) else body
        case "deflate":
            return _inflated(body, max_bytes)
        case "br":
            return _unbrotlied(body, max_bytes)
        case "zstd":
            return _unzstded(body, max_bytes)
    raise NetError("encoding", f"The answer is packed as {name[:40]!r}, which was not asked for.")


class _Sink:
    """Collects decoded pieces up to a cap."""

    def __init__(self, max_bytes: int) -> None:
        self._pieces = io.BytesIO()  # gives what it holds without a copy
        self._left = max_bytes
        self._max_bytes = max_bytes

    def add(self, piece: bytes) -> None:
        self._left -= len(piece)
        if self._left < 0:
            raise too_big(self._max_bytes)
        self._pieces.write(piece)

    def body(self) -> bytes:
        return self._pieces.getvalue()


def too_big(max_bytes: int) -> NetError:
    """Return the error of an answer of more than `max_bytes`."""
    megabytes = max_bytes / 1_000_000
    return NetError(
        "too_big",
        f"The answer is bigger than {megabytes:.3g} MB.",
        hint="Look for a feed with fewer articles in it.",
        was_sent=True,
    )


def _truncated() -> NetError:
    return NetError("truncated", "The answer was cut off before its end.", was_sent=True)


def _broken(name: str) -> NetError:
    return NetError("encoding", f"The answer is not the {name} it says it is.", was_sent=True)


def _inflate_member(body: bytes, wbits: int, sink: _Sink) -> bytes:
    """Decode one zlib, gzip or raw member into `sink` and return what follows it."""
    unpacker = zlib.decompressobj(wbits)
    data = body
    while not unpacker.eof:
        piece = unpacker.decompress(data, _STEP)
        sink.add(piece)
        data = unpacker.unconsumed_tail
        if not data and not piece and not unpacker.eof:
            raise _truncated()
    return unpacker.unused_data


def _gunzipped(body: bytes, max_bytes: int) -> bytes:
    sink = _Sink(max_bytes)
    rest = body
    try:
        while rest.startswith(_GZIP):  # RFC 1952 2.2: members follow one another; zeros may pad
            rest = _inflate_member(rest, 31, sink)
    except zlib.error:
        raise _broken("gzip") from None
    return sink.body()


def _inflated(body: bytes, max_bytes: int) -> bytes:
    for wbits in (zlib.MAX_WBITS, -zlib.MAX_WBITS):  # RFC 9110 8.4.1.2: some send it raw
        sink = _Sink(max_bytes)
        try:
            _inflate_member(body, wbits, sink)
        except zlib.error:
            continue
        return sink.body()
    raise _broken("deflate")


def _unbrotlied(body: bytes, max_bytes: int) -> bytes:
    unpacker = brotli.Decompressor()
    sink = _Sink(max_bytes)
    data = body
    try:
        while not unpacker.is_finished():
            piece = unpacker.process(data, output_buffer_limit=_STEP)
            sink.add(piece)
            data = b""
            if not piece and unpacker.can_accept_more_data() and not unpacker.is_finished():
                raise _truncated()
    except brotli.error:
        raise _broken("br") from None
    return sink.body()


def _unzstd_frame(body: bytes, frame: zstd.ZstdDecompressor, sink: _Sink) -> bytes:
    data = body
    while not frame.eof:
        piece = frame.decompress(data, _STEP)
        sink.add(piece)
        data = b""
        if not piece and not frame.eof:
            raise _truncated()
    return frame.unused_data


def _unzstded(body: bytes, max_bytes: int) -> bytes:
    sink = _Sink(max_bytes)
    rest = body
    try:
        while rest:  # RFC 8878 3.1: frames follow one another
            rest = _unzstd_frame(rest, zstd.ZstdDecompressor(), sink)
    except zstd.ZstdError:
        raise _broken("zstd") from None
    return sink.body()

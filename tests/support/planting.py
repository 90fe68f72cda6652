"""Ways in which a leak may lie somewhere: each packs all words of an identity."""

import base64
import gzip
import json
import pickle
import zlib
from collections.abc import Callable, Mapping
from urllib.parse import quote

from tests.support.canaries import SCRIPTS, Identity, codec_of


def _words(identity: Identity) -> list[str]:
    return [f"<{word}>" for word in (identity.word, *identity.scripts.values())]


def _text(identity: Identity) -> str:
    return "".join(_words(identity))


def _original(identity: Identity) -> bytes:
    """Return each word in the character set that it is sent in."""
    scripts = (word.encode(codec_of(SCRIPTS[kind][0])) for kind, word in identity.scripts.items())
    return b"|".join((identity.word.encode(), *scripts))


ENCODINGS: Mapping[str, Callable[[Identity], bytes]] = {
    "plain": lambda identity: _text(identity).encode(),
    "upper": lambda identity: _text(identity).upper().encode(),
    "original": _original,
    "utf-16": lambda identity: _text(identity).encode("utf-16-le"),
    "utf-16-be": lambda identity: _text(identity).encode("utf-16-be"),
    "base64-0": lambda identity: base64.b64encode(_text(identity).encode()),
    "base64-1": lambda identity: base64.b64encode(b"1" + _text(identity).encode()),
    "base64-2": lambda identity: base64.urlsafe_b64encode(b"12" + _text(identity).encode()),
    "base64-utf-16": lambda identity: base64.b64encode(_text(identity).encode("utf-16-le")),
    "hex": lambda identity: _text(identity).encode().hex().encode(),
    "percent": lambda identity: quote(_text(identity)).encode(),
    "json": lambda identity: json.dumps(_words(identity)).encode(),
    "repr": lambda identity: repr(_text(identity).encode()).encode(),
    "pickle": lambda identity: pickle.dumps({"words": _words(identity)}),
    "pickle-0": lambda identity: pickle.dumps(_words(identity), protocol=0),
    "zlib": lambda identity: b"before" + zlib.compress(_text(identity).encode()) + b"after",
    "gzip": lambda identity: b"\0" + gzip.compress(_text(identity).encode()),
    "broken-zlib": lambda identity: zlib.compress(_text(identity).encode() + bytes(99))[:-6],
    "base64-zlib": lambda identity: base64.b64encode(zlib.compress(_text(identity).encode())),
    "zlib-pickle": lambda identity: zlib.compress(pickle.dumps(_words(identity))),
}
"""By name."""

"""Links as values: a comparison key, what may be shown to a reader, and a host's name.

Pure text work: it asks nobody and follows nothing. What readers get is the feed's own link; the
canonical form is only ever compared.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import SplitResult, quote, urlsplit

import idna

MAX_SHOWN_CHARS = 2_000
_MAX_COMPARED_CHARS = 8_192  # longer ones are compared as they stand: folding them costs too much

#: Parameters that say how a reader came, never what the article is.
_TRACKING = re.compile(
    r"""(?ix) (?: utm | mtm | hsa | piwik | matomo ) _ [\w.-]+ | itm_(?:source|medium|campaign)
    | pk_(?:campaign|kwd|keyword|source|medium|content|cid)
    | at_(?:medium|campaign|custom\d|format|link_\w+|ptr_\w+|bbc_\w+)
    | fbclid | gclid | dclid | msclkid | yclid | twclid | ttclid | gbraid | wbraid | gclsrc
    | li_fat_id | vero_id | gad_source | igsh(?:id)? | mc_[ce]id | _hs(?:enc|mi)
    | oly_(?:enc|anon)_id | mkt_tok | s_cid | xtor | wt_z?mc | wtrid | _g[al]
    | __twitter_impression | sr_share | guccounter | guce_referrer(?:_sig|_us|_cs)? | trkcampaign
    | fb_(?:action|ref|source)[\w.-]* | jsessionid | phpsessid | amp"""
)
#: Tracking unless they carry a number, which may be what names the article.
_WORDY = frozenset(
    {"cmp", "cmpid", "emc", "icid", "ncid", "rssid", "smid", "smtyp", "spref", "sref"}
)
#: Tracking only with one of these values: `ref=rss` is, `ref=the-raid` may not be.
_MAYBE_TRACKING = frozenset({"ref", "source", "src", "via", "from", "partner", "feed", "medium"})
_CHANNELS = frozenset(
    {"rss", "rss2", "feed", "feeds", "atom", "twitter", "facebook", "social", "newsletter"}
    | {"email", "mail", "hp", "homepage", "googlenews", "bluesky", "mastodon", "whatsapp", "share"}
)
_AMP_OUTPUT = frozenset({("outputtype", "amp"), ("outputtype", "valid_amp"), ("output", "amp")})
_SESSION_IN_PATH = re.compile(r"(?i);(?:jsessionid|phpsessid)=[^/;]*")
_AMP_HOSTS = re.compile(r"(?:www\.|amp\.)+(?=[^.]+\.)")
_AMP_PATH = re.compile(r"^(?:/amp)+(?=/[^/])|(?<=[^/])(?:/amp)+/*$|(?:\.amp)+(?=\.html?$)|/+$")
_AMP_CACHE = re.compile(r"/(?:amp|[cvi])/(?:s/)?([^/]+\.[^/]+/.+)")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})?")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PLAIN_TEXT = re.compile(r"[!$&'()*+,\-./0-9:;=?@A-Z_a-z~]*")  # nothing to escape or unescape
_KEPT = "%!$&'()*+,;=:@/?~-._#[]"
_C0_AND_SPACE = "".join(map(chr, range(33)))
_BREAKS = re.compile(r"[\t\r\n]")
_HOST = re.compile(r"[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?|[0-9a-f:.]*:[0-9a-f:.]*")


def canonical(url: str) -> str:
    """Return the key under which two addresses of one article are equal.

    Folds scheme, www., AMP forms, default port, trailing slash, fragment, percent-encoding, order
    of parameters and tracking parameters; every other parameter stays. Text that is no web address
    is returned trimmed. Never raises; canonical(canonical(x)) == canonical(x).
    """
    text = _BREAKS.sub("", url.strip(_C0_AND_SPACE))
    if len(text) > _MAX_COMPARED_CHARS:
        return text
    while True:
        parts = _web(text)
        if parts is None:
            return text
        folded = _folded(parts)
        if folded == text:
            return folded
        text = folded


def _web(text: str) -> SplitResult | None:
    """Return the parts of a web address with a host and a sensible port, else None."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.hostname else None


def _folded(parts: SplitResult) -> str:
    name = _ascii_host(parts.hostname or "").rstrip(".")
    if name.endswith(".cdn.ampproject.org") or name in ("www.google.com", "google.com"):
        cached = _AMP_CACHE.fullmatch(parts.path)
        if cached:
            query = f"?{parts.query}" if parts.query else ""
            return f"https://{cached[1]}{query}"
    name = _AMP_HOSTS.sub("", name, count=1) if _AMP_HOSTS.match(name) else name
    name = f"[{name}]" if ":" in name else name
    port = "" if parts.port in (None, 80, 443) else f":{parts.port}"
    path = _AMP_PATH.sub("", _without_dots(_escaped(_SESSION_IN_PATH.sub("", parts.path))))
    query = _identifying(parts.query)
    # Pages of one script keep their place after "#!" or "#/"; all other fragments are positions.
    route = f"#{_escaped(parts.fragment)}" if parts.fragment[:1] in ("!", "/") else ""
    return f"https://{name}{port}{path}{'?' if query else ''}{query}{route}"


def _escaped(text: str) -> str:
    """Return `text` with one spelling of each character: RFC 3986 6.2.2, nothing reserved moved."""
    if _PLAIN_TEXT.fullmatch(text):
        return text

    def one(found: re.Match[str]) -> str:
        if found[1] is None:
            return "%25"
        byte = int(found[1], 16)
        return chr(byte) if byte in _UNRESERVED else found[0].upper()

    return quote(_ESCAPE.sub(one, text), safe=_KEPT, errors="surrogatepass")


def _without_dots(path: str) -> str:
    if "/." not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept)


def _identifying(query: str) -> str:
    """Return the parameters that may name the article, sorted by name."""
    if not query:
        return ""
    # "&amp;" escaped once too often leaves its tail before the name.
    parts = (pair.removeprefix("amp;") for pair in query.split("&"))
    pairs = [pair for pair in parts if pair and not _is_tracking(pair)]
    pairs.sort(key=lambda pair: pair.partition("=")[0])
    return "&".join(_escaped(pair) for pair in pairs)


def _is_tracking(pair: str) -> bool:
    name, _, value = pair.partition("=")
    name = _escaped(name).lower()
    if _TRACKING.fullmatch(name):
        return True
    value = value.lower()
    if (name, value) in _AMP_OUTPUT:
        return True
    if name in _WORDY:
        return not value.isdecimal()
    return name in _MAYBE_TRACKING and value in _CHANNELS


def _ascii_host(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return host.lower()


def safe_link(url: str | None) -> str | None:
    """Return the link as it may stand before a reader, or None if it must not.

    http and https only, with a host, without userinfo, control characters or spaces, at most 2,000
    characters. An international host name stays readable unless a label mixes scripts.
    """
    if not url or len(url) > MAX_SHOWN_CHARS:
        return None
    if any(c.isspace() or unicodedata.category(c) in ("Cc", "Cs") for c in url):
        return None
    parts = _web(url)
    if parts is None or "@" in parts.netloc:
        return None
    name = _shown_host(parts.hostname or "")
    if name is None:
        return None
    name = f"[{name}]" if ":" in name else name
    port = f":{parts.port}" if parts.port is not None else ""
    rest = url[url.index("//") + 2 + len(parts.netloc) :]
    shown = f"{parts.scheme}://{name}{port}{_without_markup(rest)}"
    return shown if len(shown) <= MAX_SHOWN_CHARS else None


def _without_markup(rest: str) -> str:
    """Escape what could end an attribute or hide: quotes, angle brackets, all that is not ASCII."""
    return quote(rest, safe=_KEPT)


def _shown_host(host: str) -> str | None:
    ascii_name = _ascii_host(host)
    if not _HOST.fullmatch(ascii_name):
        return None
    try:
        name = idna.decode(ascii_name) if "xn--" in ascii_name else ascii_name
    except (idna.IDNAError, UnicodeError):
        return ascii_name
    return ascii_name if any(_mixes_scripts(label) for label in name.split(".")) else name


_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "BOPOMOFO", "HANGUL"})


def _mixes_scripts(label: str) -> bool:
    scripts = {unicodedata.name(c, "?").partition(" ")[0] for c in label if c.isalpha()}
    return len(scripts) > 1 and not scripts <= _EAST_ASIAN


def host(url: str | None) -> str:
    """Return the host of a web address for readers, without www. and port; "" if there is none."""
    parts = _web(url.strip()) if url else None
    if parts is None:
        return ""
    return (_shown_host(parts.hostname or "") or "").removeprefix("www.").rstrip(".")

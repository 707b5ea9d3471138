"""URLs as nobody means them, made of parts that parsers disagree about."""

from __future__ import annotations

import random
from collections.abc import Iterator

SCHEMES = (
    ["http://"] * 12 + ["https://"] * 6 + ["HTTP://", "http:/", "http:", "ftp://", "//", "/", ""]
)
HOSTS = [
    *("xn--", "xn--a", "xn--a.x", "x.xn--a", "XN--A.x", "xn--zzzzzzzzzzzzzzzz", "xn--99999999999"),
    *("xn--n3h.net", "xn--bcher-kva.de", "xn---", "xn--\u00fc", "\u2603.net", "b\u00fccher.de"),
    *(
        "a",
        "a.",
        ".a",
        "a..b",
        ".",
        "..",
        "-a-.b_c",
        "a" * 63,
        "a" * 64,
        "a." * 126 + "a",
        "a." * 127,
    ),
    *("\u00fc" * 60, "\u00fc" * 300, "\u00df.de", "a\u3002b", "\uff41.b", "a\u2100b", "\u202e.x"),
    *(
        "\u0130.x",
        "\u200d.x",
        "\ud800",
        "a\udfff.b",
        "\U0001f4a9.la",
        "%61",
        "a%00b",
        "a b",
        "a\\b",
    ),
    *("a\x00b", "a\tb", "a\r\nb", "a\x7fb", "\x01", "", "1.2.3.4", "300.1.1.1", "01.02.03.04"),
    *("2130706433", "0x7f.1", "127.1", "1.2.3.4.5", "[::1]", "[::1%25eth0]", "[::ffff:127.0.0.1]"),
    *("[v1.a]", "[]", "[", "]", "[::1", "::1", "[::1]x", "[fe80::1%\u00fc]", "[1.2.3.4]", "a[b]c"),
]
PORTS = ["", "", "", "", ":", ":0", ":1", ":80", ":00080", ":65535", ":65536", ":" + "9" * 500]
PORTS += [":-1", ":a", ":\uff11", ": 80", ":80:80", ":8\u0660"]
USERS = [""] * 9 + ["u@", "u:p@", ":@", "@", "%40@", "\u00fc:\ud800@"]
PATHS = ["", "", "/", "/a?b#c", "?", "#", "/\ud800", "/\u00fc", "/%", "/%zz", "/a b", "/\r\nX: y"]
PATHS += ["/\x00", "\\a", "/" + "../" * 9, "/" + "x" * 17_000, "/" + "x" * 70_000, "/\u2028", ";a"]
CHARACTERS = "ax-.:/?#[]@%0\\ \t\r\n\x00\x7f\u00e9\u00df\u3002\u202e\ud800\U0001f4a9"


def odd_urls(count: int, seed: int = 1) -> Iterator[str]:
    """As many URLs, always the same ones."""
    chance = random.Random(seed)
    for _ in range(count):
        parts = [chance.choice(choices) for choices in (SCHEMES, USERS, HOSTS, PORTS, PATHS)]
        url = "".join(parts)
        for _ in range(chance.choice((0, 0, 1, 3))):
            place = chance.randrange(len(url) + 1)
            url = url[:place] + chance.choice(CHARACTERS) + url[place + chance.randrange(2) :]
        yield url

"""Name languages as OpenAI's `verbose_json` does: in English, in small letters."""

from __future__ import annotations

# ISO 639's codes and English names of the languages that OpenAI's guide to speech lists.
_PAIRS = """
    af afrikaans, am amharic, ar arabic, as assamese, az azerbaijani, ba bashkir, be belarusian,
    bg bulgarian, bn bengali, bo tibetan, br breton, bs bosnian, ca catalan, cs czech, cy welsh,
    da danish, de german, el greek, en english, es spanish, et estonian, eu basque, fa persian,
    fi finnish, fo faroese, fr french, gl galician, gu gujarati, ha hausa, haw hawaiian,
    he hebrew, hi hindi, hr croatian, hu hungarian, hy armenian, id indonesian, is icelandic,
    it italian, ja japanese, jv javanese, ka georgian, kk kazakh, km khmer, kn kannada,
    ko korean, la latin, lb luxembourgish, ln lingala, lo lao, lt lithuanian, lv latvian,
    mg malagasy, mi maori, mk macedonian, ml malayalam, mn mongolian, mr marathi, ms malay,
    mt maltese, my burmese, ne nepali, nl dutch, nn nynorsk, no norwegian, oc occitan,
    pa punjabi, pl polish, ps pashto, pt portuguese, ro romanian, ru russian, sa sanskrit,
    sd sindhi, si sinhala, sk slovak, sl slovenian, sn shona, so somali, sq albanian, sr serbian,
    su sundanese, sv swedish, sw swahili, ta tamil, te telugu, tg tajik, th thai, tk turkmen,
    tl tagalog, tr turkish, tt tatar, uk ukrainian, ur urdu, uz uzbek, vi vietnamese, yi yiddish,
    yo yoruba, yue cantonese, zh chinese
"""
NAMES = dict(pair.split() for pair in _PAIRS.split(","))


def primary(code: str | None) -> str | None:
    """Return the language of a code alone, as `en` of `en_us`; None without a code."""
    return code.replace("-", "_").partition("_")[0].lower() if code else None


def named(code: str | None) -> str:
    """Return the English name; the code itself where it is not known; empty without a code."""
    alone = primary(code)
    return NAMES.get(alone, alone) if alone else ""

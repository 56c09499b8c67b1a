"""Pronunciations of English words that no dictionary has, mostly names: parts that it has, then letters to sounds.

The rules are a small hand-made set in the manner of Elovitz et al., "Letter-to-Sound Rules for Automatic Translation
of English Text to Phonetics", 1976, in the phones of CMUdict. They are good enough to place a word that is known to
be said, and no more.
"""

from __future__ import annotations

from collections.abc import Callable

#: Graphemes and their phones, tried longest first; ^ is the start of a word and $ its end.
_RULES = {
    "a": "AE", "b": "B", "c": "K", "d": "D", "e": "EH", "f": "F", "g": "G", "h": "HH", "i": "IH", "j": "JH", "k": "K",
    "l": "L", "m": "M", "n": "N", "o": "AA", "p": "P", "q": "K", "r": "R", "s": "S", "t": "T", "u": "AH", "v": "V",
    "w": "W", "x": "K S", "y": "IY", "z": "Z",
    "ai": "EY", "ay": "EY", "au": "AO", "aw": "AO", "ar": "AA R", "air": "EH R", "are$": "EH R", "al$": "AH L",
    "all": "AO L", "a$": "AH", "ah": "AA", "ae": "EY", "ang": "AE NG", "age$": "IH JH",
    "bb": "B", "ch": "CH", "ck": "K", "cc": "K", "ce": "S EH", "ci": "S IH", "cy": "S IY", "ce$": "S", "cia": "SH AH",
    "dd": "D", "dge": "JH", "ee": "IY", "ea": "IY", "ei": "EY", "ey": "IY", "eu": "Y UW", "ew": "UW", "er": "ER",
    "ear": "IH R", "eer": "IH R", "e$": "", "es$": "Z", "ed$": "D", "eigh": "EY", "el$": "AH L", "en$": "AH N",
    "ff": "F", "gg": "G", "gh": "G", "ght": "T", "gn": "N", "ge": "JH EH", "ge$": "JH", "gi": "JH IH", "^gh": "G",
    "ie": "IY", "igh": "AY", "ir": "ER", "ing": "IH NG", "ier": "IY ER", "ia": "IY AH", "io": "IY OW", "ire": "AY R",
    "ice$": "AY S", "ine$": "AY N", "ite$": "AY T", "ike$": "AY K", "ile$": "AY L", "ime$": "AY M", "ide$": "AY D",
    "ake": "EY K", "ame$": "EY M", "ane$": "EY N", "ate$": "EY T", "ave$": "EY V", "ade$": "EY D", "ale$": "EY L",
    "^kn": "N", "kh": "K", "kk": "K", "ll": "L", "le$": "AH L", "mm": "M", "mb$": "M", "^mc": "M AH K", "nn": "N",
    "ng": "NG", "nk": "NG K", "oo": "UW", "oa": "OW", "oi": "OY", "oy": "OY", "ou": "AW", "ow": "OW", "or": "AO R",
    "ore": "AO R", "o$": "OW", "oe": "OW", "ong": "AO NG", "ough": "AO", "ould": "UH D", "our": "AO R", "old": "OW L D",
    "one$": "OW N", "ose$": "OW Z", "ode$": "OW D", "oke$": "OW K", "ome$": "OW M", "ole$": "OW L", "ope$": "OW P",
    "ote$": "OW T", "on$": "AH N", "pp": "P", "ph": "F", "^ps": "S", "qu": "K W", "que$": "K", "rr": "R", "rh": "R",
    "sh": "SH", "ss": "S", "sch": "SH", "sci": "S AY", "sion": "ZH AH N", "ssion": "SH AH N", "se$": "Z",
    "tt": "T", "th": "TH", "tch": "CH", "tion": "SH AH N", "ture$": "CH ER", "tsch": "CH", "ts": "T S",
    "ue$": "UW", "ui": "UW IH", "ur": "ER", "ure": "Y UH R", "une$": "UW N", "use$": "UW Z", "ute$": "UW T",
    "wh": "W", "wr": "R", "^x": "Z", "xx": "K S", "^y": "Y", "y$": "IY", "ya": "Y AA", "yo": "Y OW", "yu": "Y UW",
    "zz": "Z", "zh": "ZH", "tz": "T S", "'": "", "us$": "AH S", "um$": "AH M", "er$": "ER", "ers$": "ER Z",
}  # fmt: skip
_LONGEST = max(map(len, _RULES))
_VOWELS = frozenset("aeiouy")
#: Phones after which a plural is EH Z or S, and a past tense IH D or T.
_HISSING, _VOICELESS = frozenset({"S", "Z", "SH", "ZH", "CH", "JH"}), frozenset({"P", "T", "K", "F", "TH"})


def pronounce(word: str, lookup: Callable[[str], str | None]) -> str:
    """Phones for a word in lower case; '' where it has no letter that is said.

    `lookup` gives a dictionary's phones for a word, or None.
    """
    known = lookup(word)
    if known:
        return known
    return _inflected(word, lookup) or _compound(word, lookup) or _spelled(word, lookup) or by_letters(word)


def _inflected(word: str, lookup: Callable[[str], str | None]) -> str:
    """A known word with 's, -s, -ed, -ing, -in' or -ly."""
    for ending, stems in {
        "'s": ("",), "s'": ("", "s"), "s": ("",), "ed": ("", "e"), "ing": ("", "e"), "in'": ("ing",), "ly": ("",),
    }.items():  # fmt: skip
        if not word.endswith(ending) or len(word) < len(ending) + 2:
            continue
        for stem in stems:
            phones = lookup(word[: -len(ending)] + stem)
            if phones:
                return f"{phones} {_ending(ending, phones.split()[-1])}".strip()
    return ""


def _ending(ending: str, last: str) -> str:
    if ending in ("'s", "s'", "s"):
        return "IH Z" if last in _HISSING else "S" if last in _VOICELESS else "Z"
    if ending == "ed":
        return "IH D" if last in ("T", "D") else "T" if last in _VOICELESS | {"S", "SH", "CH"} else "D"
    return {"ing": "IH NG", "ly": "L IY", "in'": ""}[ending]


def _compound(word: str, lookup: Callable[[str], str | None]) -> str:
    """Two known words of three letters or more; the longest first part wins."""
    for cut in range(len(word) - 3, 2, -1):
        first, second = lookup(word[:cut]), lookup(word[cut:])
        if first and second:
            return f"{first} {second}"
    return ""


def _spelled(word: str, lookup: Callable[[str], str | None]) -> str:
    """Letter by letter what nobody can say as a word: bbc, tv, x."""
    plain = word.replace("'", "")
    if plain and len(plain) <= 5 and not _VOWELS & set(plain):
        return " ".join(filter(None, (lookup(f"{letter}.") or lookup(letter) for letter in plain)))
    return ""


def by_letters(word: str) -> str:
    """Phones by rules alone."""
    phones: list[str] = []
    at = 0
    while at < len(word):
        for size in range(min(_LONGEST, len(word) - at), 0, -1):
            piece = word[at : at + size]
            starts, ends = at == 0, at + size == len(word)
            keys = ("^" + piece + "$", "^" + piece if starts else "", piece + "$" if ends else "", piece)
            sound = next((_RULES[key] for key in keys if key in _RULES), None)
            if sound is not None:
                phones += sound.split()
                at += size
                break
        else:
            at += 1  # a letter of another alphabet
    return " ".join(phones)

"""Bytes as text: the encoding of a subtitle file found out, or refused with the choices.

UTF-8 proves itself; UTF-16 shows in its zeros. Between the others plausibility decides: which of them yields the
commonest characters of a script (Chinese, Japanese, Korean), or the accented letters of Western European words.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ..core.errors import BadValue

#: Encodings told apart where a file does not say; `encoding` takes any that Python knows.
ENCODINGS = ("utf-8", "utf-16", "big5", "gb18030", "latin-1", "shift_jis", "euc-kr")

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
)  # fmt: skip
#: The commonest characters of written Chinese and Cantonese: what a wrong decoding does not yield.
_CHINESE = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作里用道行所然家種"
    "事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公"
    "此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特"
    "代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安"
    "少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放"
    "强像难且权这个们来为国说时会对后过发种经么学现当没动还进样开从实军无与长机业将两间问应战头体见产话给门儿东声员论处义认条"
    "气题尔别变总电数报结务场计资许统区队决马书则听达 佢唔係嘅喺咗啲嗰嚟冇咁睇講，。！？「」"
)
#: Kana in words, and the signs and the commonest characters beside them.
_JAPANESE = frozenset(
    "あいうえおかがきぎくけげこごさしじすずせぜそぞただちっつてでとどなにぬねのはばひびふへべほぼまみむめもやゃゆゅよょらりるれろわをん"
    "アイウエオカガキギクグケコサシジスズセソタダチッツテデトドナニネノハバパヒビピフブプホボポマミムメモャュョラリルレロワンー"
    "、。！？「」…日人今何私前行来時大本気見出言分一二三中上下"
)
#: The commonest syllables of Korean.
_KOREAN = frozenset(
    "이다는을를가에의고하나지도로어니아은그있서한자기사안요게시들만면일수리여해대거내보인상라전정말우오것마제저바부주스"
    "러으네금무조와까때못비어제겠습합않었았했없좋날씨집늘봐데세왜뭐야"
)
#: Letters beyond ASCII of English, French, German, Spanish, Portuguese, Italian, Dutch, the Nordic languages, Catalan.
_WESTERN = frozenset("àáâãäåæçèéêëìíîïñòóôõöøùúûüýþðÿßœšžÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝÞÐŒŠŽªº")
#: Signs of cp1252 and Latin-1 that such text has around words.
_SIGNS = frozenset("¡¿«»‘’“”„‚…–—°€£\u00a0©®™½")
#: A capital beyond ASCII behind a small letter.
_CASE = re.compile("[a-zß-öø-ÿ][À-ÖØ-ÞŒŠŽ]")
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
#: Shares up to which a guess is none, and distance to the next guess below which both are named.
_LEAST, _LEAST_WESTERN, _MARGIN = 0.15, 0.85, 0.1


class Decoded(NamedTuple):
    """A file's text with LF line ends; `warnings` says where the encoding is a guess or bytes were damaged."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, name: str, encoding: str | None = None) -> Decoded:
    """Bytes as text. Raises BadValue naming the encodings one may ask for."""
    warnings: tuple[str, ...] = ()
    if encoding is None:
        encoding = next((codec for bom, codec in _BOMS if data.startswith(bom)), None)
        if encoding is None:
            encoding, warnings = _guess(data, name)
    errors = "replace" if encoding == "utf-8" and warnings else "strict"
    try:
        text = data.decode(encoding, errors)
    except (UnicodeDecodeError, LookupError) as error:
        raise BadValue(
            f"{name} is not {encoding}: {error}.", value=encoding, choices=ENCODINGS, remedy="Or leave it out."
        ) from error
    return Decoded(text.replace("\r\n", "\n").replace("\r", "\n"), encoding, warnings)


def _guess(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    """The encoding, and warnings: none where the bytes leave no doubt."""
    zeros = data.count(0)
    if zeros > len(data) // 10:
        return ("utf-16-le" if data[1::2].count(0) > zeros // 2 else "utf-16-be"), ()
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return "utf-8", ()
    sequences = len(_SEQUENCE.findall(data))
    stray = len(re.findall(rb"[\x80-\xff]", _SEQUENCE.sub(b"", data)))
    if sequences >= 20 * stray:
        return "utf-8", (f"{stray} bytes that are no UTF-8 are shown as \ufffd.",)
    scores = {codec: _plausible(data, codec) for codec in ("big5hkscs", "gb18030", "cp932", "cp949", "cp1252")}
    best, second = sorted(scores, key=lambda codec: -scores[codec])[:2]
    if scores[best] <= (_LEAST_WESTERN if best == "cp1252" else _LEAST):
        raise BadValue(
            f"{name} is in none of the encodings that can be told apart.",
            value=name,
            choices=(*ENCODINGS, "cp1250", "cp1251", "…"),
            remedy="Save it as UTF-8, or name its encoding with --encoding, as --encoding cp1251.",
        )
    doubt = f" (or {second})" if scores[best] - scores[second] < _MARGIN else ""
    return best, (f"The encoding is a guess: {best}{doubt}; --encoding names another.",)


def _plausible(data: bytes, codec: str) -> float:
    """How much the characters beyond ASCII look like the text of the encoding's languages, 0 to 1; -1 if impossible."""
    if codec == "cp1252":
        return _western(data)
    try:
        wide = [char for char in data.decode(codec) if ord(char) > 127]
    except UnicodeDecodeError:
        return -1.0
    common = _JAPANESE if codec == "cp932" else _KOREAN if codec == "cp949" else _CHINESE
    return sum(char in common for char in wide) / max(len(wide), 1)


def _western(data: bytes) -> float:
    """The share of characters beyond ASCII that are signs, or accented letters in their place; 0 if they are too many.

    Their place is a Latin word or a word of its own ("à"), and no capital stands behind a small letter.
    """
    text = f" {data.decode('cp1252', 'replace')} "
    wide = [char for char in text if ord(char) > 127]
    if not wide or sum(map(str.isalpha, wide)) > 0.5 * sum(map(str.isalpha, text)):
        return 0.0
    good = sum(char in _SIGNS for char in wide)
    for word in re.finditer(r"[^\W\d_]+", text):
        accented = [char for char in word[0] if ord(char) > 127]
        around = text[word.start() - 1] + text[word.end()]
        alone = len(word[0]) == 1 and all(char.isascii() or char in _SIGNS for char in around)
        placed = any(map(str.isascii, word[0])) or alone
        if placed and _WESTERN.issuperset(accented) and not _CASE.search(word[0]):
            good += len(accented)
    return good / len(wide)

"""Subtitle files and our JSON in: for `--transcript`, whatever program and whatever encoding they come from."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

from ..core.errors import BadValue, EmptyMedia, InputError, UnknownName, UnreadableMedia
from ..core.speech import Transcript, Utterance, word_glue
from .formats import ass, transcript_json, ttml
from .text import JOINER, clean, guess_language, has_han

#: Suffix to the name pysubs2 has for the format; json is our own.
READABLE = {
    ".srt": "srt", ".vtt": "vtt", ".ass": "ass", ".ssa": "ssa",
    ".ttml": "ttml", ".dfxp": "ttml", ".xml": "ttml", ".json": "json",
}  # fmt: skip
#: Encodings tried in this order where a file does not say; `encoding` takes any that Python knows.
ENCODINGS = ("utf-8", "utf-16", "big5", "gb18030")

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
#: Machine labels that our own SRT puts before a line; names a person typed stay in the text.
_LABEL = re.compile(r"^(S\d{1,3}|SPEAKER_\d{1,3}): ")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>\n]*)>")
_MARKUP = re.compile(r"<[^>\n]*>")
#: The commonest characters of written Chinese and Cantonese: what a wrong decoding does not yield.
_COMMON = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作里用道行所然家種"
    "事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公"
    "此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回特"
    "代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電數安"
    "少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界達光放"
    "强像难且权这个们来为国说时会对后过发种经么学现当没动还进样开从实军无与长机业将两间问应战头体见产话给门儿东声员论处义认条"
    "气题尔别变总电数报结务场计资许统区队决马书则听达 佢唔係嘅喺咗啲嗰嚟冇咁睇講，。！？「」"
)


def read(path: str | Path, *, language: str | None = None, encoding: str | None = None) -> Transcript:
    """A transcript out of json (ours), srt, vtt, ass, ssa or ttml.

    `language` is guessed by the characters where neither file nor caller says ('und' for Latin text); `encoding` is
    found out. Raises InputError, UnknownName for a foreign suffix, UnreadableMedia, BadValue.
    """
    path = Path(path)
    kind = READABLE.get(path.suffix.lower())
    if kind is None:
        raise UnknownName("transcript format", path.suffix or path.name, READABLE)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"Cannot read {path}: {error.strerror}.", value=str(path)) from error
    if not data.strip():
        raise EmptyMedia(f"{path.name} is empty.", value=str(path), remedy="Export it again.")
    text = decode(data, path.name, encoding)
    if kind == "json":
        return transcript_json.parse(text, path.name)
    try:
        events = ttml.parse(text) if kind == "ttml" else _by_pysubs2(text, kind)
    except Exception as error:  # parsers of foreign files raise what they like
        raise UnreadableMedia(
            f"{path.name} cannot be read as {kind}: {error}.", value=str(path), remedy="Open and save it in an editor."
        ) from error
    if not events:
        raise UnreadableMedia(f"{path.name} holds no captions.", value=str(path), remedy=f"Check that it is {kind}.")
    return _from_events(events, text, language)


def decode(data: bytes, name: str, encoding: str | None = None) -> str:
    """Bytes as text. Raises BadValue naming the encodings one may ask for."""
    if encoding is None:
        encoding = next((codec for bom, codec in _BOMS if data.startswith(bom)), None) or _guess(data)
    if encoding is not None:
        try:
            return data.decode(encoding)
        except (UnicodeDecodeError, LookupError) as error:
            raise BadValue(
                f"{name} is not {encoding}: {error}.", value=encoding, choices=ENCODINGS, remedy="Or leave it out."
            ) from error
    raise BadValue(
        f"{name} is in none of the encodings that can be told apart.",
        value=name,
        choices=(*ENCODINGS, "cp1252", "shift_jis", "…"),
        remedy="Save it as UTF-8, or name its encoding: audiopost subtitles --encoding cp1252.",
    )


def _guess(data: bytes) -> str | None:
    zeros = data.count(0)
    if zeros > len(data) // 10:
        return "utf-16-le" if data[1::2].count(0) > zeros // 2 else "utf-16-be"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        scores = {codec: _plausible(data, codec) for codec in ("big5hkscs", "gb18030")}
        best = max(scores, key=lambda codec: scores[codec])
        return best if scores[best] > 0.15 else None
    return "utf-8"


def _plausible(data: bytes, codec: str) -> float:
    """The share of common characters among those that are not ASCII; -1 where the bytes do not decode."""
    try:
        wide = [char for char in data.decode(codec) if ord(char) > 127]
    except UnicodeDecodeError:
        return -1.0
    return sum(char in _COMMON for char in wide) / max(len(wide), 1)


def _by_pysubs2(text: str, kind: str) -> list[ttml.Read]:
    import pysubs2

    if kind == "vtt":  # pysubs2 has no voice spans: the name goes through in private-use characters
        text = _VOICE.sub(lambda found: f"\ue000{html.unescape(found[1])}\ue001", text)
    options: dict[str, Any] = {"keep_html_tags": True} if kind in ("srt", "vtt") else {}
    file = pysubs2.SSAFile.from_string(text.replace("\r\n", "\n").replace("\r", "\n"), format_=kind, **options)
    found = []
    for event in file:
        if event.is_comment or event.is_drawing:
            continue
        raw = re.sub(r"\\[Nn]", "\n", event.text)
        voice = re.search("\ue000([^\ue001]*)\ue001", raw) if kind == "vtt" else None
        name = clean(voice[1] if voice else event.name) or None
        plain = _plain(re.sub("\ue000[^\ue001]*\ue001", "", raw) if voice else raw, kind)
        lines = [line for line in map(clean, plain.split("\n")) if line]
        if lines and event.end >= event.start >= 0:
            found.append((event.start / 1000, event.end / 1000, lines, name))
    return found


def _plain(text: str, kind: str) -> str:
    if kind in ("ass", "ssa"):
        return ass.unescape(re.sub(r"\{[^}]*\}", "", text).replace(r"\h", " "))
    if kind == "srt":
        return re.sub(r"\{\\[^}]*\}", "", re.sub(r"</?[a-zA-Z][^>\n]*>", "", text)).replace(JOINER, "")
    return html.unescape(_MARKUP.sub("", text)) if kind == "vtt" else text


def _from_events(events: list[ttml.Read], text: str, language: str | None) -> Transcript:
    stated = re.search(r"<(?:\w+:)?tt\b[^>]*\bxml:lang=[\"']([\w-]+)[\"']", text)
    whole = "\n".join(line for _, _, lines, _ in events for line in lines)
    main = language or (stated[1] if stated else "") or guess_language(whole)
    utterances = []
    labelled: str | None = None
    for start, end, lines, name in events:
        if name is None and (found := _LABEL.match(lines[0])):
            labelled, lines = found[1], [lines[0][found.end() :], *lines[1:]]
        own = main if main != "und" or not has_han(lines[0]) else guess_language(lines[0])
        utterances.append(Utterance(start, end, word_glue(own).join(lines), own, (), name or labelled))
    return Transcript(main, tuple(sorted(utterances, key=lambda u: (u.start_s, u.end_s))))

"""Which recordings a batch passes over: those marked '.nosub', and those that have subtitles already."""

from __future__ import annotations

import bisect
import functools
import logging
import os
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import NamedTuple

from ..core.errors import BadValue
from ..io.container import open_media
from ..stages.transcribe.languages import script
from ..subtitles.formats import SUFFIXES as FORMATS
from ..subtitles.text import CHINESE
from .places import is_url
from .search import FILM, SOUND
from .tree import under_delivery

log = logging.getLogger("audiopost")

MARK = ".nosub"

#: Formats that we write which are no subtitles: tables, transcripts, turns.
_LISTS = frozenset({"json", "txt", "tsv", "csv", "rttm", "ctm"})
_SUFFIXES = frozenset(suffix for suffix, kind in FORMATS.items() if kind not in _LISTS) | {
    ".dfxp", ".idx", ".itt", ".sbv", ".smi", ".sub", ".sup",
}  # fmt: skip
#: What a subtitle's name says beside its language; 'hi', for the hard of hearing, is Hindi where it stands alone.
_KINDS = frozenset({"cc", "default", "forced", "foreign", "full", "hi", "sdh"})

#: ISO 639-1 to 639-2, terminology / bibliography (Library of Congress).
_ISO_639 = """
    aa=aar ab=abk ae=ave af=afr ak=aka am=amh an=arg ar=ara as=asm av=ava ay=aym az=aze ba=bak be=bel bg=bul bi=bis
    bm=bam bn=ben bo=bod/tib br=bre bs=bos ca=cat ce=che ch=cha co=cos cr=cre cs=ces/cze cu=chu cv=chv cy=cym/wel
    da=dan de=deu/ger dv=div dz=dzo ee=ewe el=ell/gre en=eng eo=epo es=spa et=est eu=eus/baq fa=fas/per ff=ful
    fi=fin fj=fij fo=fao fr=fra/fre fy=fry ga=gle gd=gla gl=glg gn=grn gu=guj gv=glv ha=hau he=heb hi=hin ho=hmo
    hr=hrv ht=hat hu=hun hy=hye/arm hz=her ia=ina id=ind ie=ile ig=ibo ii=iii ik=ipk io=ido is=isl/ice it=ita iu=iku
    ja=jpn jv=jav ka=kat/geo kg=kon ki=kik kj=kua kk=kaz kl=kal km=khm kn=kan ko=kor kr=kau ks=kas ku=kur kv=kom
    kw=cor ky=kir la=lat lb=ltz lg=lug li=lim ln=lin lo=lao lt=lit lu=lub lv=lav mg=mlg mh=mah mi=mri/mao mk=mkd/mac
    ml=mal mn=mon mr=mar ms=msa/may mt=mlt my=mya/bur na=nau nb=nob nd=nde ne=nep ng=ndo nl=nld/dut nn=nno no=nor
    nr=nbl nv=nav ny=nya oc=oci oj=oji om=orm or=ori os=oss pa=pan pi=pli pl=pol ps=pus pt=por qu=que rm=roh rn=run
    ro=ron/rum ru=rus rw=kin sa=san sc=srd sd=snd se=sme sg=sag sh=hbs si=sin sk=slk/slo sl=slv sm=smo sn=sna so=som
    sq=sqi/alb sr=srp ss=ssw st=sot su=sun sv=swe sw=swa ta=tam te=tel tg=tgk th=tha ti=tir tk=tuk tl=tgl tn=tsn
    to=ton tr=tur ts=tso tt=tat tw=twi ty=tah ug=uig uk=ukr ur=urd uz=uzb ve=ven vi=vie vo=vol wa=wln wo=wol xh=xho
    yi=yid yo=yor za=zha zh=zho/chi zu=zul
"""
_TWO_LETTERS = {pair.partition("=")[0] for pair in _ISO_639.split()}
#: Codes of one language, each to the one that is compared: ISO 639-2, withdrawn ones, and the usual form of several.
_SAME = {code: pair[:2] for pair in _ISO_639.split() for code in pair[3:].split("/")} | {
    "cmn": "zh", "nb": "no", "nob": "no", "fil": "tl", "arb": "ar", "pes": "fa", "zsm": "ms",
    "iw": "he", "in": "id", "ji": "yi", "jw": "jv", "mo": "ro", "mol": "ro", "scc": "sr", "scr": "hr",
}  # fmt: skip
#: Short for Simplified and Traditional Chinese among people who make subtitles.
_SHORT = {"chs": "zh-hans", "cht": "zh-hant"}
_TAG = re.compile(
    r"(?P<base>[a-z]{2,3})(?:-(?P<ext>[a-z]{3}))?(?:-(?P<script>[a-z]{4}))?(?:-(?P<region>[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-x(?:-[a-z0-9]{1,8})+)?"
)


class Language(NamedTuple):
    """What a tag says, in the codes that are compared; '' where it does not."""

    base: str
    script: str = ""
    region: str = ""


def reason_to_skip(source: str, *, subtitled: str | None = None, top: Path | None = None) -> str:
    """Why a recording is passed over, as a sentence, or ''. A URL never is.

    It is where '.nosub' lies in its folder or one above, up to `top`, or 'NAME.nosub' beside it. `subtitled` is a
    language tag: then also where subtitles of it lie beside the recording ('NAME.yue.srt'; 'NAME.srt', which states
    none, counts for every language) or are in the film. '' takes subtitles of any language. Raises BadValue for a tag
    that is none.
    """
    wanted = _wanted(subtitled)
    if is_url(source):
        return ""
    path = Path(os.path.abspath(source))
    for mark in (path.with_name(path.stem + MARK), *(folder / MARK for folder in _upwards(path.parent, top))):
        if os.path.lexists(mark):
            return f"{mark} says so."
    if wanted is None:
        return ""
    return _beside(path, wanted) or _inside(path, wanted)


def language(tag: str) -> Language | None:
    """What a tag of BCP 47 or ISO 639-2 says: 'yue' of 'zh-yue', 'zh' of 'chi'; None for what is no tag."""
    tag = tag.strip().lower().replace("_", "-")
    found = _TAG.fullmatch(_SHORT.get(tag, tag))
    if found is None or (len(found["base"]) == 2 and found["base"] not in _TWO_LETTERS | _SAME.keys()):
        return None
    code = found["ext"] or found["base"]
    base = _SAME.get(code, code)
    told, region = found["script"] or "", found["region"] or ""
    if base in CHINESE:
        told = script(f"zh-{told}-{region}") or told
    return Language(base, told, region)


def meets(have: Language, wanted: Language) -> bool:
    """Whether subtitles in one language are what is wanted: 'zh-Hant' is 'zh', and not the other way round."""
    # Containers state no region, and Cantonese that states no script is Traditional.
    written = have.script or ("hant" if have.base == "yue" else "")
    return (
        have.base == wanted.base
        and wanted.script in ("", written)
        and (not wanted.region or have.region in ("", wanted.region))
    )


def _wanted(tag: str | None) -> Language | None:
    """What is wanted; a Language without a base for any."""
    if not tag:
        return None if tag is None else Language("")
    found = language(tag)
    if found is None:
        raise BadValue(f"{tag!r} is no language tag.", value=tag, remedy="For example yue, en or zh-Hant.")
    return found


def _upwards(folder: Path, top: Path | None) -> Iterator[Path]:
    yield folder
    top = Path(os.path.abspath(top)) if top is not None else folder
    for above in folder.parents if folder.is_relative_to(top) else ():
        if not above.is_relative_to(top):
            return
        yield above


def _beside(path: Path, wanted: Language) -> str:
    try:
        listing = _listing(path.parent, path.parent.stat().st_mtime_ns)
        for name in listing.of(path):
            tags = _tags(name, path, listing)
            if tags is None or (wanted.base and tags and not any(meets(tag, wanted) for tag in tags)):
                continue
            there = path.with_name(name)
            # What a run that was stopped had begun to write is not there yet.
            if there.stat().st_size and there not in under_delivery(path.parent, listing.hidden):
                return f"Its subtitles lie beside it: {name}."
    except OSError as error:
        log.warning("%s: no subtitles are looked for beside it: %s", path, error.strerror or error)
    return ""


@dataclass(frozen=True)
class _Listing:
    """A folder's subtitles, as compared and as named, in order; what its recordings are called in whole and without
    suffix; what begins with a dot."""

    subtitles: tuple[tuple[str, str], ...]
    recordings: frozenset[str]
    hidden: tuple[str, ...]

    def of(self, path: Path) -> Iterator[str]:
        """The subtitles whose names begin as that of a recording does."""
        stem = _same(path.stem)
        for n in range(bisect.bisect_left(self.subtitles, (stem,)), len(self.subtitles)):
            if not self.subtitles[n][0].startswith(stem):
                return
            yield self.subtitles[n][1]


@functools.lru_cache(maxsize=8)
def _listing(folder: Path, mtime_ns: int) -> _Listing:
    """What lies in a folder that was last changed then: a season's is asked for once for each of its episodes."""
    names = [(_same(name), name) for name in os.listdir(folder)]
    recordings = {name for name, _ in names if PurePath(name).suffix.lower() in SOUND | FILM}
    return _Listing(
        tuple(sorted(each for each in names if _suffix(each[0]))),
        frozenset(recordings | {PurePath(name).stem for name in recordings}),
        tuple(name for _, name in names if name.startswith(".")),
    )


def _same(name: str) -> str:
    return unicodedata.normalize("NFC", name)


def _suffix(name: str) -> str:
    """The suffix of a subtitle file, '.imsc.xml' as a whole; '' where it is none."""
    lower = name.lower()
    return max((each for each in _SUFFIXES if lower.endswith(each)), key=len, default="")


def _tags(name: str, path: Path, listing: _Listing) -> list[Language] | None:
    """The languages that the name of a subtitle file of `path` states; None where it is none of this recording."""
    body = _same(name)[: -len(_suffix(name))]
    whole, stem = _same(path.name), _same(path.stem)
    if body in (whole, stem):
        return []
    own = next((each for each in (whole, stem) if body.startswith(f"{each}.")), None)
    if own is None or body in listing.recordings:  # it is another recording's
        return None
    words = re.split(r"[.&+]", body[len(own) + 1 :].lower())
    tags = [language(word) for word in words if word not in _KINDS or words == ["hi"]]
    return None if None in tags else [tag for tag in tags if tag is not None]


def _inside(path: Path, wanted: Language) -> str:
    import av

    if path.suffix.lower() in SOUND - {".mka"}:
        return ""
    try:
        with open_media(path) as film:
            said = [s.metadata.get("language", "") for s in film.streams if s.type == "subtitle"]
    except (av.error.FFmpegError, ValueError, OSError) as error:  # its job will say why
        log.debug("%s: no subtitles are looked for inside: %s", path, error)
        return ""
    for tag in said:
        have = language(tag)
        stated = have is not None and have.base != "und"
        if not wanted.base or (have is not None and stated and meets(have, wanted)):
            return f"It has subtitles in it{f' ({tag})' if stated else ''}."
    return ""

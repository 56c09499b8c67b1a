"""What engines invent is taken out, whichever engine wrote it, and listed: text without speech, loops, sign-offs.

Recognisers trained on subtitles of the web write what stood there where nobody spoke. Three rules, in this order:

1. A word goes whose span lies for the greater part outside of what the speech detector hears (as `windows.plan`
   takes it: 0.5, with 0.4 s kept on both sides), or whose probability is no number, which counts as silence.
2. Of a phrase of one or two words that comes eight times in a row or more, or a longer one that comes four times, the
   first stays. People do say "no, no, no, no".
3. A sentence that is nothing but a known sign-off or credit (SIGN_OFFS, CREDITS) stays where speech is sure (mean
   probability of speech and of its words both at least 0.8): presenters do thank for watching. Else a credit goes,
   and a sign-off goes that stands over silence (speech under 0.5) or music (0.6 or more), whose words are improbable
   (under 0.4), or that stands alone at the end (the last sentence, 2 s or more after all others).

The phrases are those reported in openai/whisper's discussions 679 and 928 and faster-whisper's issue 826, and the most
frequent of M. Baranski et al., "Investigation of Whisper ASR Hallucinations Induced by Non-Speech Audio", ICASSP 2025.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from ...analysis.vad import HOP_S
from ...core.audio import Audio
from ...core.speech import Remark, Utterance, Word, joined
from ...core.time import Span

#: Things people do say at an end, and engines say over nothing; whole sentences, without marks, by language.
SIGN_OFFS: dict[str, tuple[str, ...]] = {
    "en": (
        r"(and )?(thanks|thank you)( so| very)?( much)? for (watching|listening|viewing|joining us)"
        r"( (this|the|my) video)?",
        r"(please )?(dont forget to |remember to )?(like )?(and )?subscribe( (to|for) (my|our|the) channel)?",
        r"(ill )?see you( guys)?( all)? (in the )?next (time|video|one)",
        r"you",
    ),
    "zh": (
        r"(謝謝|谢谢|感謝|感谢|多謝|多谢)(大家|您|你|你們|你们|各位)?(的)?(觀看|观看|收看|收睇|收聽|收听)(我們|我们)?(下次|下期|下集)?(再見|再见|再會|再会)?",
        r"請不吝點贊(訂閱)?(轉發)?(打賞)?(支持)?(明鏡與點點欄目)?|请不吝点赞(订阅)?(转发)?(打赏)?(支持)?(明镜与点点栏目)?",
        r"(請|请|記得|记得|歡迎|欢迎)?(點贊|点赞|按讚)?(訂閱|订阅)(我的|我們的|我们的|明鏡|明镜)?(頻道|频道)?",
    ),
    "ja": (
        r"(最後まで)?(ご視聴|ご覧|ご清聴)(いただき|頂き)?(ありがとうございました|ありがとうございます)",
        r"(チャンネル登録|高評価)(と高評価)?(を)?(よろしく)?(お願いします|お願いいたします)",
        r"(また)?次の動画でお会いしましょう|おやすみなさい",
    ),
    "ko": (
        r"(끝까지)?시청해주셔서감사합니다|다음영상에서만나요",
        r"(구독과좋아요|구독|좋아요)(부탁드립니다|눌러주세요)?",
    ),
    "de": (r"(vielen dank|danke) für(s| das) (zuschauen|zuhören)", r"bis zum nächsten (mal|video)"),
    "fr": (r"merci d(avoir|e) (regardé|regarder)( (cette|la) vidéo)?", r"abonnez vous( à la chaîne)?"),
    "es": (r"(muchas )?gracias por (ver( el| este)?( video| vídeo)?|mirar)", r"suscr[ií]be(te|ti)( al canal)?"),
    "pt": (r"(muito )?obrigad[oa] por assistir(em)?", r"inscreva se( no canal)?"),
    "it": (r"grazie (a tutti )?per (la visione|aver guardato( il video)?)", r"iscriviti al canale"),
    "nl": (r"(bedankt|dank u|dank je wel) voor het kijken",),
    "pl": (r"dziękuj[ęe] za (uwagę|oglądanie)", r"dzięki za oglądanie"),
    "ru": (r"спасибо за просмотр", r"подписывайтесь на (мой |наш )?канал", r"продолжение следует"),
    "tr": (r"izlediğiniz için teşekkür(ler| ederim| ederiz)", r"abone olmayı unutmayın"),
    "vi": (r"cảm ơn (các bạn|quý vị) đã (theo dõi|xem)( video)?( và hẹn gặp lại)?", r"hãy subscribe cho kênh.{0,80}"),
    "ar": (r"شكرا (على|لل)\s?(المشاهدة|مشاهدة)", r"(لا تنسوا )?الاشتراك (في|ب) ?القناة|اشتركوا في القناة"),
}  # fmt: skip
#: Names of those who made the subtitles that the engine learnt from: nobody says these.
CREDITS: dict[str, tuple[str, ...]] = {
    "any": (r".{0,40}amara ?org.{0,40}", r"(www )?(mooji|zeoranger)( co)? (org|uk)"),
    "en": (
        r"(subtitles|subtitled|subs|captions|captioned|transcription|transcribed|transcript)( and translation)?"
        r" by .{1,40}",
        r"esotranslation|eso translation|bf watch tv \d{4}|copyright wdr \d{4}",
    ),
    "zh": (
        r"(中文|本)?字幕(由|志願者|志愿者|志工|製作|制作|提供|by|cm).{0,30}",
        r"(優優獨播劇場|优优独播剧场).{0,60}",
        r"(明鏡|明镜)(與|与)(點點|点点)(欄目|栏目)|(明鏡|明镜)需要您的支持.{0,12}",
        r"以上言論不代表本台立場|以上言论不代表本台立场|ming pao (canada|toronto).{0,24}",
    ),
    "ja": (r"字幕(制作|提供|作成)?(は|by)?.{0,12}でした",),
    "ko": (r"(mbc|kbs|sbs|ytn) ?뉴스.{0,12}", r"(한글|한국어)?자막(제공|제작|by).{0,20}"),
    "de": (r"untertitel(ung)?( im auftrag)? (des|der|von|aufgrund) .{1,40}", r"(swr|wdr|ndr|br) \d{4}"),
    "fr": (r"sous titr(es|age)( réalisés?)? .{1,50}", r".{0,4}par soustitreur com"),
    "es": (r"subtítulos (realizados )?por .{1,40}",),
    "pt": (r"legendas? (pela|por|feitas?).{1,40}", r"transcrição e legendas .{1,40}"),
    "it": (r"sottotitoli (e revisione |creati )?(a cura di|al canale|dalla|di) .{1,40}",),
    "nl": (r"(ondertitel(d|ing)|ondertitels)( ingediend)? (door|van) .{1,40}", r"tv gelderland \d{4}"),
    "pl": (r"napisy (stworzone|wykonane)? ?(przez|by) .{1,40}",),
    "ru": (r"(субтитры|редактор субтитров).{1,60}",),
    "tr": (r"altyazı ?(m ?k|by .{1,20})",),
    "no": (r"teksting av .{1,40}",),
    "da": (r"(danske tekster|undertekster) (af|by) .{1,40}",),
    "sv": (r"(svensk)?(text|undertexter)(ning)? (av|från) .{1,40}|svensktextning( nu)?",),
    "fi": (r"(suomennos|tekstitys).{1,40}",),
    "ar": (r"(ال)?ترجم[ةه] .{1,24}",),
}  # fmt: skip

#: Mean probability of speech, and of words, from which a known phrase is believed.
SURE = 0.8
#: Mean probability of speech under which there is silence; of music from which there is music; of improbable words.
SILENT, MUSIC, IMPROBABLE = 0.5, 0.6, 0.4
#: Seconds before a last sentence that make it stand alone.
ALONE_S = 2.0
#: Repetitions that make a loop, of up to two words and of more.
SHORT_LOOP, LOOP = 8, 4
_LONGEST_PHRASE = 24


def _pattern(table: dict[str, tuple[str, ...]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for patterns in table.values() for pattern in patterns))


_SIGN_OFF, _CREDIT = _pattern(SIGN_OFFS), _pattern(CREDITS)
_UNSPACED = "\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_SPACE = re.compile(rf"(?<=[{_UNSPACED}])\s+|\s+(?=[{_UNSPACED}])")


@dataclass(frozen=True)
class Heard:
    """What the detectors hear: `probability` of speech for each HOP_S, the `speech` that counts, the sound itself."""

    probability: NDArray[np.float32]
    speech: tuple[Span, ...]
    sound: Audio

    @cached_property
    def _until(self) -> tuple[list[float], list[float]]:
        """Times, and seconds of speech up to each."""
        times, seconds = [0.0], [0.0]
        for span in self.speech:
            times += [span.start_s, span.end_s]
            seconds += [seconds[-1], seconds[-1] + span.duration_s]
        return times, seconds

    def speech_share(self, start_s: float, end_s: float) -> float:
        """The share of a span inside speech; what is shorter than 20 ms counts as that long, around its middle."""
        middle_s, half_s = (start_s + end_s) / 2, max(end_s - start_s, 0.02) / 2
        low, high = np.interp([middle_s - half_s, middle_s + half_s], *self._until)
        return float(high - low) / (2 * half_s)

    def speech_probability(self, start_s: float, end_s: float) -> float:
        """Mean over the span; 0 outside the recording."""
        low, high = int(max(start_s, 0.0) / HOP_S), math.ceil(max(end_s, 0.0) / HOP_S)
        inside = self.probability[low : max(high, low + 1)]
        return float(inside.mean()) if len(inside) else 0.0

    def music_probability(self, start_s: float, end_s: float) -> float:
        """Mean over the span with the second before and after it, which the detector needs to hear anything."""
        from ...analysis.music import music_probability

        found = music_probability(self.sound.between(max(start_s - 1.0, 0.0), end_s + 1.0))
        return float(found.mean()) if len(found) else 0.0


def kept(utterances: Iterable[Utterance], heard: Heard) -> tuple[list[Utterance], list[Remark]]:
    """The utterances that can be believed, in order of time, and a 'dropped' Remark for each stretch that cannot."""
    ordered = sorted(utterances, key=lambda u: (u.start_s, u.end_s))
    spoken, silent = _where_spoken(ordered, heard)
    once, looped = _without_loops(spoken)
    said, signed = _without_sign_offs(once, heard)
    remarks = sorted([*silent, *looped, *signed], key=lambda r: (r.start_s or 0.0, r.end_s or 0.0))
    return said, remarks


def _where_spoken(utterances: list[Utterance], heard: Heard) -> tuple[list[Utterance], list[Remark]]:
    left, remarks = list[Utterance](), list[Remark]()
    for utterance in utterances:
        if not utterance.words:
            if heard.speech_share(utterance.start_s, utterance.end_s) >= 0.5:
                left.append(utterance)
            else:
                remarks.append(_dropped(utterance, "no speech is heard there"))
            continue
        reasons = [_doubt(word, heard) for word in utterance.words]
        left += _with_words(utterance, [word for word, why in zip(utterance.words, reasons, strict=True) if not why])
        for reason, group in groupby(zip(utterance.words, reasons, strict=True), key=lambda pair: pair[1]):
            if reason:
                remarks.append(_dropped(_with_words(utterance, [word for word, _ in group])[0], reason))
    return left, remarks


def _doubt(word: Word, heard: Heard) -> str:
    if word.probability is not None and not math.isfinite(word.probability):
        return "its probability is no number, which counts as silence"
    return "" if heard.speech_share(word.start_s, word.end_s) >= 0.5 else "no speech is heard there"


def _without_loops(utterances: list[Utterance]) -> tuple[list[Utterance], list[Remark]]:
    """Loops run over utterances too: a sentence written again and again is one."""
    places = [(n, m) for n, utterance in enumerate(utterances) for m in range(len(utterance.words))]
    texts = [bare(utterances[n].words[m].text) for n, m in places]
    surplus: set[tuple[int, int]] = set()
    remarks = []
    for start, end in loops(texts):
        surplus.update(places[start:end])
        words = [utterances[n].words[m] for n, m in places[start:end]]
        text = joined((word.text.strip() for word in words), utterances[places[start][0]].language)
        remarks.append(Remark("dropped", words[0].start_s, words[-1].end_s, text, "a phrase repeated over and over"))
    left: list[Utterance] = []
    for n, utterance in enumerate(utterances):
        words = [word for m, word in enumerate(utterance.words) if (n, m) not in surplus]
        left += _with_words(utterance, words) if len(words) < len(utterance.words) else [utterance]
    return left, remarks


def loops(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Ranges of `texts` that only repeat the phrase before them, SHORT_LOOP or LOOP times or more with it."""
    at = 0
    while at < len(texts):
        for n in range(1, min(_LONGEST_PHRASE, (len(texts) - at) // LOOP) + 1):
            phrase, end = texts[at : at + n], at + n
            while texts[end : end + n] == phrase:
                end += n
            if (end - at) // n >= (SHORT_LOOP if n <= 2 else LOOP) and any(phrase):
                yield at + n, end
                at = end
                break
        else:
            at += 1


def _without_sign_offs(utterances: list[Utterance], heard: Heard) -> tuple[list[Utterance], list[Remark]]:
    left, remarks = list[Utterance](), list[Remark]()
    for n, utterance in enumerate(utterances):
        text = bare(utterance.text)
        credit = bool(_CREDIT.fullmatch(text))
        if not credit and not _SIGN_OFF.fullmatch(text):
            left.append(utterance)
            continue
        others_end_s = max((u.end_s for u in utterances[:n]), default=-math.inf)
        alone = n == len(utterances) - 1 and utterance.start_s - others_end_s >= ALONE_S
        reason = _disbelief(utterance, heard, credit=credit, alone=alone)
        if reason:
            remarks.append(_dropped(utterance, reason))
        else:
            left.append(utterance)
    return left, remarks


def _disbelief(utterance: Utterance, heard: Heard, *, credit: bool, alone: bool) -> str:
    """Why a known phrase is not believed, '' where it is."""
    known = [word.probability for word in utterance.words if word.probability is not None]
    words = float(np.mean(known)) if known else math.nan
    speech = heard.speech_probability(utterance.start_s, utterance.end_s)
    if speech >= SURE and words >= SURE:
        return ""
    if credit:
        return "a subtitler's credit, which engines know from their training"
    if speech < SILENT:
        return "a sign-off over silence"
    if words < IMPROBABLE:
        return "a sign-off of improbable words"
    if heard.music_probability(utterance.start_s, utterance.end_s) >= MUSIC:
        return "a sign-off over music"
    return "a sign-off alone at the end" if alone else ""


def bare(text: str) -> str:
    """Text as the tables have it: lower case, no marks, one space between words, none beside Chinese or Korean."""
    # The Turkish capital İ folds to an i with a dot of its own.
    plain = re.sub("['\u2019\u0307]", "", unicodedata.normalize("NFKC", text).casefold())
    words = "".join(char if unicodedata.category(char)[0] in "LNM" else " " for char in plain)
    return _SPACE.sub("", " ".join(words.split()))


def _with_words(utterance: Utterance, words: list[Word]) -> list[Utterance]:
    """The utterance reduced to `words`; [] without any, and itself where nothing is missing."""
    if not words or len(words) == len(utterance.words):
        return [utterance] if words else []
    text = joined((word.text.strip() for word in words), utterance.language)
    return [replace(utterance, start_s=words[0].start_s, end_s=words[-1].end_s, text=text, words=tuple(words))]


def _dropped(utterance: Utterance, reason: str) -> Remark:
    return Remark("dropped", utterance.start_s, utterance.end_s, utterance.text, reason)

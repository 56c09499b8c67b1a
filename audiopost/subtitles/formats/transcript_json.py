"""The transcript as JSON: what `transcribe --json` prints, plus the captions. Times rounded to milliseconds."""

from __future__ import annotations

import json
from typing import Any

from ...core.errors import BadValue
from ...core.serial import from_json
from ...core.speech import Transcript, Utterance
from . import Document


def render(document: Document) -> str:
    captions = [
        {
            "start_s": round(caption.start_s, 3),
            "end_s": round(caption.end_s, 3),
            "speaker": caption.speaker,
            "language": caption.language,
            "lines": list(caption.lines),
        }
        for caption in document.captions
    ]
    values = {**transcript_values(document.transcript), "captions": captions}
    return json.dumps(values, ensure_ascii=False, indent=1) + "\n"


def transcript_values(transcript: Transcript) -> dict[str, Any]:
    """JSON values: language, draft, utterances with their words."""
    return {
        "language": transcript.language,
        "draft": transcript.draft,
        "utterances": [
            {
                "start_s": round(float(utterance.start_s), 3),
                "end_s": round(float(utterance.end_s), 3),
                "speaker": utterance.speaker,
                "language": utterance.language,
                "text": utterance.text,
                "words": [
                    {
                        "start_s": round(float(word.start_s), 3),
                        "end_s": round(float(word.end_s), 3),
                        "text": word.text,
                        "probability": None if word.probability is None else round(float(word.probability), 4),
                    }
                    for word in utterance.words
                ],
            }
            for utterance in transcript.utterances
        ],
    }


def parse(text: str, where: str) -> Transcript:
    """The transcript of our JSON; captions are laid out anew. Raises BadValue that names the place."""
    try:
        values = json.loads(text)
    except ValueError as error:
        raise BadValue(f"{where} is not JSON: {error}.", value=where) from error
    if not isinstance(values, dict) or not isinstance(values.get("utterances"), list):
        raise BadValue(
            f"{where} is no transcript of ours.", value=where, remedy="It is an object with a list of utterances."
        )
    utterances = tuple(
        from_json(Utterance, u, where=f"{where}.utterances.{n}") for n, u in enumerate(values["utterances"])
    )
    language = values.get("language") or (utterances[0].language if utterances else "und")
    return Transcript(str(language), utterances, str(values.get("draft") or ""))

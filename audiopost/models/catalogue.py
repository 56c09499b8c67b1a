"""The models audiopost knows by name. To add one, add a line to ENTRIES; nothing else has to change."""

from __future__ import annotations

from ..core.errors import UnknownName
from .emotion_models import EMOTION_MODELS
from .entry import Entry


def _whisper(size: str, version: str, size_mb: int, note: str, source: str = "") -> Entry:
    return Entry(
        name=f"whisper-{size}",
        stage="transcribe",
        backend="faster-whisper",
        version=version,
        licence="MIT",
        source=source or f"Systran/faster-whisper-{size}",
        kind="hub",
        files=("config.json", "model.bin", "tokenizer.json", "vocabulary.*"),
        optional=("preprocessor_config.json",),
        weights=("model.bin",),
        size_mb=size_mb,
        note=note,
    )


def _demucs(
    name: str,
    files: tuple[str, ...],
    bag: str,
    size_mb: int,
    note: str,
    *,
    version: str = "v4",
    folder: str = "hybrid_transformer",
) -> Entry:
    # Demucs names its files SIGNATURE-<start of the file's sha256>.th and looks bags up in NAME.yaml beside them; its
    # own hub repositories are HTDemucs, HTDemucs-ft, Demucs-mdx (demucs.hf.hf_repo_name).
    hub = name.replace("htdemucs", "HTDemucs").replace("_", "-") if name.startswith("htdemucs") else f"Demucs-{name}"
    return Entry(
        name=name,
        stage="separate",
        backend="demucs",
        version=version,
        licence="MIT",
        source=f"https://dl.fbaipublicfiles.com/demucs/{folder}/",
        kind="url",
        files=files,
        weights=files,
        size_mb=size_mb,
        sha256={file: file.partition("-")[2].removesuffix(".th") for file in files},
        texts={f"{name}.yaml": bag},
        alias=f"adefossez/{hub}",
        alias_files=(f"{name}.yaml", *(file.partition("-")[0] + ".safetensors" for file in files)),
        note=note,
    )


ENTRIES: tuple[Entry, ...] = (
    _whisper("tiny", "2022-09", 78, "fastest; rough text"),
    _whisper("base", "2022-09", 148, "fast; usable for clear English"),
    _whisper("small", "2022-09", 486, "a good start on two CPU cores"),
    _whisper("medium", "2022-09", 1531, "better; slow without a GPU"),
    _whisper("large-v3", "2023-11", 3091, "best for Mandarin, Cantonese and noisy speech; wants a GPU"),
    _whisper(
        "turbo",
        "2024-09",
        1622,
        "near large-v3 at a fraction of its time",
        "mobiuslabsgmbh/faster-whisper-large-v3-turbo",
    ),
    Entry(
        name="wav2vec2-base-960h",
        stage="transcribe",
        backend="ctc",
        version="2020",
        licence="Apache-2.0",
        source="facebook/wav2vec2-base-960h",
        kind="hub",
        files=("config.json", "vocab.json", "model.safetensors"),
        optional=("preprocessor_config.json",),
        weights=("model.safetensors",),
        size_mb=378,
        note="times the words of an English script",
    ),
    _demucs("htdemucs", ("955717e8-8726e21a.th",), "models: ['955717e8']\n", 84, "vocals, drums, bass, other"),
    _demucs(
        "htdemucs_ft",
        ("f7e0c4bc-ba3fe64a.th", "d12395a8-e57c48e6.th", "92cfc3b6-ef3bcb9c.th", "04573f0d-f3cf25b2.th"),
        "models: ['f7e0c4bc', 'd12395a8', '92cfc3b6', '04573f0d']\n"
        "weights: [[1., 0., 0., 0.], [0., 1., 0., 0.], [0., 0., 1., 0.], [0., 0., 0., 1.]]\n",
        336,
        "one fine-tuned model a stem: a little better, four times slower",
    ),
    _demucs("hdemucs_mmi", ("75fc33f5-1941ce65.th",), "models: ['75fc33f5']\nsegment: 44\n", 167,
            "the hybrid model before htdemucs", version="v3"),
    _demucs(
        "mdx",
        ("0d19c1c6-0f06f20e.th", "7ecf8ec1-70f50cc9.th", "c511e2ab-fe698775.th", "7d865c68-3d5dd56b.th"),
        "models: ['0d19c1c6', '7ecf8ec1', 'c511e2ab', '7d865c68']\n"
        "weights: [[1., 1., 0., 0.], [0., 1., 0., 0.], [1., 0., 1., 1.], [1., 0., 1., 1.]]\n"
        "segment: 44\n",
        670,
        "four models trained on MUSDB HQ alone",
        version="v3",
        folder="mdx_final",
    ),
    _demucs(
        "mdx_extra",
        ("e51eebcc-c1b80bdd.th", "a1d90b5c-ae9d2452.th", "5d2d6c55-db83574e.th", "cfa93e08-61801ae1.th"),
        "models: ['e51eebcc', 'a1d90b5c', '5d2d6c55', 'cfa93e08']\nsegment: 44\n",
        670,
        "four models trained on more songs, MUSDB's test songs among them",
        version="v3",
        folder="mdx_final",
    ),
    _demucs(
        "mdx_q",
        ("6b9c2ca1-3fd82607.th", "b72baf4e-8778635e.th", "42e558d4-196e0e1b.th", "305bc58f-18378783.th"),
        "models: ['6b9c2ca1', 'b72baf4e', '42e558d4', '305bc58f']\n"
        "weights: [[1., 1., 0., 0.], [0., 1., 0., 0.], [1., 0., 1., 1.], [1., 0., 1., 1.]]\n"
        "segment: 44\n",
        170,
        "mdx quantised: smaller, a little worse; needs the diffq package",
        version="v3",
        folder="mdx_final",
    ),
    Entry(
        name="deepfilternet3",
        stage="denoise",
        backend="deepfilternet3",
        version="v0.5.6",
        licence="MIT",
        source="https://github.com/Rikorose/DeepFilterNet/raw/v0.5.6/models/",
        kind="url",
        archive="DeepFilterNet3_onnx.tar.gz",
        files=("enc.onnx", "erb_dec.onnx", "df_dec.onnx", "config.ini"),
        weights=("enc.onnx", "erb_dec.onnx", "df_dec.onnx"),
        size_mb=9,
        sha256={
            "DeepFilterNet3_onnx.tar.gz": "c94d91f70911001c946e0fabb4aa9adc37045f45a03b56008cb0c8244cb63616",
            "enc.onnx": "7c5399d3da8a50ebef1c1a0ae421b33376aa5e45d0e92df16da7e83c9c131916",
            "erb_dec.onnx": "ab669a1d10afe20911728b33053a452071042317a90581092b325da7b2f9d895",
            "df_dec.onnx": "23114ce3b0f6464b763ee62f7bb8aab6b2a129a21eabd5bcfe59413db05f278a",
            "config.ini": "415eb925d44990d938fb739f514aa3662c1ec0ea836cff044fa1291b82cb4290",
        },
        note="takes any noise out of speech at 48 kHz, fast on one core",
    ),
    Entry(
        name="yamnet",
        stage="diagnose",
        backend="dsp",
        version="1",
        licence="Apache-2.0",
        # The same bytes as TensorFlow Hub's lite-model/yamnet/classification/tflite/1.
        source="https://storage.googleapis.com/mediapipe-assets/",
        kind="url",
        files=("yamnet_audio_classifier_with_metadata.tflite",),
        weights=("yamnet_audio_classifier_with_metadata.tflite",),
        size_mb=4,
        sha256={
            "yamnet_audio_classifier_with_metadata.tflite": (
                "10c95ea3eb9a7bb4cb8bddf6feb023250381008177ac162ce169694d05c317de"
            )
        },
        note="tells sound events: laughter, applause, door slams, rain …",
    ),
    Entry(
        name="pyannote-community-1",
        stage="diarise",
        backend="pyannote",
        version="community-1",
        licence="CC BY 4.0",
        source="pyannote/speaker-diarization-community-1",
        kind="hub",
        files=("config.yaml", "segmentation/*", "embedding/*", "plda/*"),
        weights=("segmentation/*.bin", "embedding/*.bin", "plda/*.npz"),
        size_mb=33,
        gated=True,
        note="accept its terms on its page, then give a token as HF_TOKEN",
    ),
    Entry(
        name="clap-htsat-unfused",
        stage="library",
        backend="clap",
        version="2023",
        licence="Apache-2.0",
        source="laion/clap-htsat-unfused",
        kind="hub",
        files=("config.json", "preprocessor_config.json", "vocab.json", "merges.txt", "pytorch_model.bin"),
        optional=("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"),
        weights=("pytorch_model.bin",),
        size_mb=615,
        note="ranks tracks of a music library by English words",
    ),
    *EMOTION_MODELS,
)  # fmt: skip

_BY_NAME = {entry.name: entry for entry in ENTRIES}


def get(name: str) -> Entry:
    """The entry of a name. Raises UnknownName."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise UnknownName("model", name, _BY_NAME) from None

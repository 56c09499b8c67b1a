"""The whole chain of repairs as people read it: what restore did, and denoising behind it."""

from __future__ import annotations

from ..core.marks import NOISE_KINDS, Repair
from ..core.project import Project


def chain(project: Project) -> tuple[Repair, ...] | None:
    """The links in their order; None where neither restore nor denoise ran.

    Denoising is a link where a backend did it: where it is wanted only for noise that was found, none may have been.
    """
    step = project.step("denoise")
    if project.repairs is None and step is None:
        return None
    links = project.repairs or ()
    found = [f for f in project.findings or () if f.kind in NOISE_KINDS]
    if step is None or step.backend == "none":
        return links
    because = max(found, key=lambda f: f.severity).detail if found else "asked for, whatever is found"
    options = step.options
    return (
        *links,
        Repair("denoise", because, options["amount"], options.get("max_reduction_db"), f"by {step.backend}"),
    )


def sentence(link: Repair) -> str:
    """'hum 80 %, at most 20 dB: because -> what was done (removed -51 dBFS RMS)'."""
    gone = "" if link.removed_dbfs is None else f" (removed {link.removed_dbfs:g} dBFS RMS)"
    done = f" -> {link.done}{gone}" if link.done else ""
    return f"{link.name.replace('_', ' ')} {amount(link)}: {link.because}{done}"


def amount(link: Repair) -> str:
    most = "" if link.max_reduction_db is None else f", at most {link.max_reduction_db:g} dB"
    return f"{link.amount_percent:g} %{most}"

"""What people decide on findings: to be mended, no fault, or left open."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from ..core.errors import BadValue, UnknownName
from ..core.marks import DECISIONS, NOISE_KINDS, Finding
from ..core.project import Project
from ..core.time import Span
from . import chain
from .preview import LENGTH_S

#: Seconds around a short fault that are heard with it.
_AROUND_S = 1.0


@dataclass(frozen=True)
class Judged:
    """A finding as it is listed: `index` in Project.findings; `mended`: the sound as it stands was mended by it.

    `remedy` is 'restore' (a repair of the chain), 'denoise' or '' (nothing of ours puts it right).
    """

    index: int
    finding: Finding
    mended: bool
    remedy: str


def judged(project: Project) -> tuple[Judged, ...]:
    """Every finding with what became of it."""
    done = chain.mended(project)
    return tuple(
        Judged(index, each, chain.identity(each) in done, _remedy(each))
        for index, each in enumerate(project.findings or ())
    )


def _remedy(finding: Finding) -> str:
    return "restore" if chain.link_of(finding) else "denoise" if finding.kind in NOISE_KINDS else ""


def decided(project: Project, indices: Iterable[int], status: str) -> Project:
    """`project` with a decision on some of its findings.

    Raises UnknownName for a decision there is not; BadValue for a finding there is not, or to accept one that no repair
    mends.
    """
    if status not in DECISIONS:
        raise UnknownName("decision", status, DECISIONS)
    findings = list(project.findings or ())
    for index in indices:
        finding = finding_at(project, index)
        if status == "accepted" and _remedy(finding) != "restore":
            raise BadValue(f"No repair mends {finding.kind}.", value=finding.kind, remedy=finding.remedy)
        findings[index] = replace(finding, status=status)
    return replace(project, findings=tuple(findings))


def finding_at(project: Project, index: int) -> Finding:
    """The finding of a number. Raises BadValue."""
    findings = project.findings or ()
    if not 0 <= index < len(findings):
        raise BadValue(
            f"There is no finding {index}; there are {len(findings)}.", value=index, remedy="Load the list anew."
        )
    return findings[index]


def heard_span(project: Project, finding: Finding, at_s: float | None = None) -> Span:
    """The stretch in which a fault is heard: all of a short one, of a long one some seconds around a time inside it."""
    duration = project.audio.duration_s
    start, end = max(finding.start_s - _AROUND_S, 0.0), min(finding.end_s + _AROUND_S, duration)
    if end - start <= LENGTH_S:
        return Span(start, max(end, start))
    inside = at_s if at_s is not None and finding.start_s <= at_s <= finding.end_s else finding.start_s
    first = min(max(inside - _AROUND_S, start), end - LENGTH_S)
    return Span(first, first + LENGTH_S)

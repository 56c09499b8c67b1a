"""The chain that mends and denoises a recording as a person sets it, and what of it is not rendered yet.

What a person changed stands in Project.notes["chain"] until it is rendered:

    {"restore": {"hum_amount": 80.0}, "denoise": {…}, "denoised": true, "mend": "all", "mended": ["3f2a…", …]}
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..core.errors import BadValue, UnknownName
from ..core.marks import Finding
from ..core.options import build, describe
from ..core.project import Project
from ..presets import STAGES, Preset, stage
from ..stages import denoise, restore
from ..stages.restore.chain import REPAIRS

NOTE = "chain"
#: Which findings are mended: all that nobody dismissed, or those alone that a person accepted.
MENDING = ("all", "accepted")
_TYPES: Mapping[str, type[Any]] = {"restore": restore.Options, "denoise": denoise.Options}
_KINDS = {kind: link.name for link in REPAIRS for kind in link.kinds}


@dataclass(frozen=True)
class Chain:
    """The settings in force: of the repairs, of the denoiser, whether it runs at all, and what is mended."""

    restore: restore.Options
    denoise: denoise.Options
    denoised: bool
    mend: str


def link_of(finding: Finding) -> str:
    """The repair that a finding is for, '' where there is none."""
    return _KINDS.get(finding.kind, "")


def identity(finding: Finding) -> str:
    """The name of a finding that stays when a person decides on it."""
    return hashlib.sha256(f"{finding.kind} {finding.start_s} {finding.end_s}".encode()).hexdigest()[:12]


def chain(project: Project) -> Chain:
    """The settings as a person left them, over what ran last, over the defaults."""
    draft = _draft(project)
    options = {
        name: build(kind, {**_last(project, name), **draft.get(name, {})}, f"{name}.") for name, kind in _TYPES.items()
    }
    denoised = draft.get("denoised", project.step("denoise") is not None)
    mend = draft.get("mend", "all" if project.step("restore") else "accepted")
    return Chain(options["restore"], options["denoise"], bool(denoised), str(mend))


def _last(project: Project, name: str) -> dict[str, Any]:
    step, known = project.step(name), {spec.name for spec in describe(_TYPES[name])}
    return {key: value for key, value in (step.options if step else {}).items() if key in known}


def _draft(project: Project) -> Mapping[str, Any]:
    found: Mapping[str, Any] = project.notes.get(NOTE, {})
    return found


def _noted(project: Project, **values: Any) -> Project:
    draft = {key: value for key, value in {**_draft(project), **values}.items() if value not in (None, {})}
    return replace(project, notes={**project.notes, NOTE: draft})


def changed(project: Project, name: str, value: Any) -> Project:
    """One setting changed: 'restore.hum_amount', 'denoise.amount', 'denoised' or 'mend'.

    A file or folder of this machine cannot be named. Raises UnknownName, BadValue.
    """
    if name == "denoised":
        return _noted(project, denoised=bool(value))
    if name == "mend":
        if value not in MENDING:
            raise UnknownName("way to mend", str(value), MENDING)
        return _noted(project, mend=value)
    part, _, option = name.partition(".")
    specs = {spec.name: spec for spec in describe(_TYPES[part])} if part in _TYPES else {}
    if option not in specs or specs[option].names_path:
        raise UnknownName(
            "setting", name, (f"{each}.{spec.name}" for each in _TYPES for spec in describe(_TYPES[each]))
        )
    new = specs[option].validate(value, f"{part}.")
    last = getattr(build(_TYPES[part], _last(project, part), f"{part}."), option)
    own = {key: kept for key, kept in _draft(project).get(part, {}).items() if key != option}
    made = _noted(project, **{part: own if new == last else {**own, option: new}})
    chain(made)  # what only fits together in part is refused now
    return made


def reset(project: Project) -> Project:
    """The settings as they were rendered last."""
    return _noted(project, restore=None, denoise=None, denoised=None)


def loaded(project: Project, preset: Preset) -> Project:
    """The settings of a preset's restore and denoise in place of a person's. Raises BadValue where it has neither."""
    if not set(_TYPES) & set(preset.stages):
        raise BadValue(f"{preset.name} neither restores nor denoises.", value=preset.name)
    made = reset(project)
    for part in _TYPES:
        if part in preset.stages:
            for spec in describe(_TYPES[part]):
                if not spec.names_path:
                    made = changed(made, f"{part}.{spec.name}", getattr(preset.options[part], spec.name))
    return changed(made, "denoised", "denoise" in preset.stages)


def to_mend(project: Project) -> tuple[Finding, ...]:
    """The findings that a render mends, as far as the chain's switches let it."""
    if chain(project).mend == "accepted":
        return tuple(each for each in project.findings or () if each.status == "accepted")
    return project.faults or ()


def mended(project: Project) -> frozenset[str]:
    """The identities of the findings that the sound as it stands was mended by."""
    if project.restored is None and project.repairs is None:
        return frozenset()
    known = _draft(project).get("mended")
    rendered = {identity(each) for each in project.findings or ()} if known is None else set(known)
    made = {repair.name for repair in project.repairs or ()}
    return frozenset(
        name for each in project.findings or () if (name := identity(each)) in rendered and link_of(each) in made
    )


def pending(project: Project) -> tuple[str, ...]:
    """What was decided and is not in the sound yet: 'settings', 'findings'."""
    draft, now = _draft(project), chain(project)
    found = []
    if draft.get("restore") or draft.get("denoise") or now.denoised != (project.step("denoise") is not None):
        found.append("settings")
    wanted = {identity(f) for f in to_mend(project) if (link := link_of(f)) and getattr(now.restore, link)}
    rendered = draft.get("mended")
    if rendered is None and (project.step("restore") is not None):
        rendered = [identity(each) for each in project.findings or ()]
    held = set(rendered or ()) & {
        identity(f) for f in project.findings or () if (n := link_of(f)) and getattr(now.restore, n)
    }
    if wanted != held:
        found.append("findings")
    return tuple(found)


def rendered(made: Project, before: Project) -> Project:
    """`made`, whose sound was just rendered by the chain as it was set in `before`: nothing is pending."""
    return _noted(
        made, restore=None, denoise=None, denoised=None, mend=chain(before).mend,
        mended=[identity(each) for each in to_mend(before)],
    )  # fmt: skip


def preset_of(project: Project, base: Preset, name: str) -> Preset:
    """A preset of that name: the stages of `base`, with the chain as it is set among them."""
    now = chain(project)
    options: dict[str, Any] = {**base.options, "restore": now.restore, "denoise": now.denoise}
    if not now.denoised:
        del options["denoise"]
    if "diagnose" not in options:  # what repairs look for
        options["diagnose"] = stage("diagnose").options_type()
    stages = tuple(each for each in STAGES if each in options)
    return replace(base, name=name, title=name, stages=stages, options={each: options[each] for each in stages})

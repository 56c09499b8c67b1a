// The findings of the recording that is open, shared by the table and the spectrogram.

import { get, post } from "./api.js";
import { beat, emit, fail, on, pulse } from "./state.js";
import { player } from "./player.js";

const NOTHING = { diagnosed: false, findings: [], pending: [], stages: [], mend: "accepted" };

export let found = NOTHING;
export let selected = null;

export async function load() {
  try {
    found = pulse.ready ? await get("findings") : NOTHING;
  } catch (error) {
    if (error.status !== 409) fail(error);
    found = NOTHING;
  }
  if (selected != null && selected >= found.findings.length) selected = null;
  emit("findings", found);
}

/** The stretch in which a finding is heard: with a second around it, of a long one ten seconds. */
function stretch(finding) {
  const start = Math.max(finding.start_s - 1, 0), end = Math.min(finding.end_s + 1, player.duration);
  if (end - start <= 10) return [start, end];
  const now = player.time();
  const from = now > finding.start_s && now < finding.end_s - 9 ? now - 1 : start;
  return [Math.max(from, 0), Math.min(Math.max(from, 0) + 10, player.duration)];
}

/** Selects a finding, marks its stretch; `hear` plays it. */
export function select(index, hear = false) {
  selected = index;
  const finding = found.findings[index];
  emit("select", finding ? { kind: "finding", index } : null);
  emit("findings", found);
  if (!finding) return;
  const [start_s, end_s] = stretch(finding);
  player.loop(start_s, end_s);
  player.seek(start_s);
  if (!hear) return;
  player.setTrack("source");
  player.setLooping(true);
  player.play();
}

export const step = by => {
  const { findings } = found;
  if (!findings.length) return;
  const order = findings.map((_, index) => index).sort((a, b) => findings[a].start_s - findings[b].start_s);
  const place = selected == null ? (by > 0 ? -1 : order.length) : order.indexOf(selected);
  select(order[Math.min(Math.max(place + by, 0), order.length - 1)]);
};

export async function decide(indices, status) {
  const answer = await post("findings/decide", { indices, status }).catch(fail);
  if (!answer) return;
  await beat();
  await load();
}

/** One fault mended over its stretch, heard against the source. */
export async function hearRemedy(index) {
  const answer = await post("findings/remedy", { index, at_s: player.time() }).catch(fail);
  if (!answer) return null;
  await player.audition(answer.track, answer.start_s, answer.end_s);
  return answer;
}

export const diagnose = () => post("findings/diagnose").then(beat).catch(fail);
export const render = () => post("findings/render").then(beat).catch(fail);

on("recording", () => { selected = null; load(); });
on("revision", load);

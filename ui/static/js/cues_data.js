// The cues as the server has them, the one that is selected, and every change: one after the other.

import { get, post } from "./api.js";
import { player } from "./player.js";
import { beat, emit, fail, on, pulse, t } from "./state.js";
import { tab } from "./tabs.js";
import { Timebase } from "./timecode.js";
import { view } from "./view.js";

/** What GET cues answers, null while nothing is open. */
export let desk = null;
export let timebase = new Timebase({ num: 25, den: 1, drop: false });
/** The label of the cue that is selected, "" for none. */
export let selected = "";

const watchers = new Set();
/** fn() is called when the cues, or which of them is selected, are others. */
export const watch = fn => watchers.add(fn);
const tell = () => watchers.forEach(fn => fn());

export const cues = () => desk?.cues || [];
export const cueOf = label => cues().find(cue => cue.label === label) || null;
export const chosen = () => cueOf(selected);

let queue = Promise.resolve();
/** One question after the other, so that no old answer takes the place of a newer one. */
const inTurn = ask => (queue = queue.then(ask));

/** Fetches everything anew. */
export const load = () => inTurn(fetched);

async function fetched() {
  if (!pulse.ready) {
    desk = null;
    selected = "";
    tell();
    return;
  }
  try {
    desk = await get("cues");
    timebase = new Timebase(desk.fps, desk.start_timecode);
    if (!chosen()) selected = (cues().find(cue => cue.status === "suggested") || cues()[0])?.label || "";
    tell();
    emit("cues", cues());
  } catch (error) {
    if (error.status !== 409) fail(error); // 409: the recording was closed meanwhile
  }
}

/** Selects a cue; `seek` takes the cursor to its in. */
export function select(label, { seek = false } = {}) {
  const cue = cueOf(label);
  if (!cue) return;
  const other = selected !== label;
  selected = label;
  if (other) {
    tell();
    emit("select", { kind: "cue", index: cue.index });
  }
  if (!seek) return;
  if (cue.in_s < view.start_s || cue.out_s > view.end_s) view.keep(cue.in_s);
  emit("seek", { time_s: cue.in_s, play: false });
}

/** The cue after (1) or before (-1) the selected one; where none is selected, after or before the cursor. */
export function step(by) {
  const all = cues(), at = player.time();
  const place = all.findIndex(cue => cue.label === selected);
  const next = place >= 0 ? all[place + by] : by > 0 ? all.find(cue => cue.in_s > at) : all.findLast(cue => cue.in_s < at);
  if (next) select(next.label, { seek: true });
}

/**
 * Asks the route cues/<path> for a change; its answer, null where it was refused (and told). A body that is a function
 * is asked when its turn comes, of the cues as they stand then.
 */
export function change(path, body = {}) {
  return inTurn(async () => {
    try {
      const asking = typeof body === "function" ? body() : body;
      return asking && take(await post(`cues/${path}`, asking));
    } catch (error) {
      fail(error);
      tell(); // what was typed goes back to what stands
      return null;
    }
  });
}

/** What a change, or a sheet that came back, answered. */
export function take(answer) {
  if (answer.cues !== undefined && desk) {
    Object.assign(desk, { cues: answer.cues, revision: answer.revision, count: answer.count, decided: answer.decided });
    desk.has.cues = answer.cues !== null;
    if (answer.cue) selected = answer.cue;
    if (!chosen()) selected = nearest()?.label || "";
    messages = answer.messages;
    tell();
    emit("cues", cues());
    beat();
  }
  return answer;
}

const nearest = () => cues().reduce((best, cue) => {
  const away = Math.abs(cue.in_s - player.time());
  return !best || away < Math.abs(best.in_s - player.time()) ? cue : best;
}, null);

/** What followed from the last change, in words. */
export let messages = [];
export const hush = () => {
  messages = [];
  tell();
};

/** Fields of the selected cue, or of another. */
export const set = (fields, label = selected) => (label ? change("change", { cue: label, fields }) : Promise.resolve(null));

/** The nudge that waits for its turn: a key that is held down is one change, not fifty. */
let nudging = null;

/** In, out or both of a cue moved by frames; the cue keeps a frame at least, and stays in the recording. */
export function nudge(part, frames, label = selected) {
  if (nudging?.part === part && nudging.label === label) {
    nudging.frames += frames;
    return nudging.asked;
  }
  const own = nudging = { part, frames, label };
  own.asked = change("change", () => {
    if (nudging === own) nudging = null;
    return nudged(own);
  });
  return own.asked;
}

function nudged({ part, frames, label }) {
  const cue = cueOf(label);
  if (!cue || !frames) return null;
  const last = Math.floor((desk.duration_s * timebase.num) / timebase.den + 1e-4);
  let first = timebase.frame(cue.in_s), end = timebase.frame(cue.out_s);
  if (part === "in") first = Math.min(Math.max(first + frames, 0), end - 1);
  else if (part === "out") end = Math.max(Math.min(end + frames, last), first + 1);
  else {
    const by = Math.min(Math.max(frames, -first), last - end);
    first += by;
    end += by;
  }
  const fields = { in_s: timebase.seconds(first), out_s: timebase.seconds(end) };
  if (part === "in") delete fields.out_s;
  if (part === "out") delete fields.in_s;
  return { cue: label, fields };
}

/** Moments that an edge may hit: [time_s, what it is]; `label` is the cue whose own edges do not count. */
export function moments(label) {
  if (!desk) return [];
  const scenes = desk.scenes.flatMap(scene => [
    [scene.start_s, t("cuespage.at_scene", { number: scene.number })],
    ...scene.cuts_s.map(time => [time, t("cuespage.at_cut")]),
  ]);
  const others = cues().filter(cue => cue.label !== label).flatMap(cue => [
    [cue.in_s, t("cuespage.at_in", { label: cue.label })], [cue.out_s, t("cuespage.at_out", { label: cue.label })],
  ]);
  const hits = (cueOf(label)?.hits || []).map(hit => [hit.time_s, hit.what]);
  return [...scenes, ...hits, ...desk.beats.map(each => [each.time_s, t(`cuespage.beat_${each.kind}`)]), ...others];
}

/** What lies within a few frames of a time, in words: "shot change", "scene 3, 2 frames late"; "" for nothing. */
export function landing(time_s, label) {
  const frame = timebase.frame(time_s);
  const [off, what] = moments(label).reduce(
    (best, [at, name]) => (Math.abs(frame - timebase.frame(at)) < Math.abs(best[0]) ? [frame - timebase.frame(at), name] : best),
    [13, ""]);
  if (!what) return "";
  return off === 0 ? t("cuespage.lands_on", { what }) : t(off > 0 ? "cuespage.lands_after" : "cuespage.lands_before", { what, frames: Math.abs(off) });
}

/** Renders the guide, or a candidate, of a cue under the dialogue, and plays it. */
export async function hear(label, place = null) {
  const body = { cue: label, at_s: player.time(), ...(place == null ? {} : { place }) };
  const made = await post("cues/hear", body).catch(fail);
  if (made) await player.audition(made.key, made.start_s, made.end_s);
}

on("recording", () => {
  selected = "";
  messages = [];
  load();
});
/** What others changed is fetched once somebody looks: a film's curve is half a megabyte. */
const follow = () => tab === "cues" && inTurn(() => pulse.ready && pulse.revision !== desk?.revision && fetched());
on("revision", follow);
on("tab", follow);
on("select", ({ kind, index }) => kind === "cue" && cues()[index] && select(cues()[index].label));

// The captions as the server has them, what is selected, and every change: one after the other, each on what it was made on.

import { get, post } from "./api.js";
import { beat, emit, fail, on, pulse, t } from "./state.js";
import { Timebase } from "./timecode.js";

/** What GET captions answers, null while nothing is open. */
export let sheet = null;
export let timebase = new Timebase({ num: 25, den: 1, drop: false });
/** The caption the person is at, -1 for none; those that are selected with it. */
export let current = -1;
export const selected = new Set();

const watchers = new Set();
/** fn({kind: "sheet" | "place"}) is called when the captions, or what is selected, are others. */
export const watch = fn => watchers.add(fn);
const tell = kind => watchers.forEach(fn => fn({ kind }));

let pending = async () => {};
/** fn() commits what is being typed; awaited before any other change. */
export const commitWith = fn => { pending = fn; };
export const commit = () => pending();

function take(answer) {
  sheet = answer;
  timebase = new Timebase(answer.fps, answer.start_timecode);
  const count = answer.captions.length;
  if (current >= count) current = count - 1;
  for (const index of [...selected]) if (index >= count) selected.delete(index);
  tell("sheet");
  emit("captions", answer.captions);
}

/** Fetches everything anew. */
export async function load() {
  if (!pulse.ready) {
    sheet = null;
    selected.clear();
    current = -1;
    tell("sheet");
    return;
  }
  try {
    take(await get("captions"));
  } catch (error) {
    if (error.status !== 409) fail(error); // 409: the recording was closed meanwhile
  }
}

let queue = Promise.resolve();
/** Asks the route captions/<path> for a change; its answer, null where it was refused (and told). */
export function change(path, body = {}) {
  const asked = queue.then(async () => {
    if (!sheet) return null;
    try {
      const answer = await post(`captions/${path}`, { stamp: sheet.stamp, ...body });
      take(answer);
      beat();
      return answer;
    } catch (error) {
      fail(error);
      await load();
      return null;
    }
  });
  queue = asked;
  return asked;
}

/** The same after what is being typed was committed; `made()` gives the body then. */
export async function after(path, made) {
  await commit();
  const body = made();
  return body ? change(path, body) : null;
}

/** Makes a caption the current one; `seek` moves the cursor to it, `keep` leaves the selection alone. */
export function goTo(index, { seek = true, keep = false, focus = "" } = {}) {
  if (!sheet || index < 0 || index >= sheet.captions.length) return;
  const other = index !== current;
  current = index;
  if (!keep) {
    selected.clear();
    selected.add(index);
  }
  if (seek && other) emit("seek", { time_s: sheet.captions[index].start_s, play: false });
  watchers.forEach(fn => fn({ kind: "place", focus }));
  emit("select", { kind: "caption", index });
}

export function select(indices) {
  selected.clear();
  indices.forEach(index => selected.add(index));
  tell("place");
}

/** The caption that is on at a time, else the last one before it; -1 before the first. */
export function at(time_s) {
  let low = 0, high = sheet ? sheet.captions.length : 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sheet.captions[middle].start_s <= time_s + 1e-4) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Rules whose number and limit say more than the rule's name, each with the unit of the two. */
const UNITS = { cps: "", cpl: "", lines: "", words: "", gap: "frames", chain: "frames", overlap: "seconds", min_duration: "seconds", max_duration: "seconds" };

/** What an issue says in the page's language: its rule, and number and limit. */
export function said(issue) {
  const rule = t(`subtitles.rule_${issue.rule}`), unit = UNITS[issue.rule];
  if (unit == null || typeof issue.value !== "number" || typeof issue.limit !== "number") return rule;
  return `${rule} ${round(issue.value)} / ${round(issue.limit)}${unit && t(`subtitles.short_${unit}`)}`;
}
const round = value => String(Math.round(value * 10) / 10 || Math.round(value * 1000) / 1000);

export function startWatching() {
  on("recording", () => { selected.clear(); current = -1; load(); });
  on("revision", revision => sheet?.revision === revision || queue.then(load));
  return load();
}

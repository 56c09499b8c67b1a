// What all live parts share: the pulse of the server, the texts, and a bus of events.
//
// Events (on(name, fn), emit(name, detail)):
//   pulse      every second: {recordings, recording, ready, revision, undo, redo, jobs}
//   recording  another recording is open (or has been read): detail is its name
//   revision   the Project changed, here or elsewhere: parts fetch anew what they show
//   jobs       what goes on has changed
//   seek       {time_s, play}      somebody wants the cursor there
//   cursor     {time_s, playing}   where the cursor is; many times a second while it plays
//   region     {start_s, end_s} or null
//   tab        the tab that is shown: "listen", "dialogue", …
//   select     {kind: "finding"|"caption"|"cue", index}
//   captions, cues, findings   one of them was changed by this page: detail is the new list
//   key        {command}  a keyboard command that a tab may answer, see keys.js
//   tell       {text, kind: "info"|"error"}  a message to the person

import { get, post } from "./api.js";

const bus = new EventTarget();
export const on = (name, fn) => {
  const listener = event => fn(event.detail);
  bus.addEventListener(name, listener);
  return () => bus.removeEventListener(name, listener);
};
export const emit = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));
export const fail = error => emit("tell", { text: error.message || String(error), kind: "error" });

// Texts -------------------------------------------------------------------------------------------------------------

let said = {};
export let language = "en";
/** The text of a key, its {fields} filled. */
export const t = (key, values = {}) =>
  (said[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? values[name] : whole));

/** Resolves once the texts are here; every part awaits it before it draws. */
export const ready = get("texts").then(answer => {
  said = answer.texts;
  language = answer.language;
  document.documentElement.lang = { en: "en", "zh-hant": "zh-Hant-HK", "zh-hans": "zh-Hans" }[language];
});

// The pulse ---------------------------------------------------------------------------------------------------------

export let pulse = { recordings: [], recording: "", ready: false, revision: 0, jobs: [] };
let asking = null;

/** Asks now; parts call it after they changed something, so that nobody waits a second. */
export const beat = () => (asking ??= get("pulse").then(take).catch(() => {}).finally(() => { asking = null; }));

function take(next) {
  const before = pulse;
  pulse = next;
  emit("pulse", next);
  if (before.recording !== next.recording || before.ready !== next.ready) emit("recording", next.recording);
  else if (before.revision !== next.revision) emit("revision", next.revision);
  if (JSON.stringify(before.jobs) !== JSON.stringify(next.jobs)) emit("jobs", next.jobs);
}

let timer = null;
const tick = async () => {
  await beat();
  clearTimeout(timer);
  timer = setTimeout(tick, document.hidden ? 5000 : 1000);
};
document.addEventListener("visibilitychange", () => document.hidden || tick());
ready.then(tick);
// What is being typed when the page is closed or loaded anew is committed, as when one goes on to another field.
window.addEventListener("pagehide", () => document.activeElement?.blur?.());

export const undo = async () => {
  const answer = await post("undo").catch(fail);
  if (answer) await beat();
  return answer;
};
export const redo = async () => {
  const answer = await post("redo").catch(fail);
  if (answer) await beat();
  return answer;
};

// Small helpers -----------------------------------------------------------------------------------------------------

/** An element: el("button", {class: "x", onclick: fn}, "text", child …). Strings become text, never markup. */
export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value != null) made.setAttribute(name, value);
  }
  made.append(...children.flat(Infinity).filter(child => child != null));
  return made;
}

/** 1:02:03.4 of seconds. */
export function clock(seconds, decimals = 1) {
  const scale = 10 ** decimals;
  const all = Math.round(Math.max(seconds, 0) * scale);
  const s = (all % (60 * scale)) / scale, m = Math.floor(all / (60 * scale)) % 60, h = Math.floor(all / (3600 * scale));
  const tail = s.toFixed(decimals).padStart(decimals ? 3 + decimals : 2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${tail}` : `${m}:${tail}`;
}

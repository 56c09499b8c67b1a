// What the Stems tab knows: where the faders stand, which stems are soloed, and what of it the player is told.

import { get, post } from "./api.js";
import { beat, fail, on, pulse } from "./state.js";
import { player } from "./player.js";
import { tab } from "./tabs.js";

const SAVE_MS = 500;
const changed = new EventTarget();

/** The answer of GET stems, null while no recording is open. */
export let desk = null;
export let solo = new Set();
let saving = null;

export const watch = fn => changed.addEventListener("change", fn);
const tell = () => changed.dispatchEvent(new Event("change"));

/** The track of a stem as the manifest lists it; undefined while that is on its way. */
export const trackOf = key => player.trackOf(key);
export const titleOf = key => trackOf(key)?.title ?? key;
export const names = () => Object.keys(desk?.faders ?? {});

export const heard = name => !desk.faders[name].muted && (solo.size === 0 || solo.has(name));

/** What the player plays while the faders are heard. */
export const mix = () => names().map(key => ({ key, gain_db: desk.faders[key].gain_db, muted: !heard(key) }));

export const listening = () => player.mix !== null;

/** Whether the faders are to be heard while this tab is shown: until somebody chooses A or B. */
let wanted = true;
/** Whether they were heard last: only then is silence of theirs somebody's choice. */
let sounding = false;

function sound(on) {
  sounding = on;
  player.setMix(on ? mix() : null);
}

/** Hears the faders, or A and B again. */
export function listen(on) {
  wanted = on;
  sound(on && names().length > 0);
  tell();
}

/** Hears them where they could not be heard before: the tab, the faders and the manifest come in any order. */
function follow() {
  if (tab === "stems" && wanted && !listening() && names().length && names().every(trackOf)) sound(true);
  tell();
}

export function move(name, place) {
  Object.assign(desk.faders[name], place);
  if (listening()) player.setMix(mix());
  clearTimeout(saving);
  saving = setTimeout(save, SAVE_MS);
  tell();
}

/** Solo of some stems: on where any of them was off. */
export function toggleSolo(...keys) {
  const all = keys.every(key => solo.has(key)) && solo.size === keys.length;
  if (keys.length > 1) solo = new Set(all ? [] : keys);
  else if (solo.has(keys[0])) solo.delete(keys[0]);
  else solo.add(keys[0]);
  if (listening()) player.setMix(mix());
  tell();
}

window.addEventListener("pagehide", () => saving && save());

export async function save() {
  clearTimeout(saving);
  saving = null;
  const answer = await post("stems/faders", { faders: desk.faders }).catch(fail);
  if (answer) beat();
}

/** Saves what is not saved, so that what is asked next is about the faders as they stand. */
export const saved = async () => {
  if (saving !== null) await save();
};

export async function mixDown() {
  clearTimeout(saving);
  saving = null;
  const job = await post("stems/mixdown", { faders: desk.faders }).catch(fail);
  if (job) await beat();
}

/** The latest mix down of the recording that is open. */
export const job = () => pulse.jobs.filter(each => each.kind === "mixdown" && each.recording === pulse.recording).at(-1);

export async function load() {
  if (!pulse.ready) {
    desk = null;
    tell();
    return;
  }
  try {
    const next = await get("stems");
    if (saving !== null && desk) next.faders = desk.faders; // a fader is being moved
    desk = next;
  } catch (error) {
    if (error.status !== 409) fail(error);
    desk = null;
  }
  if (desk && desk.share < 1) setTimeout(load, 1500);
  follow();
}

on("recording", () => {
  solo = new Set();
  sounding = false;
  load();
});
on("revision", load);
on("jobs", tell);
on("manifest", follow);
on("track", () => {
  if (tab === "stems" && sounding && !listening()) wanted = sounding = false;
  tell();
});
on("tab", ({ name }) => {
  if (name === "stems") {
    wanted = true;
    follow();
  } else if (listening()) sound(false);
});

// What is done to captions, by button or key: each a name, a key, and what runs. Keys hold while the tab is shown.

import { after, change, commit, current, goTo, select, selected, sheet } from "./subtitles_data.js";
import { command } from "./keys.js";
import { el, emit, on, t } from "./state.js";

let cursor_s = 0;
on("cursor", cursor => { cursor_s = cursor.time_s; });
on("seek", seek => { cursor_s = seek.time_s; });

const chosen = () => [...(selected.size ? selected : [current])].filter(index => index >= 0).sort((a, b) => a - b);
const caption = () => sheet?.captions[current];

/** Every command by its name: its key, as keys.js has it, and what it runs. */
export const commands = table => ({
  previous: { key: "Alt+ArrowUp", run: () => step(table, -1) },
  next: { key: "Alt+ArrowDown", run: () => step(table, 1) },
  extend_up: { key: "Alt+Shift+ArrowUp", run: () => extend(table, -1) },
  extend_down: { key: "Alt+Shift+ArrowDown", run: () => extend(table, 1) },
  split: { key: "Alt+s", run: () => split(table) },
  merge: { key: "Alt+m", run: () => stay(table, after("merge", () => caption() && { index: current })) },
  insert: { key: "Alt+n", run: () => stay(table, after("insert", () => ({ at_s: cursor_s }))) },
  remove: { key: "Alt+Delete", run: () => stay(table, after("delete", () => chosen().length && { indices: chosen() }), "row") },
  set_in: { key: "Alt+i", run: () => setTime("start_s") },
  set_out: { key: "Alt+o", run: () => setTime("end_s") },
  review_next: { key: "Mod+Enter", run: () => reviewAndNext(table) },
  play_caption: { key: "Alt+p", run: () => caption() && emit("seek", { time_s: caption().start_s, play: true }) },
});

/** Makes them keyboard commands while `root` is shown, in text fields too. */
export function register(root, all) {
  const named = { previous: "previous-caption", next: "next-caption" };
  for (const [name, { key, run }] of Object.entries(all)) {
    command(named[name] ?? `caption-${name}`, key, {
      label: () => t(`subtitles.do_${name}`), run, when: () => Boolean(root.offsetParent), everywhere: true, group: "subtitles",
    });
  }
}

async function step(table, by) {
  await commit();
  const index = table.beside(by);
  if (index >= 0) goTo(index, { focus: inText() ? "text" : "row" });
}

/** Takes the next caption into the selection. */
function extend(table, by) {
  const index = table.beside(by), more = [...selected, current, index].filter(each => each >= 0);
  if (index < 0) return;
  goTo(index, { seek: false, keep: true, focus: "row" });
  select(more);
}

const inText = () => document.activeElement?.classList.contains("cap-area");

/** Goes to the caption that a change left the person at. */
async function stay(table, asked, focus = "text") {
  const answer = await asked;
  if (!answer) return;
  goTo(answer.at, { seek: false, focus });
}

async function split(table) {
  const row = table.rows.get(current);
  if (!caption()) return;
  // The caret counts in the text as it stands once it is kept; what is cleaned away then stands at ends and between spaces.
  const field = row?.text, caret = inText() && field === document.activeElement ? field.selectionStart : null;
  const before = caret == null ? null : field.value.slice(0, caret);
  await stay(table, after("split", () => {
    const body = { index: current, at_s: cursor_s };
    return before == null ? body : { ...body, caret: placeOf(before, caption().lines.join("\n")) };
  }));
}

/** Where a caret after `before` stands in a text whose spaces may have been cleaned. */
function placeOf(before, text) {
  const letters = before.replace(/\s/g, "").length;
  let seen = 0, place = 0;
  while (place < text.length && seen < letters) seen += /\s/.test(text[place++]) ? 0 : 1;
  while (place < text.length && /\s/.test(text[place])) place += 1;
  return place;
}

async function setTime(which) {
  await after("times", () => {
    const row = caption();
    return row && { index: current, start_s: row.start_s, end_s: row.end_s, [which]: cursor_s };
  }).then(answer => answer && goTo(answer.at, { seek: false }));
}

async function reviewAndNext(table) {
  if (!caption()) return;
  const row = table.rows.get(current), next = table.beside(1), focus = inText() ? "text" : "row";
  if (row?.dirty()) await row.commit(true);
  else await change("review", { indices: chosen(), reviewed: true });
  if (next >= 0) goTo(next, { focus });
}

/** A key as people read it: 'Alt S'. */
const shownKey = key => key.split("+").map(part => ({ Mod: "Ctrl", ArrowUp: "↑", ArrowDown: "↓", Enter: "↵", Delete: "Del" })[part] ?? (part.length > 1 ? part : part.toUpperCase())).join(" ");

/** `bare`: the sign alone, its name for screen readers. */
export const button = (name, { key, run }, sign, bare = false) => el("button", {
  class: "ap-btn", id: `cap-${name}`, title: `${t(`subtitles.do_${name}`)} (${shownKey(key)})`, onclick: run,
  "aria-label": bare ? t(`subtitles.do_${name}`) : null,
  // A button must not take the caret out of the text that it works on.
  onmousedown: event => event.preventDefault(),
}, el("span", { "aria-hidden": "true" }, sign), bare ? null : t(`subtitles.${name}_short`));

// The list of cues: one row each, moved through and nudged with the arrow keys.

import { cues, desk, nudge, select, selected, set, timebase } from "./cues_data.js";
import { clock, el, emit, t } from "./state.js";

const COLUMNS = ["label", "status", "in_timecode", "out_timecode", "duration_s", "title", "function", "emotion", "tempo_bpm", "key"];
export const SIGNS = { suggested: "?", accepted: "✓", rejected: "✕", existing: "♪" };
const RIGHT = new Set(["in_timecode", "out_timecode", "duration_s", "tempo_bpm"]);
const TAGS = { suggested: "", accepted: "ok", rejected: "bad", existing: "" };

export const tempo = ([low, high]) => (high <= 0 ? "" : low === high ? `${low}` : `${low}–${high}`);
export const statusTag = cue => el("span", { class: `ap-tag ${TAGS[cue.status]}` }, `${SIGNS[cue.status]} ${desk.names.status[cue.status]}`);

export function list() {
  const body = el("tbody", {}), head = el("tr", {});
  const table = el("table", { class: "ap-table cue-list", role: "grid", "aria-label": t("cuespage.list") }, el("thead", {}, head), body);
  const count = el("p", { class: "ap-dim cue-count", id: "cue-count" });
  const none = el("p", { class: "ap-empty" }, t("cuespage.found_none"));
  body.addEventListener("keydown", keys);
  body.addEventListener("click", event => {
    const row = event.target.closest("tr");
    if (row) select(row.dataset.label, { seek: true });
  });
  return {
    element: el("div", { class: "ap-panel cue-panel" }, el("div", { class: "cue-scroll" }, table), none, count),
    draw() {
      head.replaceChildren(...COLUMNS.map(name => el("th", { scope: "col", class: RIGHT.has(name) ? "num" : "" }, desk.fields[name])));
      const focused = body.contains(document.activeElement);
      body.replaceChildren(...cues().map(row));
      none.hidden = cues().length > 0;
      const proposed = cues().filter(cue => cue.status !== "existing");
      const of = status => proposed.filter(cue => cue.status === status).length;
      count.textContent = t("cuespage.count", { count: proposed.length, accepted: of("accepted"), rejected: of("rejected"), open: of("suggested") });
      const chosen = body.querySelector("tr.on");
      if (focused) chosen?.focus({ preventScroll: true });
      within(chosen);
    },
  };
}

/** Scrolls the list, and nothing else, so that a row is seen. */
function within(row) {
  const box = row?.closest(".cue-scroll");
  if (!box) return;
  const top = row.offsetTop - 28, bottom = row.offsetTop + row.offsetHeight;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight;
}

function row(cue) {
  const { names } = desk, on = cue.label === selected;
  const cell = (content, kind = "") => el("td", { class: kind }, content);
  return el("tr", { class: `${on ? "on " : ""}cue-${cue.status}`, "data-label": cue.label, tabindex: on ? 0 : -1, "aria-selected": String(on) },
    el("th", { scope: "row", class: "ap-mono" }, cue.label, cue.edited ? el("span", { class: "cue-edited", title: t("cuespage.edited") }, "✎") : null),
    cell(statusTag(cue)),
    cell(timebase.code(cue.in_s), "num ap-mono"), cell(timebase.code(cue.out_s), "num ap-mono"),
    cell(clock(cue.out_s - cue.in_s), "num"), cell(cue.title), cell(names.function[cue.function]), cell(names.emotion[cue.emotion]),
    cell(tempo(cue.tempo_bpm), "num"), cell([cue.key, names.mode[cue.mode] ?? cue.mode].filter(Boolean).join(" ")));
}

function keys(event) {
  const place = cues().findIndex(cue => cue.label === selected);
  const frames = { ArrowLeft: -1, ArrowRight: 1 }[event.key], rows = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (frames && !event.altKey) nudge(event.shiftKey ? "out" : event.ctrlKey || event.metaKey ? "both" : "in", frames);
  else if (rows) select(cues()[place + rows]?.label || selected, { seek: true });
  else if (event.key === "Enter") set({ status: "accepted" });
  else if (event.key === "Delete") set({ status: "rejected" });
  else if (event.key === " ") emit("seek", { time_s: Math.max(cues()[place].in_s - 1, 0), play: true });
  else return;
  event.preventDefault();
  event.stopPropagation();
}

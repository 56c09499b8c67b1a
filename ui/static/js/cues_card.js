// The selected cue: a card with every field and why it is there; below the list what it hits, how else it could be,
// which tracks may serve it.

import { url } from "./api.js";
import { busily } from "./cues_busy.js";
import { change, chosen, desk, hear, nudge, set, timebase } from "./cues_data.js";
import { statusTag } from "./cues_list.js";
import { candidates } from "./cues_tracks.js";
import { player } from "./player.js";
import { clock, el, emit, t } from "./state.js";

const number = (value, places = 1) => `${value < 0 ? "−" : ""}${Math.abs(value).toFixed(places)}`;

export const card = () => shownFor("cue-card", t("cuespage.card"), cue => (cue ? [...head(cue), reason(cue), fields(cue)] : [el("p", { class: "ap-empty" }, t("cuespage.none_selected"))]));
export const details = () => shownFor("cue-more", t("cuespage.details"), cue => (cue ? more(cue) : []));

/** Whether a panel is being filled anew: a field that goes with it was not left by the person. */
let drawing = false;

/** What is being typed in a panel, {id, value, from, to}; value is null where nothing was typed yet. */
function typedIn(element) {
  const field = document.activeElement;
  if (!element.contains(field)) return null;
  const text = field.matches("input") && field.value !== field.defaultValue;
  return { id: field.id, value: text ? field.value : null, from: field.selectionStart, to: field.selectionEnd };
}

function typeOn(element, { id, value, from, to }) {
  const field = id && element.querySelector(`#${id}`);
  if (!field) return;
  if (value != null) field.value = value;
  field.focus({ preventScroll: true });
  if (value != null) field.setSelectionRange(from, to);
}

/**
 * A panel that `make(cue)` fills anew when the cue is another. What was unfolded stays so; what is being typed stays,
 * too, while it is about the same cue.
 */
function shownFor(kind, label, make) {
  const element = el("section", { class: `ap-panel ${kind}`, "aria-label": label });
  let drawn = "", of = "";
  return {
    element,
    draw() {
      const cue = chosen(), now = JSON.stringify([cue, desk.library]);
      if (now === drawn && !refused(element)) return;
      drawn = now;
      const typed = typedIn(element), same = of === cue?.label;
      of = cue?.label;
      const folded = new Map([...element.querySelectorAll("details")].map(each => [each.id, each.open]));
      drawing = true;
      element.replaceChildren(...make(cue));
      drawing = false;
      element.hidden = !element.hasChildNodes();
      for (const each of element.querySelectorAll("details")) each.open = folded.get(each.id) ?? each.open;
      if (typed) typeOn(element, same ? typed : { ...typed, value: null });
    },
  };
}

/** Whether a field holds what was typed and not taken. */
const refused = element => [...element.querySelectorAll(".cue-fields input")].some(input => input.value !== input.defaultValue);

// What can be done ----------------------------------------------------------------------------------------------------

const button = (id, text, onclick, { kind = "", sign = "", pressed, title } = {}) =>
  el("button", { class: `ap-btn ${kind}`, id: `cue-${id}`, onclick, title, "aria-pressed": pressed == null ? null : String(pressed) },
    sign ? el("span", { "aria-hidden": "true" }, sign) : null, text);

function head(cue) {
  const judge = (status, sign) => button(status, t(`cuespage.${status}`), () => set({ status: cue.status === status ? "suggested" : status }), { sign, pressed: cue.status === status });
  const judged = cue.status === "existing" ? [] : [
    el("span", { class: "ap-group" }, judge("accepted", "✓"), judge("rejected", "✕")),
    cue.status === "suggested" ? null : button("reopen", t("cuespage.reopen"), () => set({ status: "suggested" }), { kind: "quiet" }),
  ];
  const heard = cue.plays ? [
    button("hear", t("cuespage.hear"), busily(() => hear(cue.label)), { kind: "primary", sign: "▶", title: t("cuespage.do_hear") }),
    link("midi", { cue: cue.label, kind: "midi" }), link("sound", { cue: cue.label, kind: "sound" }),
  ] : [];
  return [
    el("header", {}, el("span", { class: "ap-mono" }, cue.label), statusTag(cue), el("span", { class: "ap-gap" }),
      el("span", { class: "ap-dim ap-num" }, `${desk.fields.duration_s} ${clock(cue.out_s - cue.in_s, 2)} · ${t("cuespage.sure", { percent: Math.round(100 * cue.confidence) })}`)),
    el("div", { class: "ap-bar" }, judged, el("span", { class: "ap-gap" }),
      button("play", t("cuespage.play"), () => emit("seek", { time_s: Math.max(cue.in_s - 1, 0), play: true }), { title: t("cuespage.do_play") }),
      button("split", t("cuespage.split"), () => change("split", { cue: cue.label, time_s: player.time() }), { title: t("cuespage.do_split") }),
      button("remove", t("cuespage.remove"), () => change("remove", { cue: cue.label }), { kind: "danger" })),
    heard.length ? el("div", { class: "ap-bar cue-hear" }, heard) : null,
  ].filter(Boolean);
}

const link = (kind, query) => el("a", { class: "ap-btn", href: url("cues/guides", query), download: "", id: `cue-guide-${kind}`, title: t(`cuespage.do_guide_${kind}`) }, t(`cuespage.guide_${kind}`));

// Fields --------------------------------------------------------------------------------------------------------------

const field = (name, input, text = desk.fields[name]) => el("label", { class: `ap-field cue-f-${name}` }, el("span", {}, text), input);

/** A field of text; `read(value)` gives the fields to set, null for what is none. */
function entry(name, value, read, more = {}) {
  const input = el("input", { class: "ap-input", id: `cue-${name}`, value, autocomplete: "off", spellcheck: "false", ...more });
  const keep = () => {
    if (drawing || input.value === String(value)) return;
    const fields = read(input.value);
    if (fields) set(fields);
    else {
      emit("tell", { kind: "error", text: t("cuespage.no_value", { field: desk.fields[name] || name, value: input.value }) });
      input.value = value;
    }
  };
  input.addEventListener("blur", keep); // no "change": text that was put back after a redraw fires none
  input.addEventListener("keydown", event => {
    if (event.key === "Escape") input.value = value;
    if (event.key === "Enter") input.blur();
  });
  return input;
}

const text = (name, cue, more = {}) => field(name, entry(name, cue[name], value => ({ [name]: value.trim() }), { maxlength: 1000, ...more }));

function choice(name, value, kind, id = name) {
  const names = desk.names[kind], own = value in names ? {} : { [value]: value || "–" };
  const select = el("select", { class: "ap-select", id: `cue-${id}`, onchange: event => set({ [name]: event.target.value }) },
    Object.entries({ ...own, ...names }).map(([id, label]) => el("option", { value: id, selected: id === value }, label)));
  return field(name, select);
}

/** A timecode that the arrow keys move by a frame, and a button that takes the cursor's. */
function time(name, part, cue) {
  const value = timebase.code(cue[name]), column = part === "in" ? "in_timecode" : "out_timecode";
  const input = entry(name, value, typed => {
    const time_s = timebase.parse(typed);
    return time_s == null || time_s < 0 ? null : { [name]: time_s };
  }, { class: "ap-input ap-mono" });
  input.addEventListener("keydown", event => {
    const frames = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!frames) return;
    event.preventDefault();
    nudge(part, frames, cue.label);
  });
  return el("div", { class: "cue-time" }, field(column, input),
    el("button", { class: "ap-btn", id: `cue-${part}-here`, title: t(`cuespage.do_${part}_here`), "aria-label": t(`cuespage.do_${part}_here`), onclick: () => set({ [name]: timebase.snap(player.time()) }) }, part === "in" ? "⇤" : "⇥"));
}

function decimal(typed) {
  const value = Number(typed.trim().replace(",", ".").replace("−", "-"));
  return typed.trim() && Number.isFinite(value) ? value : null;
}

const amount = (name, value, label) => field(name, entry(name, number(value, 2).replace(/\.?0+$/, ""), typed => {
  const given = decimal(typed);
  return given == null ? null : { [name]: given };
}, { inputmode: "decimal" }), label);

function fields(cue) {
  const plays = cue.plays, [low, high] = cue.tempo_bpm;
  const speed = typed => {
    const found = /^\s*(\d{1,4})\s*(?:[-–—,\s]\s*(\d{1,4}))?\s*$/.exec(typed);
    return found && { tempo_bpm: [Number(found[1]), Number(found[2] ?? found[1])] };
  };
  return el("div", { class: "cue-fields" },
    time("in_s", "in", cue), time("out_s", "out", cue),
    text("title", cue),
    field("reel", entry("reel", cue.reel, typed => (/^\d{1,2}$/.test(typed) && Number(typed) ? { reel: Number(typed) } : null), { inputmode: "numeric" })),
    choice("function", cue.function, "function"), choice("emotion", cue.emotion, "emotion"),
    ...(cue.function === "silence" ? [] : [
      field("tempo_bpm", entry("tempo_bpm", high > 0 ? (low === high ? low : `${low}–${high}`) : "0", speed)),
      text("metre", cue), text("key", cue), mode(cue),
      field("instruments", entry("instruments", cue.instruments.join("; "), typed => ({ instruments: typed.split(/[;；]/).map(each => each.trim()).filter(Boolean) }))),
      text("texture", cue), text("dynamics", cue),
    ]),
    ...(plays ? [
      amount("level_lu", cue.level_lu),
      amount("fade_in_s", cue.fades.in_s), choice("fade_in_shape", cue.fades.in_shape, "fade"),
      button("dress", t("cuespage.dress"), () => change("dress", { cue: cue.label }), { title: t("cuespage.do_dress"), kind: "cue-dress" }),
      amount("fade_out_s", cue.fades.out_s), choice("fade_out_shape", cue.fades.out_shape, "fade"),
    ] : []));
}

/** Modes have names, and composers have others. */
function mode(cue) {
  const names = desk.names.mode, shown = names[cue.mode] ?? cue.mode;
  const meant = typed => Object.keys(names).find(id => names[id].toLowerCase() === typed.trim().toLowerCase()) ?? typed.trim();
  const known = el("datalist", { id: "cue-modes" }, Object.values(names).map(name => el("option", { value: name })));
  return field("mode", el("span", {}, entry("mode", shown, typed => ({ mode: meant(typed) }), { list: "cue-modes" }), known));
}

// Why, what it meets, how else --------------------------------------------------------------------------------------------

const part = (id, title, open, ...content) => el("details", { class: "cue-part", id: `cue-part-${id}`, open }, el("summary", {}, title), ...content);

const reason = cue => el("div", { class: "cue-reason" }, el("h3", {}, desk.fields.reason), el("p", {}, cue.reason));

function more(cue) {
  const parts = [];
  if (cue.plays) parts.push(hits(cue));
  if (cue.alternatives.length) parts.push(alternatives(cue));
  if (cue.plays) parts.push(candidates(cue));
  if (cue.ducks.length) parts.push(ducks(cue));
  return parts;
}

function hits(cue) {
  const fit = cue.tempo && t("cuespage.fitted", { bpm: number(cue.tempo.bpm, 2), first: timebase.code(cue.tempo.first_beat_s), worst: number(cue.tempo.worst_frames) });
  const rows = cue.hits.map((hit, place) => el("tr", {},
    el("td", { class: "ap-mono" }, el("button", { class: "ap-btn quiet ap-mono", onclick: () => emit("seek", { time_s: hit.time_s, play: false }) }, timebase.code(hit.time_s))),
    el("td", {}, hit.what),
    el("td", { class: "num" }, hit.beat == null ? "–" : hit.beat),
    el("td", { class: "num" }, hit.error_frames == null ? "–" : `${hit.error_frames > 0 ? "+" : ""}${number(hit.error_frames)}`),
    el("td", {}, el("button", { class: "ap-btn quiet", "aria-label": t("cuespage.unhit", { time: timebase.code(hit.time_s) }), title: t("cuespage.unhit", { time: timebase.code(hit.time_s) }), onclick: () => change("unhit", { cue: cue.label, place }) }, "✕"))));
  const table = el("table", { class: "ap-table" },
    el("thead", {}, el("tr", {}, ["hit_time", "hit_what", "hit_beat", "hit_error", "hit_remove"].map(key => el("th", { scope: "col", class: key === "hit_beat" || key === "hit_error" ? "num" : "" }, key === "hit_remove" ? el("span", { class: "ap-hidden" }, t(`cuespage.${key}`)) : t(`cuespage.${key}`))))),
    el("tbody", {}, rows));
  return part("hits", `${t("cuespage.hits")} (${cue.hits.length})`, cue.hits.length > 0,
    fit ? el("p", { class: "ap-dim" }, fit) : null, rows.length ? table : null,
    button("hit", t("cuespage.hit"), () => change("hit", { cue: cue.label, time_s: player.time() }), { title: t("cuespage.do_hit") }));
}

function alternatives(cue) {
  return part("alternatives", `${t("cuespage.alternatives")} (${cue.alternatives.length})`, true,
    el("ul", { class: "cue-others" }, cue.alternatives.map((other, place) => el("li", {},
      el("div", {}, el("strong", {}, other.treatment), el("p", {}, other.reason)),
      el("button", { class: "ap-btn", id: `cue-alternative-${place}`, "aria-label": `${t("cuespage.take_over")}: ${other.treatment}`, onclick: () => change("alternative", { cue: cue.label, place }) }, t("cuespage.take_over"))))));
}

function ducks(cue) {
  return part("ducks", `${t("cuespage.ducks")} (${cue.ducks.length})`, false,
    el("ul", { class: "cue-ducks ap-mono" }, cue.ducks.map(duck => el("li", {}, `${timebase.code(duck.start_s)} – ${timebase.code(duck.end_s)}  ${number(duck.level_lu)} LU`))));
}

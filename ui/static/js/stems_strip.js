// Strips of the mixer: a stem's fader with its level, mute, solo and file; music and effects together; the sum.

import { url } from "./api.js";
import { el, t } from "./state.js";
import { player } from "./player.js";
import { desk, heard, listening, move, names, saved, solo, titleOf, toggleSolo, trackOf } from "./stems_data.js";

const FLOOR_DB = -60, TOP_DB = 12; // as the faders, so that one scale serves both
/** A bar falls by so many dB a second. */
const FALL_DB_S = 24;
const TICKS = [12, 6, 0, -6, -12, -24, -36, -48, -60];

const decibels = value => (value > 0 ? 20 * Math.log10(value) : -Infinity);
const shown = db => (Number.isFinite(db) ? `${db > 0 ? "+" : db < 0 ? "−" : ""}${Math.abs(db).toFixed(1)}` : "−∞");

/** A level with the highest peak until it is clicked. `read()` gives 0..1 and above. */
function level(name, read) {
  const bar = el("i"), mark = el("b");
  const peak = el("button", { class: "stems-peak ap-num", title: t("stems.reset_peak") }, "−∞");
  let falling = -Infinity, highest = -Infinity, before = 0;
  const draw = () => {
    const now = performance.now(), db = player.playing ? decibels(read()) : -Infinity;
    falling = Math.max(db, falling - FALL_DB_S * Math.min((now - before) / 1000, 1));
    if (falling < FLOOR_DB || !player.playing) falling = -Infinity;
    before = now;
    if (db > highest) highest = db;
    const share = (Math.min(falling, TOP_DB) - FLOOR_DB) / (TOP_DB - FLOOR_DB);
    bar.style.height = `${Math.max(share, 0) * 100}%`;
    mark.style.bottom = `${Math.max((Math.min(highest, TOP_DB) - FLOOR_DB) / (TOP_DB - FLOOR_DB), 0) * 100}%`;
    mark.hidden = !Number.isFinite(highest);
    peak.textContent = shown(highest);
    peak.classList.toggle("over", highest > 0);
    peak.setAttribute("aria-label", t("stems.peak_of", { name: name(), peak: shown(highest) }));
  };
  peak.addEventListener("click", () => {
    highest = -Infinity;
    draw();
  });
  return { peak, meter: el("div", { class: "stems-meter", "aria-hidden": "true" }, bar, mark), draw };
}

const scale = () => el("div", { class: "stems-scale", "aria-hidden": "true" },
  TICKS.map(db => el("span", { style: `bottom: ${((db + 60) / 72) * 100}%` }, db > 0 ? `+${db}` : `${db}`.replace("-", "−"))));

/** A link that has a track as a file. `form()` is the format that is chosen. */
function fileOf(name, form, query) {
  const link = el("a", { class: "ap-btn quiet stems-file", href: "#", download: true }, "⤓");
  link.addEventListener("click", event => {
    const asked = query();
    if (!asked) event.preventDefault();
    else link.href = url("stems/file", { ...asked, form: form() });
  });
  const label = () => {
    link.title = t("stems.download_what", { name: name() });
    link.setAttribute("aria-label", link.title);
  };
  return { link, label };
}

/** The strip of a stem. */
export function strip(key, form) {
  const name = () => titleOf(key);
  const title = el("h3", { class: "stems-name" });
  const fader = el("input", {
    type: "range", class: "stems-fader", min: desk.lowest_db, max: desk.highest_db, step: 0.5, id: `stems-fader-${key}`, orient: "vertical",
  });
  const number = el("input", {
    type: "number", class: "ap-input stems-db ap-num", min: desk.lowest_db, max: desk.highest_db, step: 0.1, id: `stems-db-${key}`,
  });
  const mute = el("button", { class: "ap-btn stems-mute", id: `stems-mute-${key}`, onclick: () => move(key, { muted: !desk.faders[key].muted }) }, "M");
  const alone = el("button", { class: "ap-btn stems-solo", id: `stems-solo-${key}`, onclick: () => toggleSolo(key) }, "S");
  const gauge = level(name, () => player.level(key));
  const file = fileOf(name, form, () => trackOf(key) && { track: key, v: trackOf(key).version });
  const set = db => Number.isFinite(db) && move(key, { gain_db: Math.min(Math.max(db, desk.lowest_db), desk.highest_db) });
  fader.addEventListener("input", () => set(fader.valueAsNumber));
  fader.addEventListener("dblclick", () => set(0));
  number.addEventListener("change", () => set(number.valueAsNumber));
  const element = el("section", { class: "stems-strip", role: "group" }, title, gauge.peak,
    el("div", { class: "stems-lane" }, scale(), fader, gauge.meter), number,
    el("div", { class: "stems-buttons" }, mute, alone, file.link));
  element.addEventListener("keydown", event => {
    const act = { m: () => mute.click(), s: () => alone.click(), 0: () => set(0) }[event.key];
    if (!act || event.target === number || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
  const draw = () => {
    const place = desk.faders[key];
    title.textContent = name();
    element.setAttribute("aria-label", name());
    for (const field of [fader, number]) {
      field.setAttribute("aria-label", t("stems.fader_of", { name: name() }));
      if (document.activeElement !== field || field === fader) field.value = field === number ? place.gain_db.toFixed(1) : place.gain_db;
    }
    fader.setAttribute("aria-valuetext", `${shown(place.gain_db)} dB`);
    fader.title = t("stems.fader_hint");
    for (const [button, on, text] of [[mute, place.muted, "stems.mute_of"], [alone, solo.has(key), "stems.solo_of"]]) {
      button.setAttribute("aria-pressed", String(on));
      button.title = t(text, { name: name() });
      button.setAttribute("aria-label", button.title);
    }
    element.classList.toggle("silent", !heard(key));
    file.label();
  };
  return { key, element, draw, meter: gauge.draw };
}

/** Music and effects together, which has no fader of its own: heard alone, and as a file. */
export function together(form) {
  const key = "m_and_e";
  const parts = () => names().filter(name => name !== "dialogue");
  const alone = el("button", { class: "ap-btn stems-solo", id: "stems-solo-m_and_e", onclick: () => toggleSolo(...parts()) }, "S");
  const file = fileOf(() => titleOf(key), form, () => trackOf(key) && { track: key, v: trackOf(key).version });
  const title = el("h3", { class: "stems-name" });
  const element = el("section", { class: "stems-strip narrow", role: "group" }, title,
    el("p", { class: "ap-dim" }, t("stems.together")), el("div", { class: "stems-buttons" }, alone, file.link));
  const draw = () => {
    title.textContent = titleOf(key);
    element.setAttribute("aria-label", titleOf(key));
    const on = solo.size === parts().length && parts().every(part => solo.has(part));
    alone.setAttribute("aria-pressed", String(on));
    alone.title = t("stems.solo_of", { name: titleOf(key) });
    alone.setAttribute("aria-label", alone.title);
    file.label();
  };
  return { element, draw, meter: () => {} };
}

/** The sum: what all voices play now, added up. */
function sum() {
  const voices = [...(player.session?.voices.values() ?? [])];
  const total = new Float32Array(2048);
  for (const { analyser } of voices) {
    const own = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(own);
    own.forEach((sample, i) => { total[i] += sample; });
  }
  return total.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
}

/** The strip of the sum, with the mix as it stands as a file. */
export function master(form) {
  const gauge = level(() => t("stems.sum"), () => (listening() ? sum() : 0));
  const link = el("a", { class: "ap-btn quiet stems-file", href: "#", download: true, id: "stems-download-mix" }, "⤓");
  link.addEventListener("click", async event => {
    event.preventDefault();
    await saved();
    const go = el("a", { href: url("stems/mix", { form: form() }), download: true });
    go.click();
  });
  const element = el("section", { class: "stems-strip stems-sum", role: "group", "aria-label": t("stems.sum") },
    el("h3", { class: "stems-name" }, t("stems.sum")), gauge.peak,
    el("div", { class: "stems-lane" }, gauge.meter), el("div", { class: "stems-buttons" }, link));
  const draw = () => {
    link.title = t("stems.download_mix");
    link.setAttribute("aria-label", link.title);
  };
  return { element, draw, meter: gauge.draw };
}

// Loudness where the cursor is: the curves of the track that is heard, plus the gain at which it is heard.

import { get, url } from "./api.js";
import { el, fail, on, t } from "./state.js";
import { player } from "./player.js";

const LOW_LU = -45, HIGH_LU = 0;

const measured = new Map();

/** The numbers and curves of a track; null while they are being measured. */
function meters(track) {
  const key = `${track.key}:${track.version}`;
  const known = measured.get(key);
  if (known) return known.curve ? known : null;
  const entry = { curve: null, whole: null };
  measured.set(key, entry);
  while (measured.size > 24) measured.delete(measured.keys().next().value);
  const query = { track: track.key, v: track.version };
  Promise.all([get("meters", query), fetch(url("meters/curve", query))]).then(async ([whole, curve]) => {
    const raw = curve.ok ? await curve.arrayBuffer() : new ArrayBuffer(0);
    if (!raw.byteLength) {
      measured.delete(key);
      return;
    }
    entry.whole = whole;
    entry.curve = new Float32Array(raw);
  }).catch(error => {
    if (error.status === 410) measured.delete(key);
    else fail(error);
  });
  return null;
}

/** A level as it is shown; NaN is none yet, such as short-term loudness in the first three seconds. */
const number = value => (Number.isNaN(value) ? "–" : Number.isFinite(value) ? value.toFixed(1).replace("-", "−") : "−∞");

/** Which version is heard, and how much its level is changed for that. */
function heardLine() {
  const name = el("b"), gain = el("span", { class: "ap-dim ap-num" });
  const row = el("div", { class: "deck-heard" }, name, gain);
  const show = () => {
    name.textContent = player.mix ? t("deck.heard_mix") : player.trackOf(player.track)?.title ?? "";
    const db = player.mix ? 0 : player.gain();
    gain.textContent = Math.abs(db) < 0.05 ? "" : t("deck.heard_gain", { db: `${db > 0 ? "+" : ""}${number(db)}` });
  };
  return { row, show };
}

export function meterPanel() {
  const rows = ["momentary", "short_term", "integrated", "true_peak"].map(name => {
    const bar = el("i"), value = el("b", { class: "ap-num" }, "–");
    return { name, bar, value, row: el("div", { class: `meter ${name}`, "data-meter": name }, el("span", { title: t(`deck.meter_${name}_long`) }, t(`deck.meter_${name}`)), el("span", { class: "meter-bar" }, bar), value) };
  });
  const heard = heardLine();
  const box = el("div", { class: "deck-meters", role: "group", "aria-label": t("deck.meters") }, heard.row, rows.map(each => each.row));
  const show = time_s => {
    const track = player.trackOf(player.track);
    const found = track && !player.mix && meters(track);
    const gain = track ? player.gain() : 0;
    let values = {};
    if (found) {
      const at = Math.min(Math.floor(time_s / found.whole.step_s), found.curve.length / 3 - 1);
      const [momentary, short_term, true_peak] = found.curve.subarray(3 * at, 3 * at + 3);
      values = { momentary, short_term, true_peak, integrated: found.whole.integrated_lufs ?? NaN };
    }
    for (const { name, bar, value } of rows) {
      const level = found ? values[name] + gain : NaN;
      value.textContent = found ? number(level) : "–";
      const share = Number.isFinite(level) ? (level - LOW_LU) / (HIGH_LU - LOW_LU) : 0;
      bar.style.width = `${Math.max(0, Math.min(1, share)) * 100}%`;
      bar.classList.toggle("over", name === "true_peak" && level > -1);
    }
  };
  let shown = 0;
  on("cursor", ({ time_s }) => {
    if (performance.now() - shown < 50) return;
    shown = performance.now();
    show(time_s);
  });
  for (const name of ["track", "manifest"]) {
    on(name, () => {
      heard.show();
      show(player.time());
    });
  }
  setInterval(() => player.playing || show(player.time()), 1000); // what was being measured may be here now
  return box;
}

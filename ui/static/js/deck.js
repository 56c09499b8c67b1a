// The deck: what plays and what is seen of it, above every tab. Tabs draw on it through lanes.js.

import { commands } from "./deck_commands.js";
import { heightEdge } from "./deck_height.js";
import { hand, pointers } from "./deck_pointers.js";
import { drawnBy, lanesOf, overlaysOf } from "./lanes.js";
import { meterPanel } from "./meters.js";
import { player } from "./player.js";
import { drawRuler } from "./ruler.js";
import { drawSpectrum, yOf } from "./spectrum.js";
import { el, on, ready, t } from "./state.js";
import { tab } from "./tabs.js";
import { describe, RANGE_DB, transport } from "./transport.js";
import { videoPanel } from "./video.js";
import { view } from "./view.js";
import { drawWave } from "./wave.js";

const RULER = 20, OVERVIEW = 34;
/** Heights of waveform and spectrogram by tab: Listen is for looking, the others need room for their tables. */
const HEIGHTS = { listen: [90, 190], dialogue: [70, 120], stems: [70, 90] };
const OTHERS = [84, 0];

const settings = { scale: "mel", bottom_db: -30 - RANGE_DB, top_db: -30, folded: false, taller: 1, ...JSON.parse(localStorage.getItem("audiopost-deck") || "{}") };
/** Pixels of waveform and spectrogram. */
const heights = () => (HEIGHTS[tab] || OTHERS).map(usual => Math.round(usual * settings.taller));
const remember = () => localStorage.setItem("audiopost-deck", JSON.stringify(settings));

let canvas, overview, edge, host, empty, body;
let rects = {};

export async function mount(element) {
  await ready;
  host = element.querySelector(".live");
  host.classList.add("deck", "ap-panel");
  overview = el("canvas", { class: "deck-overview", "aria-hidden": "true" });
  canvas = el("canvas", { class: "deck-canvas", role: "img", tabindex: "0" });
  empty = el("div", { class: "ap-empty deck-empty" });
  edge = heightEdge({ settings, usual: () => heights().reduce((sum, each) => sum + each, 0) / settings.taller, changed });
  body = el("div", { class: "deck-body" },
    el("div", { class: "deck-pictures" }, overview, canvas, edge, empty),
    el("div", { class: "deck-side" }, videoPanel(), meterPanel()));
  host.append(transport({ settings, changed, fold }), body);
  view.element = host;
  drawnBy(schedule);
  new ResizeObserver(schedule).observe(canvas.parentElement);
  new MutationObserver(() => { view.colours.clear(); schedule(); }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  listen();
  pointers({ canvas, overview }, () => rects, schedule);
  commands(schedule);
  fold(settings.folded);
  await player.refresh();
  window.audiopost = Object.freeze({ player, view }); // for whoever looks from the console, and for tests
}

function changed() {
  remember();
  schedule();
}

function fold(folded) {
  settings.folded = folded;
  host.classList.toggle("folded", folded);
  changed();
}

let due = 0;
function schedule() {
  due ||= requestAnimationFrame(() => {
    due = 0;
    draw();
  });
}

function listen() {
  let recording = null;
  on("manifest", manifest => {
    if (manifest && manifest.recording !== recording) view.whole();
    recording = manifest?.recording ?? null;
    view.show(view.start_s, view.end_s);
    schedule();
  });
  on("cursor", ({ time_s, playing }) => {
    view.cursor_s = time_s;
    if (playing && view.follows && !hand.held) view.keep(time_s);
    schedule();
  });
  on("select", selected => { view.selected = selected; schedule(); });
  for (const name of ["track", "region", "tab"]) on(name, schedule);
  on("pulse", () => player.manifest || schedule());
}

// Drawing ------------------------------------------------------------------------------------------------------------

function sized(target, width, height) {
  const ratio = devicePixelRatio;
  if (target.width !== Math.round(width * ratio) || target.height !== Math.round(height * ratio)) {
    target.width = Math.round(width * ratio);
    target.height = Math.round(height * ratio);
    target.style.height = `${height}px`;
  }
  const context = target.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  return context;
}

/** The height that picture and meters take, less that of the overview and the edge. */
function beside() {
  const parts = [...body.querySelectorAll(".deck-side > *")];
  return parts.reduce((sum, part) => sum + part.offsetHeight, 0) - OVERVIEW - edge.offsetHeight - 2;
}

function draw() {
  const manifest = player.manifest;
  empty.hidden = Boolean(manifest);
  canvas.hidden = overview.hidden = edge.hidden = !manifest;
  if (!manifest) {
    empty.textContent = t("deck.nothing_open");
    return;
  }
  const width = canvas.parentElement.clientWidth;
  if (!width || settings.folded) return;
  view.width = width;
  const track = player.trackOf(player.track);
  const [usual, spectrum] = heights();
  const shown = lanesOf(tab);
  const others = RULER + spectrum + shown.reduce((sum, lane) => sum + lane.height, 0);
  const wave = Math.max(usual, beside() - others); // as tall as what stands beside it
  const height = others + wave;
  const context = sized(canvas, width, height);
  context.fillStyle = view.colour("canvas");
  context.fillRect(0, 0, width, height);
  let y = 0;
  const place = (name, tall) => {
    rects[name] = { x: 0, y, width, height: tall };
    y += tall;
    return rects[name];
  };
  rects = {};
  drawRuler(context, manifest, view, place("ruler", RULER));
  const waveRect = place("wave", wave);
  const colour = player.track === player.ab.b && player.ab.a !== player.ab.b ? view.colour("b") : view.colour("a");
  if (track) drawWave(context, manifest, track, waveRect, view.start_s, view.end_s, colour);
  middle(context, waveRect);
  if (spectrum) drawSpectrogram(context, manifest, track, place("spectrum", spectrum));
  for (const lane of shown) drawLane(context, lane, place(`lane:${lane.id}`, lane.height));
  drawRegion(context, height);
  drawCursor(context, view.x(view.cursor_s), height);
  drawOverview(manifest, track, width, colour);
  canvas.setAttribute("aria-label", describe());
}

function middle(context, rect) {
  context.fillStyle = view.colour("line");
  context.fillRect(rect.x, rect.y + rect.height / 2, rect.width, 1);
}

function drawSpectrogram(context, manifest, track, rect) {
  if (track) drawSpectrum(context, manifest, track, rect, view.start_s, view.end_s, settings, host);
  const at = yOf(manifest, rect, settings.scale);
  context.font = "10.5px ui-monospace, Consolas, monospace";
  context.textBaseline = "middle";
  for (const hz of settings.scale === "mel" ? [100, 300, 1000, 3000, 8000] : [2000, 5000, 10_000, 15_000, 20_000]) {
    if (hz > manifest.tiles.high_hz) continue;
    const name = hz >= 1000 ? `${hz / 1000}k` : `${hz}`;
    context.fillStyle = view.colour("on-spectrum-shade");
    context.fillRect(rect.x, at(hz) - 7, context.measureText(name).width + 8, 14);
    context.fillStyle = view.colour("on-spectrum");
    context.fillText(name, rect.x + 4, at(hz));
  }
  for (const overlay of overlaysOf(tab)) {
    context.save();
    context.beginPath();
    context.rect(rect.x, rect.y, rect.width, rect.height);
    context.clip();
    overlay.draw(context, view, rect, at);
    context.restore();
  }
}

function drawLane(context, lane, rect) {
  context.save();
  context.beginPath();
  context.rect(rect.x, rect.y, rect.width, rect.height);
  context.clip();
  context.fillStyle = view.colour("line");
  context.fillRect(rect.x, rect.y, rect.width, 1);
  lane.draw(context, view, rect);
  const name = lane.label?.();
  if (name) {
    context.font = "10.5px system-ui, sans-serif";
    context.textBaseline = "top";
    const wide = context.measureText(name).width + 10;
    context.globalAlpha = 0.85;
    context.fillStyle = view.colour("sunken");
    context.fillRect(rect.x, rect.y + 1, wide, 15);
    context.globalAlpha = 1;
    context.fillStyle = view.colour("dim");
    context.fillText(name, rect.x + 5, rect.y + 3);
  }
  context.restore();
}

function drawRegion(context, height) {
  const region = hand.drawn || player.region;
  if (!region) return;
  const from = view.x(region.start_s), to = view.x(region.end_s);
  context.fillStyle = view.colour("region");
  context.fillRect(from, 0, to - from, height);
  context.fillStyle = view.colour("a");
  context.fillRect(from, 0, 1, height);
  context.fillRect(to - 1, 0, 1, height);
}

function drawCursor(context, x, height) {
  if (x < -1 || x > view.width + 1) return;
  context.fillStyle = view.colour("cursor");
  context.fillRect(Math.round(x), 0, 1, height);
  context.beginPath();
  context.moveTo(Math.round(x) - 4, 0);
  context.lineTo(Math.round(x) + 5, 0);
  context.lineTo(Math.round(x) + 0.5, 7);
  context.fill();
}

function drawOverview(manifest, track, width, colour) {
  const context = sized(overview, width, OVERVIEW);
  const rect = { x: 0, y: 0, width, height: OVERVIEW };
  context.fillStyle = view.colour("sunken");
  context.fillRect(0, 0, width, OVERVIEW);
  context.globalAlpha = 0.75;
  if (track) drawWave(context, manifest, track, rect, 0, manifest.duration_s, colour);
  context.globalAlpha = 1;
  const x = time_s => (time_s / manifest.duration_s) * width;
  const from = x(view.start_s), to = x(view.end_s);
  context.fillStyle = view.colour("veil");
  context.fillRect(0, 0, from, OVERVIEW);
  context.fillRect(to, 0, width - to, OVERVIEW);
  context.strokeStyle = view.colour("accent");
  context.strokeRect(from + 0.5, 0.5, Math.max(to - from - 1, 2), OVERVIEW - 1);
  context.fillStyle = view.colour("cursor");
  context.fillRect(Math.round(x(view.cursor_s)), 0, 1, OVERVIEW);
}

// The deck: what plays and what is seen of it, above every tab. Tabs draw on it through lanes.js.

import { el, fail, on, ready, redo, t, undo } from "./state.js";
import { command } from "./keys.js";
import { drawnBy, lanesOf, overlaysOf } from "./lanes.js";
import { meterPanel } from "./meters.js";
import { player } from "./player.js";
import { drawRuler } from "./ruler.js";
import { drawSpectrum, yOf } from "./spectrum.js";
import { tab } from "./tabs.js";
import { describe, RANGE_DB, transport } from "./transport.js";
import { videoPanel } from "./video.js";
import { view } from "./view.js";
import { drawWave } from "./wave.js";

const RULER = 20, OVERVIEW = 34;
/** Heights of waveform and spectrogram by tab: Listen is for looking, the others need room for their tables. */
const HEIGHTS = { listen: [90, 190], dialogue: [70, 120], stems: [70, 90] };
const OTHERS = [84, 0];
/** Pixels that a press may wander and still be a click. */
const CLICK_PX = 4;

const settings = { scale: "mel", bottom_db: -30 - RANGE_DB, top_db: -30, folded: false, ...JSON.parse(localStorage.getItem("audiopost-deck") || "{}") };
const remember = () => localStorage.setItem("audiopost-deck", JSON.stringify(settings));

let canvas, overview, host, empty, body;
let rects = {};

export async function mount(element) {
  await ready;
  host = element.querySelector(".live");
  host.classList.add("deck", "ap-panel");
  overview = el("canvas", { class: "deck-overview", "aria-hidden": "true" });
  canvas = el("canvas", { class: "deck-canvas", role: "img", tabindex: "0" });
  empty = el("div", { class: "ap-empty deck-empty" });
  body = el("div", { class: "deck-body" },
    el("div", { class: "deck-pictures" }, overview, canvas, empty),
    el("div", { class: "deck-side" }, videoPanel(), meterPanel()));
  host.append(transport({ settings, changed, fold }), body);
  view.element = host;
  drawnBy(schedule);
  new ResizeObserver(schedule).observe(canvas.parentElement);
  new MutationObserver(() => { view.colours.clear(); schedule(); }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
  listen();
  pointers();
  commands();
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
    if (playing && view.follows && !held) view.keep(time_s);
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

function draw() {
  const manifest = player.manifest;
  empty.hidden = Boolean(manifest);
  canvas.hidden = overview.hidden = !manifest;
  if (!manifest) {
    empty.textContent = t("deck.nothing_open");
    return;
  }
  const width = canvas.parentElement.clientWidth;
  if (!width || settings.folded) return;
  view.width = width;
  const track = player.trackOf(player.track);
  const [wave, spectrum] = HEIGHTS[tab] || OTHERS;
  const shown = lanesOf(tab);
  const height = RULER + wave + spectrum + shown.reduce((sum, lane) => sum + lane.height, 0);
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
  const region = drawn || player.region;
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

// Pointer ------------------------------------------------------------------------------------------------------------

let held = null, drawn = null;

const within = (rect, y) => rect && y >= rect.y && y < rect.y + rect.height;

function spot(event, rect) {
  const box = canvas.getBoundingClientRect();
  const x = event.clientX - box.left, y = event.clientY - box.top;
  return { x, y, time_s: view.time(x), shift: event.shiftKey, alt: event.altKey, view, rect };
}

/** The part of a tab under the pointer: [lane or overlay, its rect]. */
function under(y) {
  const lane = lanesOf(tab).find(each => within(rects[`lane:${each.id}`], y));
  if (lane) return [[lane, rects[`lane:${lane.id}`]]];
  return within(rects.spectrum, y) ? overlaysOf(tab).map(each => [each, rects.spectrum]) : [];
}

function taken(event, method) {
  const y = event.clientY - canvas.getBoundingClientRect().top;
  for (const [part, rect] of under(y)) {
    const found = part[method]?.(spot(event, rect));
    if (found) return [found, rect];
  }
  return null;
}

function pointers() {
  canvas.addEventListener("pointerdown", event => {
    if (event.button !== 0 || !player.manifest) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    const found = taken(event, "pointer");
    held = found ? { part: found[0], rect: found[1] } : { from: spot(event) };
  });
  canvas.addEventListener("pointermove", event => {
    if (!player.manifest) return;
    if (!held) {
      const found = taken(event, "hover");
      canvas.style.cursor = found?.[0].cursor || "text";
      canvas.title = found?.[0].title || "";
      return;
    }
    if (held.part) {
      held.part.move?.(spot(event, held.rect));
      schedule();
      return;
    }
    const at = spot(event);
    if (!drawn && Math.abs(at.x - held.from.x) < CLICK_PX) return;
    const [low, high] = [held.from.time_s, at.time_s].sort((a, b) => a - b);
    drawn = { start_s: Math.max(low, 0), end_s: Math.min(high, player.duration) };
    schedule();
  });
  const release = event => {
    if (!held) return;
    const { part, rect, from } = held;
    held = null;
    if (part) part.up?.(spot(event, rect));
    else if (drawn) {
      player.loop(drawn.start_s, drawn.end_s);
      player.seek(drawn.start_s);
    } else player.seek(from.time_s);
    drawn = null;
    schedule();
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", () => { held = drawn = null; schedule(); });
  canvas.addEventListener("dblclick", () => player.loop(null));
  canvas.addEventListener("wheel", event => {
    if (!player.manifest) return;
    const sideways = event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (!event.ctrlKey && !event.metaKey && !event.altKey && !sideways) return; // the page scrolls
    event.preventDefault();
    if (sideways) view.scroll(((event.deltaX || event.deltaY) / view.width) * (view.end_s - view.start_s));
    else view.zoom(event.deltaY < 0 ? 1.25 : 0.8, spot(event).time_s);
    schedule();
  }, { passive: false });
  canvas.addEventListener("keydown", event => {
    for (const lane of lanesOf(tab)) {
      if (!lane.keys?.(event)) continue;
      event.preventDefault();
      event.stopPropagation();
      schedule();
      return;
    }
  });
  overview.addEventListener("pointerdown", event => {
    if (!player.manifest) return;
    overview.setPointerCapture(event.pointerId);
    const move = moved => {
      const box = overview.getBoundingClientRect();
      const middle_s = ((moved.clientX - box.left) / box.width) * player.duration, half = (view.end_s - view.start_s) / 2;
      if (view.end_s - view.start_s >= player.duration - 0.001) player.seek(middle_s);
      else view.show(middle_s - half, middle_s + half);
      schedule();
    };
    move(event);
    overview.onpointermove = move;
    overview.onpointerup = () => { overview.onpointermove = null; };
  });
}

// Keyboard -----------------------------------------------------------------------------------------------------------

function commands() {
  const can = () => Boolean(player.manifest);
  const add = (name, keys, run, more = {}) => command(name, keys, { label: () => t(`deck.key_${name.replaceAll("-", "_")}`), run, when: can, ...more });
  const nudge = frames => player.seek(player.time() + (frames * player.manifest.fps.den) / player.manifest.fps.num);
  add("play", "Space", () => player.toggle(), { once: true });
  add("back", "j", () => player.shuttle(-1), { once: true });
  add("pause", "k", () => player.pause(), { once: true });
  add("forward", "l", () => player.shuttle(1), { once: true });
  add("ab", "b", () => player.swap(), { once: true });
  add("matched", "m", () => player.setMatched(!player.matched), { once: true });
  add("in", "i", () => {
    const now = player.time(), end = player.region?.end_s ?? 0;
    player.loop(now, end > now ? end : Math.min(now + 5, player.duration));
  });
  add("out", "o", () => {
    const now = player.time(), start = player.region?.start_s ?? Infinity;
    player.loop(start < now ? start : Math.max(now - 5, 0), now);
  });
  add("loop", "r", () => player.setLooping(!player.looping), { once: true });
  add("no-region", "Escape", () => player.loop(null));
  add("frame-back", "ArrowLeft", () => nudge(-1));
  add("frame-forward", "ArrowRight", () => nudge(1));
  add("second-back", "Shift+ArrowLeft", () => player.seek(player.time() - 1));
  add("second-forward", "Shift+ArrowRight", () => player.seek(player.time() + 1));
  add("start", "Home", () => player.seek(0));
  add("end", "End", () => player.seek(player.duration));
  add("zoom-in", ["+", "="], () => { view.zoom(2); schedule(); });
  add("zoom-out", "-", () => { view.zoom(0.5); schedule(); });
  add("zoom-region", "z", () => {
    if (player.region) view.show(player.region.start_s, player.region.end_s);
    else view.whole();
    schedule();
  });
  add("undo", "Mod+z", () => undo().catch(fail));
  add("redo", ["Mod+Shift+z", "Mod+y"], () => redo().catch(fail));
  on("zoom", factor => {
    if (factor) view.zoom(factor);
    else view.whole();
    schedule();
  });
}


// The cues on the deck's time line: dragged as a whole or by an edge, on frames, drawn to what the picture does there.

import { cues, desk, landing, moments, nudge, select, selected, set, timebase, watch } from "./cues_data.js";
import { addLane, redraw } from "./lanes.js";
import { emit, ready, t } from "./state.js";
import { labelled } from "./cues_story.js";

const EDGE_PX = 6, MAGNET_PX = 6, TEXT_PX = 34, PAD = 3;
const LOOKS = {
  suggested: { fill: "accent-soft", line: "accent", dash: [5, 3], sign: "" },
  accepted: { fill: "ok-soft", line: "ok", dash: [], sign: "✓ " },
  rejected: { fill: "sunken", line: "line-strong", dash: [2, 3], sign: "✕ " },
  existing: { fill: "sunken", line: "wave", dash: [], sign: "♪ " },
};
/** {label, in_s, out_s, part} while one is being dragged. */
let dragged = null;

const times = cue => (dragged?.label === cue.label ? dragged : cue);

/** Rows of cues that overlap: [cue, row, rows]. */
function stacked() {
  const ends = [];
  return cues().map(cue => {
    const { in_s, out_s } = times(cue);
    const row = Math.max(ends.findIndex(end => end <= in_s), -1);
    const place = row >= 0 ? row : ends.length < 3 ? ends.length : 2;
    ends[place] = Math.max(out_s, ends[place] || 0);
    return [cue, place];
  });
}

function box(cue, row, rows, view, rect) {
  const { in_s, out_s } = times(cue);
  const x = view.x(in_s), height = (rect.height - 2 * PAD) / rows;
  return { x, y: rect.y + PAD + row * height, width: Math.max(view.x(out_s) - x, 2), height: height - (rows > 1 ? 1 : 0) };
}

function draw(ctx, view, rect) {
  if (!desk) return;
  const laid = stacked(), rows = laid.reduce((most, [, row]) => Math.max(most, row + 1), 1);
  ctx.save();
  ctx.beginPath();
  ctx.rect(rect.x, rect.y, rect.width, rect.height);
  ctx.clip();
  ctx.textBaseline = "middle";
  for (const [cue, row] of laid) {
    const at = times(cue);
    if (at.out_s >= view.start_s && at.in_s <= view.end_s) block(ctx, view, rect, cue, box(cue, row, rows, view, rect));
  }
  ctx.restore();
}

function block(ctx, view, rect, cue, { x, y, width, height }) {
  const look = LOOKS[cue.status], on = cue.label === selected;
  ctx.fillStyle = view.colour(look.fill);
  ctx.fillRect(x, y, width, height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(x, y, width, height);
  ctx.clip();
  if (cue.status === "existing" || cue.status === "rejected") hatch(ctx, view, x, y, width, height);
  if (cue.plays) music(ctx, view, cue, x, y, width, height);
  label(ctx, view, rect, cue, look, x, y, width, height);
  ctx.restore();
  ctx.strokeStyle = view.colour(on ? "text" : look.line);
  ctx.lineWidth = on ? 2 : 1;
  ctx.setLineDash(on ? [] : look.dash);
  ctx.strokeRect(x + 0.5, y + 0.5, Math.max(width - 1, 1), height - 1);
  ctx.setLineDash([]);
  if (dragged?.label === cue.label) readout(ctx, view, rect, dragged);
}

function hatch(ctx, view, x, y, width, height) {
  ctx.strokeStyle = view.colour("line");
  ctx.lineWidth = 1;
  ctx.beginPath();
  const first = Math.max(Math.floor(x / 8) * 8, -height), last = Math.min(x + width, ctx.canvas.width) + height;
  for (let at = first; at < last; at += 8) {
    ctx.moveTo(at, y + height);
    ctx.lineTo(at + height, y);
  }
  ctx.stroke();
}

/** Fades as slopes, ducks as a line below, hit points as diamonds. */
function music(ctx, view, cue, x, y, width, height) {
  const scale = width / Math.max(times(cue).out_s - times(cue).in_s, 1e-6), right = x + width;
  ctx.strokeStyle = view.colour("dim");
  ctx.lineWidth = 1;
  ctx.beginPath();
  if (cue.fades.in_s > 0) {
    ctx.moveTo(x, y + height);
    ctx.lineTo(x + cue.fades.in_s * scale, y);
  }
  if (cue.fades.out_s > 0) {
    ctx.moveTo(right - cue.fades.out_s * scale, y);
    ctx.lineTo(right, y + height);
  }
  ctx.stroke();
  ctx.fillStyle = view.colour("dim");
  for (const duck of cue.ducks) ctx.fillRect(view.x(duck.start_s), y + height - 4, view.x(duck.end_s) - view.x(duck.start_s), 3);
  ctx.fillStyle = view.colour("b");
  for (const hit of cue.hits) {
    const at = view.x(hit.time_s);
    ctx.beginPath();
    ctx.moveTo(at, y + height - 12);
    ctx.lineTo(at + 4, y + height - 8);
    ctx.lineTo(at, y + height - 4);
    ctx.lineTo(at - 4, y + height - 8);
    ctx.fill();
  }
}

function label(ctx, view, rect, cue, look, x, y, width, height) {
  if (width < TEXT_PX) return;
  const font = getComputedStyle(document.body).getPropertyValue("--ap-font") || "sans-serif";
  const two = height > 34, names = desk.names;
  const left = Math.max(x, rect.x) + 6, clear = Math.max(left, rect.x + labelled(ctx, t("cuespage.lane_cues")));
  ctx.textBaseline = "middle";
  ctx.fillStyle = view.colour(cue.status === "rejected" ? "dim" : "text");
  ctx.font = `600 12px ${font}`;
  const head = `${look.sign}${cue.label}${cue.title ? `  ${cue.title}` : ""}`;
  const what = [names.function[cue.function], names.emotion[cue.emotion]].join(" · ");
  ctx.fillText(two ? head : `${head}  ${what}`, y > rect.y + PAD ? left : clear, y + (two ? height * 0.27 : height / 2));
  if (!two) return;
  ctx.font = `11.5px ${font}`;
  ctx.fillStyle = view.colour("dim");
  ctx.fillText(what, left, y + height * 0.6);
}

function said(at) {
  const edge = at.part === "out" ? at.out_s : at.in_s;
  return [timebase.code(edge), landing(edge, at.label)].filter(Boolean).join("  ");
}

function readout(ctx, view, rect, at) {
  const text = said(at), edge = view.x(at.part === "out" ? at.out_s : at.in_s);
  ctx.font = `12px ${getComputedStyle(document.body).getPropertyValue("--ap-mono") || "monospace"}`;
  const width = ctx.measureText(text).width + 12;
  const left = Math.min(Math.max(edge - width / 2, rect.x), rect.x + rect.width - width), y = rect.y + rect.height / 2 - 10;
  ctx.fillStyle = view.colour("text");
  ctx.fillRect(left, y, width, 20);
  ctx.fillStyle = view.colour("surface");
  ctx.fillText(text, left + 6, y + 10);
}

/** The cue under the pointer (the selected one first), and which part of it. */
function under({ x, y, view, rect }) {
  if (!desk) return null;
  const laid = stacked(), rows = laid.reduce((most, [, row]) => Math.max(most, row + 1), 1);
  const order = [...laid].sort(([a], [b]) => (b.label === selected) - (a.label === selected));
  for (const [cue, row] of order) {
    const at = box(cue, row, rows, view, rect), edge = Math.min(EDGE_PX, at.width / 3), right = at.x + at.width;
    if (x < at.x - EDGE_PX || x > right + EDGE_PX || y < at.y - 1 || y > at.y + at.height + 1) continue;
    return { cue, part: x < at.x + edge ? "in" : x > right - edge ? "out" : "both" };
  }
  return null;
}

/** A time on a frame; on a moment of the picture where one is near, unless Alt is held. */
function drawn(time_s, label, { view, alt }) {
  if (alt) return timebase.snap(time_s);
  const near = [...moments(label).map(([at]) => at), view.cursor_s]
    .filter(at => Math.abs(view.x(at) - view.x(time_s)) < MAGNET_PX)
    .sort((a, b) => Math.abs(a - time_s) - Math.abs(b - time_s));
  return timebase.snap(near.length ? near[0] : time_s);
}

function moved(cue, part, offset_s, event) {
  const frame = timebase.seconds(1), end = Math.floor(desk.duration_s / frame + 1e-4) * frame;
  if (part === "in") return { in_s: Math.min(Math.max(drawn(cue.in_s + offset_s, cue.label, event), 0), cue.out_s - frame), out_s: cue.out_s };
  if (part === "out") return { in_s: cue.in_s, out_s: Math.max(Math.min(drawn(cue.out_s + offset_s, cue.label, event), end), cue.in_s + frame) };
  const length = cue.out_s - cue.in_s;
  const in_s = Math.max(Math.min(drawn(cue.in_s + offset_s, cue.label, event), end - length), 0);
  return { in_s, out_s: in_s + length };
}

function pointer(event) {
  const found = under(event);
  if (!found) return null;
  const { cue, part } = found;
  let far = false;
  select(cue.label);
  return {
    cursor: part === "both" ? "grabbing" : "ew-resize",
    move(now) {
      far ||= Math.abs(now.x - event.x) > 2;
      if (!far) return;
      dragged = { label: cue.label, part, ...moved(cue, part, now.time_s - event.time_s, now) };
      emit("cue-moving", `${cue.label}  ${said(dragged)}`);
      redraw();
    },
    async up() {
      const to = dragged;
      if (far && to) {
        const fields = { in_s: to.in_s, out_s: to.out_s };
        if (part === "in") delete fields.out_s;
        if (part === "out") delete fields.in_s;
        await set(fields, cue.label);
      }
      dragged = null;
      redraw();
    },
  };
}

function hover(event) {
  const found = under(event);
  if (!found) return null;
  const { cue, part } = found, names = desk.names;
  const title = [
    cue.label, cue.title, `${timebase.code(cue.in_s)} – ${timebase.code(cue.out_s)}`,
    `${names.function[cue.function]} · ${names.emotion[cue.emotion]}`, names.status[cue.status],
  ].filter(Boolean).join("  ");
  return { cursor: part === "both" ? "grab" : "ew-resize", title };
}

/** Alt with an arrow moves the selected cue's in by a frame, with Shift its out. */
function keys(event) {
  const frames = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  if (!frames || !event.altKey || !selected) return false;
  nudge(event.shiftKey ? "out" : "in", frames);
  return true;
}

ready.then(() => {
  addLane({ id: "cues", tabs: ["cues"], height: 54, label: () => t("cuespage.lane_cues"), draw, pointer, hover, keys });
  watch(() => redraw());
});

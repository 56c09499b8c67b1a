// The captions on the deck's time line: dragged as a whole or by an edge, on frames, as near to the next as the style lets them.

import { at, change, commit, current, goTo, selected, sheet, timebase, watch } from "./subtitles_data.js";
import { addLane, redraw } from "./lanes.js";
import { ready, t } from "./state.js";

const EDGE_PX = 5, SNAP_PX = 8, TEXT_PX = 26, PAD = 3;
/** {index, start_s, end_s} while one is being dragged. */
let dragged = null;

const times = row => (dragged?.index === row.index ? dragged : row);

function draw(ctx, view, rect) {
  if (!sheet) return;
  const first = Math.max(at(view.start_s) - 1, 0);
  ctx.save();
  ctx.beginPath();
  ctx.rect(rect.x, rect.y, rect.width, rect.height);
  ctx.clip();
  ctx.font = `12px ${getComputedStyle(document.body).getPropertyValue("--ap-font") || "sans-serif"}`;
  ctx.textBaseline = "middle";
  for (let n = first; n < sheet.captions.length && sheet.captions[n].start_s < view.end_s; n += 1) caption(ctx, view, rect, sheet.captions[n]);
  if (dragged) caption(ctx, view, rect, sheet.captions[dragged.index]);
  ctx.restore();
}

function caption(ctx, view, rect, row) {
  const { start_s, end_s } = times(row);
  const x = view.x(start_s), width = Math.max(view.x(end_s) - x, 1), y = rect.y + PAD, height = rect.height - 2 * PAD;
  const wrong = row.issues.some(issue => issue.severity === "error"), on = selected.has(row.index);
  ctx.fillStyle = view.colour(on ? "accent-soft" : row.reviewed ? "ok-soft" : "sunken");
  ctx.fillRect(x, y, width, height);
  ctx.strokeStyle = view.colour(row.index === current ? "accent" : wrong ? "bad" : "line-strong");
  ctx.lineWidth = row.index === current ? 2 : 1;
  ctx.strokeRect(x + 0.5, y + 0.5, Math.max(width - 1, 0), height - 1);
  if (wrong && width > 6) { // not by colour alone: a corner that is filled
    ctx.fillStyle = view.colour("bad");
    ctx.beginPath();
    ctx.moveTo(x, y);
    ctx.lineTo(x + Math.min(8, width), y);
    ctx.lineTo(x, y + Math.min(8, width));
    ctx.fill();
  }
  if (width < TEXT_PX) return;
  ctx.save();
  ctx.beginPath();
  ctx.rect(x + 4, y, width - 8, height);
  ctx.clip();
  ctx.fillStyle = view.colour("text");
  ctx.fillText(row.lines.join(" / "), Math.max(x, rect.x) + 6, y + height / 2);
  ctx.restore();
}

/** The caption under the pointer, and whether that is its start, its end or its middle. */
function under({ x, time_s, view }) {
  for (const index of [current, at(time_s), at(time_s) + 1]) {
    const row = sheet?.captions[index];
    if (!row) continue;
    const left = view.x(row.start_s), right = view.x(row.end_s), edge = Math.min(EDGE_PX, (right - left) / 3);
    if (x < left - EDGE_PX || x > right + EDGE_PX) continue;
    return { row, part: x < left + edge ? "start" : x > right - edge ? "end" : "whole" };
  }
  return null;
}

/** Where a dragged edge may stop: the borders that the neighbours leave, and the cursor. */
function borders(row) {
  const gap = timebase.seconds(sheet.style.gap_frames), before = sheet.captions[row.index - 1], next = sheet.captions[row.index + 1];
  return { low: before ? before.end_s + gap : 0, high: next ? next.start_s - gap : sheet.duration_s };
}

const near = (view, a, b) => Math.abs(view.x(a) - view.x(b)) < SNAP_PX;

function moved(part, row, offset_s, view) {
  const { low, high } = borders(row), frame = timebase.seconds(1);
  let start = row.start_s, end = row.end_s;
  if (part !== "end") start = timebase.snap(Math.max(0, row.start_s + offset_s));
  if (part !== "start") end = timebase.snap(Math.min(sheet.duration_s, row.end_s + offset_s));
  const snap = (time, border) => (near(view, time, border) ? border : time);
  if (part === "start") start = Math.min([low, view.cursor_s].reduce(snap, start), end - frame);
  if (part === "end") end = Math.max([high, view.cursor_s].reduce(snap, end), start + frame);
  if (part === "whole") {
    const length = row.end_s - row.start_s;
    start = near(view, start, low) ? low : near(view, start + length, high) ? high - length : start;
    start = Math.max(0, start);
    end = start + length;
  }
  return { index: row.index, start_s: start, end_s: end };
}

function pointer(event) {
  dragged = null; // what a pointer that was taken away left
  const found = under(event);
  if (!found) return null;
  const { row, part } = found, from = event.time_s;
  let far = false;
  return {
    cursor: part === "whole" ? "grabbing" : "ew-resize",
    move(now) {
      far ||= Math.abs(now.x - event.x) > 2;
      if (!far) return;
      dragged = moved(part, row, now.time_s - from, now.view);
      redraw();
    },
    async up() {
      const to = dragged;
      dragged = null;
      await commit();
      if (!far || !to) goTo(row.index, { focus: "row" });
      else {
        const answer = await change("times", to);
        if (answer) goTo(answer.at, { seek: false, focus: "row" });
      }
      redraw();
    },
  };
}

function hover(event) {
  const found = under(event);
  return found && { cursor: found.part === "whole" ? "grab" : "ew-resize", title: `${found.row.index + 1}  ${timebase.code(found.row.start_s)} – ${timebase.code(found.row.end_s)}` };
}

ready.then(() => {
  addLane({ id: "captions", tabs: ["subtitles"], height: 40, label: () => t("subtitles.lane"), draw, pointer, hover, keys: () => false });
  watch(() => redraw());
});

// The pointer on the deck: seeking, drawing the region, zooming, and what lanes and overlays take for themselves.

import { lanesOf, overlaysOf } from "./lanes.js";
import { player } from "./player.js";
import { tab } from "./tabs.js";
import { view } from "./view.js";

/** Pixels that a press may wander and still be a click. */
const CLICK_PX = 4;

/** What the pointer is at: `held` while a button is down, `drawn` the region that is being drawn. */
export const hand = { held: null, drawn: null };

let canvas, overview, rects, schedule;

const within = (rect, y) => rect && y >= rect.y && y < rect.y + rect.height;

function spot(event, rect) {
  const box = canvas.getBoundingClientRect();
  const x = event.clientX - box.left, y = event.clientY - box.top;
  return { x, y, time_s: view.time(x), shift: event.shiftKey, alt: event.altKey, view, rect };
}

/** The part of a tab under the pointer: [lane or overlay, its rect]. */
function under(y) {
  const lane = lanesOf(tab).find(each => within(rects()[`lane:${each.id}`], y));
  if (lane) return [[lane, rects()[`lane:${lane.id}`]]];
  return within(rects().spectrum, y) ? overlaysOf(tab).map(each => [each, rects().spectrum]) : [];
}

function taken(event, method) {
  const y = event.clientY - canvas.getBoundingClientRect().top;
  for (const [part, rect] of under(y)) {
    const found = part[method]?.(spot(event, rect));
    if (found) return [found, rect];
  }
  return null;
}

/** Lets the pointer work on both canvases; `placed()` gives the rect of each part by its name. */
export function pointers(canvases, placed, draw) {
  ({ canvas, overview } = canvases);
  rects = placed;
  schedule = draw;
  canvas.addEventListener("pointerdown", event => {
    if (event.button !== 0 || !player.manifest) return;
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    const found = taken(event, "pointer");
    hand.held = found ? { part: found[0], rect: found[1] } : { from: spot(event) };
  });
  canvas.addEventListener("pointermove", event => {
    if (!player.manifest) return;
    if (!hand.held) {
      const found = taken(event, "hover");
      canvas.style.cursor = found?.[0].cursor || "text";
      canvas.title = found?.[0].title || "";
      return;
    }
    if (hand.held.part) {
      hand.held.part.move?.(spot(event, hand.held.rect));
      schedule();
      return;
    }
    const at = spot(event);
    if (!hand.drawn && Math.abs(at.x - hand.held.from.x) < CLICK_PX) return;
    const [low, high] = [hand.held.from.time_s, at.time_s].sort((a, b) => a - b);
    hand.drawn = { start_s: Math.max(low, 0), end_s: Math.min(high, player.duration) };
    schedule();
  });
  const release = event => {
    if (!hand.held) return;
    const { part, rect, from } = hand.held;
    hand.held = null;
    if (part) part.up?.(spot(event, rect));
    else if (hand.drawn) {
      player.loop(hand.drawn.start_s, hand.drawn.end_s);
      player.seek(hand.drawn.start_s);
    } else player.seek(from.time_s);
    hand.drawn = null;
    schedule();
  };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", () => { hand.held = hand.drawn = null; schedule(); });
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

// What tabs draw on the deck: lanes below the waveform, overlays over the spectrogram. See deck.js for the view.

const lanes = new Map();
const overlays = new Map();
let redrawing = () => {};

/**
 * {id, tabs: ["cues"] or null for all, height, label: () => text, draw(ctx, view, rect), pointer(event) → null or
 * {move(event), up(event), cursor}, hover(event) → null or {cursor, title}, keys(event) → whether it was taken}.
 * `view` is {start_s, end_s, x(time_s), time(x), colour(name), cursor_s, selected}; events carry {x, y, time_s, shift,
 * alt, view, rect}.
 */
export function addLane(lane) {
  lanes.set(lane.id, lane);
  redrawing();
}

/** As a lane, over the spectrogram: draw(ctx, view, rect, yOf(hz)). */
export function addOverlay(overlay) {
  overlays.set(overlay.id, overlay);
  redrawing();
}

export const lanesOf = tab => [...lanes.values()].filter(lane => !lane.tabs || lane.tabs.includes(tab));
export const overlaysOf = tab => [...overlays.values()].filter(each => !each.tabs || each.tabs.includes(tab));

/** Draws the deck anew at the next frame. */
export const redraw = () => redrawing();
export const drawnBy = draw => { redrawing = draw; };

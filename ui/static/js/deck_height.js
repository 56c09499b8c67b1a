// The lower edge of the deck's pictures: drawn by the pointer or moved by arrows, it makes them taller or lower.

import { el, t } from "./state.js";

/** How many times its usual height a picture may have. */
const LEAST = 0.6, MOST = 2.5, STEP = 0.1;

/** The edge. `settings.taller` is the factor; `usual()` is the height in pixels at factor 1; `changed()` draws anew. */
export function heightEdge({ settings, usual, changed }) {
  const edge = el("div", { class: "deck-edge", role: "separator", tabindex: "0", "aria-orientation": "horizontal", "aria-label": t("deck.height"), title: t("deck.height"),
    "aria-valuemin": LEAST * 100, "aria-valuemax": MOST * 100 });
  const set = factor => {
    settings.taller = Math.min(Math.max(factor, LEAST), MOST);
    edge.setAttribute("aria-valuenow", Math.round(settings.taller * 100));
    changed();
  };
  edge.addEventListener("keydown", event => {
    const step = { ArrowDown: STEP, ArrowUp: -STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    set(settings.taller + step);
  });
  edge.addEventListener("pointerdown", event => {
    edge.setPointerCapture(event.pointerId);
    const from = event.clientY, before = settings.taller;
    edge.onpointermove = moved => set(before + (moved.clientY - from) / usual());
    edge.onlostpointercapture = () => { edge.onpointermove = null; };
  });
  edge.addEventListener("dblclick", () => set(1));
  edge.setAttribute("aria-valuenow", Math.round(settings.taller * 100));
  return edge;
}

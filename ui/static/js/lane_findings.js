// Findings over the spectrogram: a box in time and frequency, darker the worse, its line telling the decision.

import { addOverlay } from "./lanes.js";
import { found, select, selected } from "./findings_data.js";

const DASHES = { open: [], accepted: [], mended: [2, 3], dismissed: [1, 5] };
/** Harmonics of a fault with a frequency that are marked. */
const HARMONICS = 5;
const LABEL_PX = 60;

function box(finding, view, rect, yOf) {
  const x = view.x(finding.start_s), width = Math.max(view.x(finding.end_s) - x, 3);
  const hz = finding.frequency_hz;
  const top = hz ? yOf(hz * (HARMONICS + 0.5)) : rect.y + 1;
  const bottom = rect.y + rect.height - 1;
  return { x, width, top, height: bottom - top };
}

function shown(view) {
  return found.findings.filter(each => each.end_s >= view.start_s && each.start_s <= view.end_s)
    .sort((a, b) => (b.end_s - b.start_s) - (a.end_s - a.start_s)); // the short ones lie on top
}

function draw(context, view, rect, yOf) {
  const named = []; // where names stand already: none is written over another
  for (const finding of shown(view)) {
    const { x, width, top, height } = box(finding, view, rect, yOf);
    const on = finding.index === selected;
    const colour = view.colour(finding.state === "dismissed" ? "faint" : finding.state === "mended" || finding.state === "accepted" ? "ok" : finding.severity > 0.6 ? "bad" : "warn");
    context.fillStyle = colour;
    context.globalAlpha = on ? 0.14 : 0.04 + 0.1 * finding.severity;
    context.fillRect(x, top, width, height);
    context.globalAlpha = on ? 1 : 0.85;
    context.strokeStyle = colour;
    context.lineWidth = on ? 2 : 1;
    context.setLineDash(DASHES[finding.state]);
    context.strokeRect(x + 0.5, top + 0.5, width - 1, height - 1);
    for (let n = 1; finding.frequency_hz && n <= HARMONICS; n += 1) {
      const y = Math.round(yOf(finding.frequency_hz * n)) + 0.5;
      context.beginPath();
      context.moveTo(Math.max(x, 0), y);
      context.lineTo(Math.min(x + width, view.width), y);
      context.globalAlpha = 0.5;
      context.stroke();
    }
    context.setLineDash([]);
    context.globalAlpha = 1;
    if (width < LABEL_PX && !on) continue;
    const name = finding.title, left = Math.max(x, 0) + 34;
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const wide = context.measureText(name).width + 10;
    let y = top + 3;
    while (named.some(([x1, x2, at]) => left < x2 && left + wide > x1 && y < at + 16 && y + 16 > at)) y += 18;
    named.push([left, left + wide, y]);
    context.fillStyle = view.colour("on-spectrum-shade");
    context.fillRect(left, y, wide, 16);
    context.fillStyle = view.colour("on-spectrum");
    context.fillText(name, left + 5, y + 8);
  }
}

function under({ x, y, view, rect }, yOf) {
  return shown(view).reverse().find(finding => {
    const { x: left, width, top, height } = box(finding, view, rect, yOf);
    return x >= left - 2 && x <= left + width + 2 && y >= top && y <= top + height;
  });
}

/** Only what is short, or has a frequency, is caught by a click: a fault of the whole length would catch them all. */
const catchable = (finding, view) => finding && (finding.end_s - finding.start_s) < 0.8 * (view.end_s - view.start_s);

let scale = hz => hz;
addOverlay({
  id: "findings",
  tabs: ["listen"],
  draw(context, view, rect, yOf) {
    scale = yOf;
    draw(context, view, rect, yOf);
  },
  pointer(event) {
    const finding = under(event, scale);
    return catchable(finding, event.view) ? { up: () => select(finding.index, true) } : null;
  },
  hover(event) {
    const finding = under(event, scale);
    return finding ? { cursor: catchable(finding, event.view) ? "pointer" : "text", title: `${finding.title}: ${finding.detail}` } : null;
  },
});

// The time ruler: ticks that fit, named by timecode.

import { Timebase } from "./timecode.js";

const STEPS_S = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600];
const ROOM_PX = 110;

export function drawRuler(context, manifest, view, rect) {
  const timebase = new Timebase(manifest.fps, manifest.start_timecode);
  const perPixel_s = (view.end_s - view.start_s) / rect.width;
  const step = STEPS_S.find(each => each / perPixel_s >= ROOM_PX) ?? 7200;
  context.fillStyle = view.colour("sunken");
  context.fillRect(rect.x, rect.y, rect.width, rect.height);
  context.fillStyle = view.colour("dim");
  context.strokeStyle = view.colour("line-strong");
  context.font = "11px ui-monospace, Consolas, monospace";
  context.textBaseline = "middle";
  context.beginPath();
  const minor = step / 5;
  for (let n = Math.floor(view.start_s / minor); n * minor <= view.end_s; n += 1) {
    const x = Math.round(rect.x + view.x(n * minor)) + 0.5, major = n % 5 === 0;
    context.moveTo(x, rect.y + rect.height);
    context.lineTo(x, rect.y + rect.height - (major ? rect.height : 4));
    if (!major) continue;
    const time_s = n * minor;
    const name = step >= 1 / (timebase.num / timebase.den) && step >= 0.1 ? timebase.code(time_s) : `${time_s.toFixed(2)} s`;
    context.fillText(name, x + 4, rect.y + rect.height / 2);
  }
  context.stroke();
}

// What lies above the cues on the deck: pictures of the film, the curve of feeling, scenes with their moods and beats.

import { url } from "./api.js";
import { desk, timebase, watch } from "./cues_data.js";
import { addLane, redraw } from "./lanes.js";
import { on, ready, t } from "./state.js";

const font = (size, weight = "") => `${weight} ${size}px ${getComputedStyle(document.body).getPropertyValue("--ap-font") || "sans-serif"}`;

/** How much of a lane's left its own name takes, which the deck draws. */
export function labelled(ctx, name) {
  ctx.font = "10.5px system-ui, sans-serif";
  return ctx.measureText(name).width + 16;
}

function clipped(ctx, rect, paint) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(rect.x, rect.y, rect.width, rect.height);
  ctx.clip();
  paint();
  ctx.restore();
}

// Pictures ----------------------------------------------------------------------------------------------------------

const THUMB_H = 44, MOST = 300;
const pictures = new Map();

/** The picture of a time, undefined until it is here; the oldest are forgotten. */
function picture(time_s) {
  const key = time_s.toFixed(3);
  let image = pictures.get(key);
  if (!image) {
    if (pictures.size > MOST) pictures.delete(pictures.keys().next().value);
    image = new Image();
    image.onload = redraw;
    image.src = url("thumb", { t: key, h: THUMB_H * 2 });
    pictures.set(key, image);
  }
  return image.complete && image.naturalWidth ? image : undefined;
}

let shape = 16 / 9;

function drawPictures(ctx, view, rect) {
  if (!desk?.film) return;
  // On a grid of powers of two of a second, so that scrolling asks for no new pictures; each covers the end of the last.
  const width = rect.height * shape, span = view.time(width) - view.time(0);
  const grid = 2 ** Math.floor(Math.log2(Math.max(span, 1 / 32)));
  clipped(ctx, rect, () => {
    for (let at = Math.floor(view.start_s / grid) * grid; at < Math.min(view.end_s, desk.duration_s); at += grid) {
      const image = picture(Math.max(at, 0));
      if (!image) continue;
      shape = image.naturalWidth / image.naturalHeight;
      ctx.drawImage(image, view.x(at), rect.y, rect.height * shape, rect.height);
      ctx.strokeStyle = view.colour("line");
      ctx.strokeRect(view.x(at) + 0.5, rect.y + 0.5, rect.height * shape - 1, rect.height - 1);
    }
  });
}

// The curve of feeling ----------------------------------------------------------------------------------------------

/** Points further apart than this are two stretches of speech. */
const GAP_S = 4;

/** The points that are seen and one on either side, none nearer to the last than a pixel or two: a film has thousands. */
function inView(points, view) {
  const first = Math.max(points.findIndex(point => point[0] >= view.start_s) - 1, 0);
  const least_s = view.time(1.5) - view.time(0), seen = [];
  for (let n = first; n < points.length; n += 1) {
    const last = seen[seen.length - 1];
    if (!last || points[n][0] - last[0] >= least_s) seen.push(points[n]);
    if (points[n][0] > view.end_s) break;
  }
  return seen;
}

function drawCurve(ctx, view, rect) {
  const points = desk?.emotion || [];
  const middle = rect.y + rect.height / 2, y = value => middle - value * (rect.height / 2 - 5);
  clipped(ctx, rect, () => {
    ctx.strokeStyle = view.colour("line-strong");
    ctx.setLineDash([2, 3]);
    ctx.beginPath();
    ctx.moveTo(rect.x, middle + 0.5);
    ctx.lineTo(rect.x + rect.width, middle + 0.5);
    ctx.stroke();
    ctx.setLineDash([]);
    const seen = inView(points, view);
    for (const [place, colour, dash] of [[1, "b", []], [2, "a", [6, 3]]]) {
      ctx.strokeStyle = view.colour(colour);
      ctx.setLineDash(dash);
      seen.forEach((point, n) => {
        const before = seen[n - 1];
        if (!before || point[0] - before[0] > Math.max(GAP_S, view.time(3) - view.time(0))) return;
        ctx.lineWidth = 0.8 + 1.8 * point[3]; // thin where hardly anything is sure
        ctx.beginPath();
        ctx.moveTo(view.x(before[0]), y(before[place]));
        ctx.lineTo(view.x(point[0]), y(point[place]));
        ctx.stroke();
      });
    }
    ctx.setLineDash([]);
    ctx.textBaseline = "top";
    ctx.font = font(11);
    let right = rect.x + rect.width - 6;
    for (const [key, colour, sign] of [["valence", "a", "– –"], ["arousal", "b", "—"]]) {
      const text = `${sign} ${t(`cuespage.${key}`)}`;
      right -= ctx.measureText(text).width;
      ctx.fillStyle = view.colour(colour);
      ctx.fillText(text, right, rect.y + 2);
      right -= 14;
    }
  });
}

function hoverCurve({ time_s }) {
  const near = (desk?.emotion || []).reduce((best, point) => (!best || Math.abs(point[0] - time_s) < Math.abs(best[0] - time_s) ? point : best), null);
  if (!near || Math.abs(near[0] - time_s) > GAP_S) return null;
  const number = value => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
  const title = t("cuespage.curve_at", { time: timebase.code(near[0]), arousal: number(near[1]), valence: number(near[2]), percent: Math.round(100 * near[3]) });
  return { cursor: "default", title };
}

// Scenes and story beats ----------------------------------------------------------------------------------------------

const BEATS = { shot: "dim", pause: "faint", speaker: "a", emotion: "b", sound: "bad", music: "ok" };

function drawScenes(ctx, view, rect) {
  if (!desk) return;
  clipped(ctx, rect, () => {
    const ticks = 8, clear = rect.x + labelled(ctx, t("cuespage.lane_scenes"));
    ctx.textBaseline = "middle";
    ctx.font = font(11.5);
    for (const scene of desk.scenes) {
      if (scene.end_s < view.start_s || scene.start_s > view.end_s) continue;
      const x = view.x(scene.start_s), width = view.x(scene.end_s) - x;
      ctx.fillStyle = view.colour(scene.number % 2 ? "sunken" : "surface");
      ctx.fillRect(x, rect.y, width, rect.height - ticks);
      ctx.fillStyle = view.colour("line-strong");
      ctx.fillRect(x, rect.y, 1, rect.height);
      if (width < 30) continue;
      ctx.save();
      ctx.beginPath();
      ctx.rect(x + 2, rect.y, width - 4, rect.height);
      ctx.clip();
      ctx.fillStyle = view.colour("text");
      ctx.fillText([t("cuespage.scene", { number: scene.number }), scene.mood].filter(Boolean).join(" · "), Math.max(x + 6, clear), rect.y + (rect.height - ticks) / 2);
      ctx.restore();
    }
    for (const each of desk.beats) {
      if (each.time_s < view.start_s || each.time_s > view.end_s) continue;
      const tall = 3 + (ticks - 3) * each.strength;
      ctx.fillStyle = view.colour(BEATS[each.kind] || "dim");
      ctx.fillRect(view.x(each.time_s) - 1, rect.y + rect.height - tall, 2, tall);
    }
  });
}

function hoverScenes({ x, time_s, view }) {
  const near = (desk?.beats || []).filter(each => Math.abs(view.x(each.time_s) - x) < 5).sort((a, b) => b.strength - a.strength)[0];
  if (near) return { cursor: "default", title: `${timebase.code(near.time_s)}  ${t(`cuespage.beat_${near.kind}`)}: ${near.detail}` };
  const scene = desk?.scenes.find(each => time_s >= each.start_s && time_s < each.end_s);
  return scene ? { cursor: "default", title: `${t("cuespage.scene", { number: scene.number })}  ${scene.reason}` } : null;
}

// Lanes ---------------------------------------------------------------------------------------------------------------

/** A lane that is to be looked at, and is not there where there is nothing to see. */
function lane(name, height, there, draw, hover) {
  addLane({
    id: `cue-${name}`, tabs: ["cues"], label: () => t(`cuespage.lane_${name}`), draw, hover, pointer: () => null, keys: () => false,
    get height() { return there() ? height : 0; },
  });
}

ready.then(() => {
  lane("pictures", THUMB_H, () => desk?.film, drawPictures, () => null);
  lane("feeling", 56, () => desk?.emotion.length, drawCurve, hoverCurve);
  lane("scenes", 30, () => desk?.scenes.length || desk?.beats.length, drawScenes, hoverScenes);
  on("recording", () => pictures.clear());
  watch(() => redraw());
});

// The waveform: outlines of the server's pyramid, and samples where a pixel is less than a bucket.

import { bytes, url } from "./api.js";
import { fail } from "./state.js";
import { redraw } from "./lanes.js";

const BLOCK = 4096;
const MOST_BLOCKS = 400;
/** Below so many frames a pixel the samples themselves are drawn. */
const SAMPLES_BELOW = 48;

const blocks = new Map();
const sampled = new Map();

function remember(map, key, value, most) {
  map.set(key, value);
  while (map.size > most) map.delete(map.keys().next().value);
}

/** Int16 pairs of a block of buckets; null while they are fetched. Sketches are asked for again until they are exact. */
function block(manifest, track, level, number) {
  const key = `${track.key}:${track.version}:${level}:${number}`;
  const known = blocks.get(key);
  if (known && !known.again) return known.values;
  if (known?.asked) return known.values;
  const entry = known || { values: null };
  entry.asked = true;
  entry.again = false;
  if (!known) remember(blocks, key, entry, MOST_BLOCKS);
  fetch(url("peaks", { track: track.key, v: track.version, level, start: number * BLOCK, count: BLOCK })).then(async answer => {
    if (!answer.ok) {
      if (answer.status !== 410) throw new Error((await answer.json()).error);
      blocks.delete(key);
      return;
    }
    entry.values = new Int16Array(await answer.arrayBuffer());
    if (Number(answer.headers.get("x-audiopost-share") || 1) < 1) {
      setTimeout(() => { entry.again = true; redraw(); }, 800);
    }
    redraw();
  }).catch(error => {
    blocks.delete(key);
    fail(error);
  }).finally(() => { entry.asked = false; });
  return entry.values;
}

/** The lowest and highest value of each pixel from `start_s` on, as Float32 pairs; NaN where nothing is known yet. */
function outline(manifest, track, start_s, perPixel_s, width) {
  const framesPerPixel = perPixel_s * manifest.rate;
  const { base, factor, levels } = manifest.peaks;
  let level = 0;
  while (level + 1 < levels && base * factor ** (level + 1) <= framesPerPixel) level += 1;
  const bucket = base * factor ** level;
  const pairs = new Float32Array(2 * width).fill(NaN);
  for (let x = 0; x < width; x += 1) {
    const first = Math.floor(((start_s + x * perPixel_s) * manifest.rate) / bucket);
    const last = Math.max(first, Math.ceil(((start_s + (x + 1) * perPixel_s) * manifest.rate) / bucket) - 1);
    let low = Infinity, high = -Infinity;
    for (let at = Math.max(first, 0); at <= last; at += 1) {
      const values = block(manifest, track, level, Math.floor(at / BLOCK));
      const place = 2 * (at % BLOCK);
      if (!values || place + 1 >= values.length) continue;
      low = Math.min(low, values[place]);
      high = Math.max(high, values[place + 1]);
    }
    if (high >= low) {
      pairs[2 * x] = low / 32767;
      pairs[2 * x + 1] = high / 32767;
    }
  }
  return pairs;
}

/** Mono samples at the play rate around a short window; null while they are fetched. */
function samples(manifest, track, start_s, end_s) {
  const rate = manifest.play_rate;
  const number = Math.floor(start_s);
  const key = `${track.key}:${track.version}:${number}:${Math.ceil(end_s)}`;
  const known = sampled.get(key);
  if (known) return known.values && { values: known.values, start_s: number };
  const entry = { values: null };
  remember(sampled, key, entry, 6);
  const count = Math.min(Math.ceil(end_s - number) * rate, Math.ceil(manifest.duration_s * rate) - number * rate);
  if (count < 1) return null;
  bytes("pcm", { track: track.key, v: track.version, start: number * rate, count }).then(raw => {
    const both = new Float32Array(raw);
    entry.values = new Float32Array(both.length / 2);
    for (let i = 0; i < entry.values.length; i += 1) entry.values[i] = (both[2 * i] + both[2 * i + 1]) / 2;
    redraw();
  }).catch(error => error.status !== 410 && fail(error));
  return null;
}

/** Draws a track into `rect` ({x, y, width, height}) from `start_s` to `end_s`. */
export function drawWave(context, manifest, track, rect, start_s, end_s, colour, scale = 1) {
  const perPixel_s = (end_s - start_s) / rect.width;
  const middle = rect.y + rect.height / 2, half = (rect.height / 2 - 2) * scale;
  const clip = value => Math.max(rect.y, Math.min(rect.y + rect.height, value));
  context.fillStyle = colour;
  context.strokeStyle = colour;
  if (perPixel_s * manifest.rate < SAMPLES_BELOW) {
    const found = samples(manifest, track, Math.max(start_s, 0), end_s);
    if (found) {
      const { values } = found, rate = manifest.play_rate;
      context.beginPath();
      context.lineWidth = 1;
      const first = Math.max(Math.floor((start_s - found.start_s) * rate) - 1, 0);
      const last = Math.min(Math.ceil((end_s - found.start_s) * rate) + 1, values.length - 1);
      for (let i = first; i <= last; i += 1) {
        const x = rect.x + (found.start_s + i / rate - start_s) / perPixel_s;
        context.lineTo(x, clip(middle - values[i] * half));
      }
      context.stroke();
      return;
    }
  }
  const pairs = outline(manifest, track, start_s, perPixel_s, Math.ceil(rect.width));
  for (let x = 0; x < pairs.length / 2; x += 1) {
    if (Number.isNaN(pairs[2 * x])) continue;
    const top = clip(middle - pairs[2 * x + 1] * half), bottom = clip(middle - pairs[2 * x] * half);
    context.fillRect(rect.x + x, top, 1, Math.max(bottom - top, 1));
  }
}

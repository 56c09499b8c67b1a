// The spectrogram: grey tiles of the server, coloured here, so that contrast changes without asking again.

import { url } from "./api.js";
import { redraw } from "./lanes.js";

const MOST_TILES = 160;
const tiles = new Map();
let palette = null;
let painted = "";

/** 256 colours out of --ap-spectrum, quiet to loud. */
function colours(element) {
  const stops = getComputedStyle(element).getPropertyValue("--ap-spectrum").trim();
  if (palette && painted === stops) return palette;
  painted = stops;
  const anchors = stops.split(/\s+/).map(hex => [1, 3, 5].map(at => parseInt(hex.slice(at, at + 2), 16)));
  palette = new Uint8ClampedArray(3 * 256);
  for (let shade = 0; shade < 256; shade += 1) {
    const at = (shade / 255) * (anchors.length - 1), low = Math.floor(at), high = Math.min(low + 1, anchors.length - 1);
    for (const c of [0, 1, 2]) palette[3 * shade + c] = anchors[low][c] + (at - low) * (anchors[high][c] - anchors[low][c]);
  }
  return palette;
}

function tile(manifest, track, scale, zoom, number) {
  const key = `${track.key}:${track.version}:${scale}:${zoom}:${number}`;
  const known = tiles.get(key);
  if (known) {
    tiles.delete(key);
    tiles.set(key, known);
    return known;
  }
  const entry = { grey: null, coloured: null, with: "" };
  tiles.set(key, entry);
  while (tiles.size > MOST_TILES) tiles.delete(tiles.keys().next().value);
  const image = new Image();
  image.onload = () => {
    const canvas = new OffscreenCanvas(image.width, image.height), context = canvas.getContext("2d", { willReadFrequently: true });
    context.drawImage(image, 0, 0);
    entry.grey = context.getImageData(0, 0, image.width, image.height);
    redraw();
  };
  image.onerror = () => setTimeout(() => tiles.delete(key), 3000); // a server that was busy is asked again later
  image.src = url("tile", { track: track.key, v: track.version, scale, zoom, n: number });
  return entry;
}

function coloured(entry, lookup, floor, span) {
  const made = `${painted}:${floor}:${span}`;
  if (entry.coloured && entry.with === made) return entry.coloured;
  const { width, height, data } = entry.grey;
  const canvas = entry.coloured || new OffscreenCanvas(width, height), context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  for (let at = 0; at < data.length; at += 4) {
    const shade = Math.max(0, Math.min(255, Math.round(((data[at] - floor) / span) * 255)));
    image.data[at] = lookup[3 * shade];
    image.data[at + 1] = lookup[3 * shade + 1];
    image.data[at + 2] = lookup[3 * shade + 2];
    image.data[at + 3] = 255;
  }
  context.putImageData(image, 0, 0);
  entry.coloured = canvas;
  entry.with = made;
  return canvas;
}

/** Draws a track; levels from `bottom_db` to `top_db` take the whole palette. */
export function drawSpectrum(context, manifest, track, rect, start_s, end_s, { scale, bottom_db, top_db }, element) {
  const { column_frames, width, zooms, floor_db, top_db: loudest } = manifest.tiles;
  const wanted_s = (end_s - start_s) / (rect.width * devicePixelRatio);
  const column = zoom => (column_frames * 2 ** zoom) / manifest.rate;
  let zoom = 0;
  while (zoom + 1 < zooms && column(zoom + 1) <= wanted_s * 1.5) zoom += 1;
  const lookup = colours(element), shade = db => ((db - floor_db) / (loudest - floor_db)) * 255;
  const floor = shade(bottom_db), span = Math.max(shade(top_db) - floor, 1);
  context.save();
  context.beginPath();
  context.rect(rect.x, rect.y, rect.width, rect.height);
  context.clip();
  context.fillStyle = `rgb(${lookup[0]} ${lookup[1]} ${lookup[2]})`;
  context.fillRect(rect.x, rect.y, rect.width, rect.height);
  const tile_s = column(zoom) * width;
  const x = time_s => rect.x + ((time_s - start_s) / (end_s - start_s)) * rect.width;
  const last = Math.min(end_s, manifest.duration_s);
  for (let number = Math.max(Math.floor(start_s / tile_s), 0); number * tile_s < last; number += 1) {
    const entry = tile(manifest, track, scale, zoom, number);
    if (!entry.grey) continue;
    const from = x(number * tile_s), to = x((number + 1) * tile_s);
    context.drawImage(coloured(entry, lookup, floor, span), from, rect.y, to - from, rect.height);
  }
  context.restore();
}

const MEL = 700;
/** y of a frequency in `rect`; as audiopost/dsp/spectrogram.py spaces its rows. */
export function yOf(manifest, rect, scale) {
  const highest = manifest.tiles.high_hz;
  const share = scale === "mel"
    ? hz => Math.log1p(hz / MEL) / Math.log1p(highest / MEL)
    : hz => hz / highest;
  return hz => rect.y + rect.height * (1 - share(Math.min(Math.max(hz, 0), highest)));
}

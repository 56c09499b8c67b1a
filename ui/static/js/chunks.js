// Stretches of PCM of every track, fetched when they are first wanted and kept within a bound.

import { bytes } from "./api.js";

/** Seconds of a chunk. */
export const CHUNK_S = 2;
/** Bytes of decoded chunks that are kept. */
const MOST_BYTES = 96 << 20;

/** Chunks of every track, the latest used last. `broken(error)` is called when one cannot be had. */
export class Chunks {
  constructor(broken) {
    this.broken = broken;
    this.held = new Map();
    this.size = 0;
  }

  /** An AudioBuffer, or null while it is being fetched; one that failed is not asked for again before `forgive`. */
  take(context, track, manifest, number) {
    const key = `${track.key}:${track.version}:${number}`;
    const entry = this.held.get(key);
    if (entry) {
      this.held.delete(key);
      this.held.set(key, entry);
      return entry.buffer;
    }
    const rate = manifest.play_rate, frames = CHUNK_S * rate;
    const whole = Math.ceil(manifest.duration_s * rate);
    const count = Math.min(frames, whole - number * frames);
    const made = { buffer: null, size: count * 8 };
    this.held.set(key, made);
    bytes("pcm", { track: track.key, v: track.version, start: number * frames, count }).then(raw => {
      const samples = new Float32Array(raw);
      const buffer = context.createBuffer(2, count, rate);
      for (const channel of [0, 1]) {
        const line = buffer.getChannelData(channel);
        for (let i = 0; i < count; i += 1) line[i] = samples[2 * i + channel];
      }
      made.buffer = buffer;
      this.size += made.size;
      this.trim();
    }).catch(error => {
      made.failed = true;
      this.broken(error);
    });
    return null;
  }

  /** Chunks that failed may be asked for again. */
  forgive() {
    for (const [key, entry] of this.held) if (entry.failed) this.held.delete(key);
  }

  trim() {
    for (const [key, entry] of this.held) {
      if (this.size <= MOST_BYTES) return;
      if (!entry.buffer) continue;
      this.held.delete(key);
      this.size -= entry.size;
    }
  }
}

/** A buffer played backwards, as a new one. */
export function reversed(context, buffer) {
  const back = context.createBuffer(2, buffer.length, buffer.sampleRate);
  for (const channel of [0, 1]) back.copyToChannel(Float32Array.from(buffer.getChannelData(channel)).reverse(), channel);
  return back;
}

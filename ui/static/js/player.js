// The engine: PCM in chunks through WebAudio. Whatever may be heard next runs along silently, so that switching between
// A and B, or muting a stem, is a change of gain and never of place.

import { get } from "./api.js";
import { CHUNK_S, Chunks, reversed } from "./chunks.js";
import { emit, fail, on, pulse, ready } from "./state.js";

const AHEAD_S = 1.2;
const FADE_S = 0.01;
const TICK_MS = 60;
const SPEEDS = [1, 2, 4];

const gainOf = db => 10 ** (db / 20);

class Player {
  constructor() {
    this.manifest = null;
    this.context = null;
    this.chunks = new Chunks(error => this.broken(error));
    this.ab = { a: "source", b: "source" };
    this.track = "source";
    this.matched = true;
    this.mix = null;
    this.region = null;
    this.looping = false;
    this.speed = 1;
    this.playing = false;
    this.place = 0;
    this.session = null;
    this.levels = new Map();
    on("seek", ({ time_s, play }) => {
      this.seek(time_s);
      if (play) this.play();
    });
  }

  get duration() {
    return this.manifest?.duration_s ?? 0;
  }

  /** The manifest anew: tracks may have come, gone or changed; the place stays. */
  async refresh() {
    const before = this.manifest;
    let next = null;
    try {
      if (pulse.ready) next = await get("manifest");
    } catch (error) {
      if (error.status !== 409) fail(error);
    }
    if (!next) {
      this.stop();
      this.manifest = null;
      emit("manifest", null);
      return;
    }
    const place = before?.recording === next.recording ? this.time() : 0;
    const wasPlaying = this.playing && before?.recording === next.recording;
    const changed = JSON.stringify(before?.tracks.map(t => [t.key, t.version])) !== JSON.stringify(next.tracks.map(t => [t.key, t.version]));
    this.manifest = next;
    this.chunks.forgive();
    const keys = next.tracks.map(track => track.key);
    if (before?.recording !== next.recording) {
      this.stop();
      this.place = 0;
      this.region = null;
      this.mix = null;
      const best = ["clean", "restored", "master"].find(key => keys.includes(key));
      this.ab = { a: "source", b: best || "source" };
      this.track = "source";
      emit("region", null);
    }
    for (const side of ["a", "b"]) if (!keys.includes(this.ab[side])) this.ab[side] = "source";
    if (!keys.includes(this.track)) this.track = this.ab.a;
    if (this.mix) this.mix = this.mix.filter(entry => keys.includes(entry.key));
    if (this.context && this.context.sampleRate !== next.play_rate) this.drop();
    emit("manifest", next);
    emit("track", this.track);
    if (changed && wasPlaying) this.restart(place);
    else this.regain();
    if (next.measuring) setTimeout(() => this.manifest === next && this.refresh(), 1500);
  }

  trackOf(key) {
    return this.manifest?.tracks.find(track => track.key === key);
  }

  /** Everything that runs along: [key, gain in dB, heard]. */
  voices() {
    if (this.mix) return this.mix.map(({ key, gain_db, muted }) => [key, gain_db, !muted]);
    const keys = [...new Set([this.track, this.ab.a, this.ab.b])];
    return keys.map(key => [key, this.matched ? this.trackOf(key)?.gain_db ?? 0 : 0, key === this.track]);
  }

  /** The gain in dB at which a track is heard. */
  gain(key = this.track) {
    const voice = this.voices().find(each => each[0] === key);
    return voice ? voice[1] : 0;
  }

  open() {
    if (this.context) return this.context;
    try {
      this.context = new AudioContext({ sampleRate: this.manifest.play_rate, latencyHint: "interactive" });
    } catch {
      this.context = new AudioContext(); // a rate that this browser does not take: it resamples
    }
    return this.context;
  }

  drop() {
    this.stop();
    this.context?.close();
    this.context = null;
    this.chunks = new Chunks(error => this.broken(error));
  }

  /** Where it is, in seconds of the recording. */
  time() {
    const { session, context } = this;
    if (!this.playing || !session) return this.place;
    const now = context.currentTime - (context.outputLatency || 0);
    let at = session.pieces[0];
    for (const piece of session.pieces) if (piece.from <= now) at = piece;
    if (!at) return this.place;
    const length = Math.min(Math.max(now - at.from, 0), at.to - at.from);
    return Math.min(Math.max(at.place + length * this.speed, 0), this.duration);
  }

  async play() {
    if (!this.manifest || this.playing) return;
    this.chunks.forgive();
    const context = this.open();
    if (context.state === "suspended") await context.resume().catch(fail);
    if (this.playing) return; // pressed twice before the sound could start
    if (this.speed > 0 && this.place >= this.duration - 0.01) this.place = 0;
    if (this.looping && this.region && this.speed > 0 && (this.place < this.region.start_s || this.place >= this.region.end_s)) {
      this.place = this.region.start_s;
    }
    this.playing = true;
    this.begin(this.place);
    this.timer = setInterval(() => this.tick(), TICK_MS);
    this.follow();
  }

  pause() {
    if (!this.playing) return;
    this.place = this.time();
    this.stop();
    this.speed = 1;
    emit("cursor", { time_s: this.place, playing: false });
  }

  stop() {
    clearInterval(this.timer);
    this.playing = false;
    this.end();
  }

  toggle() {
    if (this.playing) this.pause();
    else {
      this.speed = 1;
      this.play();
    }
  }

  seek(time_s) {
    this.place = Math.min(Math.max(time_s, 0), this.duration);
    if (this.playing) this.restart(this.place);
    emit("cursor", { time_s: this.place, playing: this.playing });
  }

  /** J and L: backwards or forwards, faster each time. */
  shuttle(direction) {
    const same = this.playing && Math.sign(this.speed) === direction;
    const step = same ? Math.min(SPEEDS.indexOf(Math.abs(this.speed)) + 1, SPEEDS.length - 1) : 0;
    const place = this.time();
    this.speed = direction * SPEEDS[step];
    if (this.playing) this.restart(place);
    else this.play();
    emit("track", this.track);
  }

  setTrack(key) {
    if (!this.trackOf(key)) return;
    const known = this.voices().some(([each]) => each === key);
    this.track = key;
    this.mix = null;
    if (this.playing && !known) this.restart(this.time());
    else this.regain();
    emit("track", key);
  }

  setAB(a, b) {
    const heardB = this.track === this.ab.b && this.ab.a !== this.ab.b;
    this.ab = { a: this.trackOf(a) ? a : this.ab.a, b: this.trackOf(b) ? b : this.ab.b };
    this.setTrack(heardB ? this.ab.b : this.ab.a);
  }

  swap() {
    this.setTrack(this.track === this.ab.a ? this.ab.b : this.ab.a);
  }

  setMatched(matched) {
    this.matched = matched;
    this.regain();
    emit("track", this.track);
  }

  /** Several tracks at once, each {key, gain_db, muted}; null goes back to A and B. */
  setMix(mix) {
    const keys = list => JSON.stringify((list || []).map(entry => entry.key));
    const other = keys(this.mix) !== keys(mix);
    this.mix = mix;
    if (this.playing && other) this.restart(this.time());
    else this.regain();
    emit("track", this.track);
  }

  loop(start_s, end_s) {
    if (start_s == null || end_s == null || end_s - start_s < 0.02) this.region = null;
    else this.region = { start_s: Math.max(0, start_s), end_s: Math.min(end_s, this.duration) };
    if (this.playing && this.looping) this.restart(this.time());
    emit("region", this.region);
  }

  setLooping(looping) {
    this.looping = looping;
    if (this.playing) this.restart(this.time());
    emit("track", this.track);
  }

  /** A preview: becomes B, its stretch the region, and is heard from its beginning, in a loop. */
  async audition(key, start_s, end_s) {
    await this.refresh();
    if (!this.trackOf(key)) return;
    this.mix = null;
    this.looping = true;
    this.setAB(this.ab.a === key ? "source" : this.ab.a, key);
    this.setTrack(key);
    this.loop(start_s, end_s);
    this.speed = 1;
    this.seek(start_s);
    await this.play();
  }

  // What runs ------------------------------------------------------------------------------------------------------

  begin(place) {
    const { context } = this;
    const rate = context.sampleRate;
    const fade = context.createGain();
    // On whole frames, so that one chunk follows the other to the sample.
    const from = Math.ceil((context.currentTime + 0.06) * rate) / rate;
    fade.gain.setValueAtTime(0, from);
    fade.gain.linearRampToValueAtTime(1, from + FADE_S / 2);
    fade.connect(context.destination);
    const frames = Math.round(place * this.manifest.play_rate);
    this.session = { fade, from, next: { at: from, frame: frames }, pieces: [], voices: new Map(), sources: new Set() };
    this.voice();
    this.tick();
  }

  /** The voices of the session, each with its gain and an analyser that meters ask. */
  voice() {
    const { session, context } = this;
    for (const [key, gain_db, heard] of this.voices()) {
      if (session.voices.has(key) || !this.trackOf(key)) continue;
      const gain = context.createGain(), analyser = context.createAnalyser();
      analyser.fftSize = 2048;
      gain.gain.value = heard ? gainOf(gain_db) : 0;
      gain.connect(analyser);
      gain.connect(session.fade);
      session.voices.set(key, { gain, analyser });
    }
  }

  regain() {
    if (!this.session) return;
    const now = this.context.currentTime;
    for (const [key, gain_db, heard] of this.voices()) {
      const voice = this.session.voices.get(key);
      if (!voice) continue;
      voice.gain.gain.cancelScheduledValues(now);
      voice.gain.gain.setValueAtTime(voice.gain.gain.value, now);
      voice.gain.gain.linearRampToValueAtTime(heard ? gainOf(gain_db) : 0, now + FADE_S);
    }
    if (!this.mix) {
      const heard = new Set(this.voices().map(each => each[0]));
      for (const [key, voice] of this.session.voices) if (!heard.has(key)) voice.gain.gain.linearRampToValueAtTime(0, now + FADE_S);
    }
  }

  end() {
    const { session, context } = this;
    if (!session) return;
    this.session = null;
    const now = context.currentTime;
    session.fade.gain.cancelScheduledValues(now);
    session.fade.gain.setValueAtTime(session.fade.gain.value, now);
    session.fade.gain.linearRampToValueAtTime(0, now + FADE_S);
    for (const source of session.sources) source.stop(now + 2 * FADE_S);
    setTimeout(() => session.fade.disconnect(), 200);
  }

  restart(place) {
    if (!this.playing) return;
    this.end();
    this.place = place;
    this.begin(place);
  }

  /** Schedules what comes next, as far ahead as AHEAD_S. */
  tick() {
    const { session, context } = this;
    if (!session) return;
    const rate = this.manifest.play_rate, size = CHUNK_S * rate, speed = Math.abs(this.speed), forward = this.speed > 0;
    const last = Math.ceil(this.duration * rate);
    const region = this.looping && forward && this.region;
    while (session.next.at < context.currentTime + AHEAD_S * Math.max(speed, 1)) {
      let { at, frame } = session.next;
      if (region && frame >= Math.round(region.end_s * rate)) frame = Math.round(region.start_s * rate);
      if (forward ? frame >= last : frame <= 0) {
        if (context.currentTime > at) this.arrive(forward ? this.duration : 0);
        return;
      }
      const number = forward ? Math.floor(frame / size) : Math.ceil(frame / size) - 1;
      let low = forward ? frame : Math.max(number * size, 0), high = forward ? Math.min((number + 1) * size, last) : frame;
      if (region && frame < region.end_s * rate) high = Math.min(high, Math.round(region.end_s * rate));
      const parts = [];
      for (const [key, voice] of session.voices) {
        const track = this.trackOf(key);
        const buffer = track && this.chunks.take(context, track, this.manifest, number);
        if (track && !buffer) parts.push(null);
        else if (track) parts.push([voice, buffer]);
      }
      if (parts.includes(null)) return; // it is on its way
      if (at < context.currentTime + 0.01) at = Math.ceil((context.currentTime + 0.04) * context.sampleRate) / context.sampleRate;
      const length = (high - low) / rate / speed;
      for (const [voice, buffer] of parts) {
        const source = context.createBufferSource();
        source.buffer = forward ? buffer : reversed(context, buffer);
        source.playbackRate.value = speed;
        source.connect(voice.gain);
        const offset = forward ? low - number * size : buffer.length - (high - number * size);
        source.start(at, offset / rate, (high - low) / rate);
        session.sources.add(source);
        source.onended = () => session.sources.delete(source);
      }
      session.pieces.push({ from: at, to: at + length, place: (forward ? low : high) / rate });
      while (session.pieces.length > 2 && session.pieces[1].from < context.currentTime - 1) session.pieces.shift();
      session.next = { at: at + length, frame: forward ? high : low };
    }
    // The chunk after these is fetched before it is needed.
    const number = Math.floor(session.next.frame / size) + (forward ? 0 : -1);
    if (number >= 0 && number * size < last) {
      for (const key of session.voices.keys()) {
        const track = this.trackOf(key);
        if (track) this.chunks.take(context, track, this.manifest, number);
      }
    }
  }

  /** Sound that cannot be had stops it where it is; 410 says that the track was rendered anew: the manifest follows. */
  broken(error) {
    if (error.status === 410) {
      this.refresh();
      return;
    }
    if (!this.playing) return; // told already: both A and B are asked for
    this.pause();
    fail(error);
  }

  arrive(place) {
    this.stop();
    this.place = place;
    this.speed = 1;
    emit("cursor", { time_s: place, playing: false });
  }

  follow() {
    if (!this.playing) return;
    emit("cursor", { time_s: this.time(), playing: true });
    requestAnimationFrame(() => this.follow());
  }

  /** Peak of what a voice plays now, 0..1 and above; 0 where it does not run. */
  level(key) {
    const voice = this.session?.voices.get(key);
    if (!voice) return 0;
    const samples = new Float32Array(voice.analyser.fftSize);
    voice.analyser.getFloatTimeDomainData(samples);
    return samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
  }
}

export const player = new Player();
ready.then(() => {
  on("recording", () => player.refresh());
  on("revision", () => player.refresh());
});

// Timecode as core/time.py has it: frames of a rate {num, den, drop}, and the timecode of the first frame.

const TIMECODE = /^(\d{1,2}):([0-5]\d):([0-5]\d)[:;.](\d{1,2})$/;

export class Timebase {
  constructor({ num, den, drop }, start = "00:00:00:00") {
    Object.assign(this, { num, den, drop, nominal: Math.round(num / den) });
    this.startFrame = this.number(start) ?? 0;
  }

  frame(time_s) {
    return Math.round((time_s * this.num) / this.den);
  }

  seconds(frame) {
    return (frame * this.den) / this.num;
  }

  /** The time of the nearest frame. */
  snap(time_s) {
    return this.seconds(this.frame(time_s));
  }

  /** HH:MM:SS:FF of seconds, HH:MM:SS;FF with drop-frame. */
  code(time_s) {
    return this.text(this.startFrame + this.frame(time_s));
  }

  text(frame) {
    const n = this.nominal;
    if (this.drop) {
      const dropped = Math.floor(n / 15), minute = n * 60 - dropped, ten = minute * 10 + dropped;
      const tens = Math.floor(frame / ten), rest = frame % ten;
      frame += dropped * 9 * tens + (rest >= dropped ? dropped * Math.floor((rest - dropped) / minute) : 0);
    }
    const two = value => String(value).padStart(2, "0");
    const seconds = Math.floor(frame / n);
    return `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}${this.drop ? ";" : ":"}${two(frame % n)}`;
  }

  /** The frame number of a timecode, null for what is none. */
  number(text) {
    const found = TIMECODE.exec(text.trim());
    if (!found) return null;
    const [hours, minutes, seconds, frames] = found.slice(1).map(Number);
    if (hours > 23 || frames >= this.nominal) return null;
    const all = hours * 60 + minutes, frame = (all * 60 + seconds) * this.nominal + frames;
    if (!this.drop) return frame;
    const dropped = Math.floor(this.nominal / 15);
    if (seconds === 0 && frames < dropped && minutes % 10) return null; // a number that is dropped
    return frame - dropped * (all - Math.floor(all / 10));
  }

  /** Seconds of a timecode, or of plain seconds as "83.2"; null for what is neither. */
  parse(text) {
    const plain = text.trim().replace(",", ".");
    if (/^\d+(\.\d+)?$/.test(plain)) return Number(plain);
    const frame = this.number(text);
    return frame == null ? null : this.seconds(frame - this.startFrame);
  }
}

// Which stretch of the recording the deck shows.

import { player } from "./player.js";

const SHORTEST_S = 0.02;

class View {
  constructor() {
    this.start_s = 0;
    this.end_s = 1;
    this.width = 100;
    this.cursor_s = 0;
    this.selected = null;
    this.follows = true;
    this.element = document.body;
    this.colours = new Map();
  }

  x(time_s) {
    return ((time_s - this.start_s) / (this.end_s - this.start_s)) * this.width;
  }

  time(x) {
    return this.start_s + (x / this.width) * (this.end_s - this.start_s);
  }

  /** The value of --ap-<name>. */
  colour(name) {
    if (!this.colours.has(name)) this.colours.set(name, getComputedStyle(this.element).getPropertyValue(`--ap-${name}`).trim());
    return this.colours.get(name);
  }

  whole() {
    this.show(0, player.duration || 1);
  }

  show(start_s, end_s) {
    const duration = Math.max(player.duration, SHORTEST_S);
    const length = Math.min(Math.max(end_s - start_s, SHORTEST_S), duration);
    this.start_s = Math.min(Math.max(start_s, 0), duration - length);
    this.end_s = this.start_s + length;
  }

  /** Zooms by a factor around a time, which keeps its place. */
  zoom(factor, around_s = this.cursor_s) {
    const at = around_s < this.start_s || around_s > this.end_s ? (this.start_s + this.end_s) / 2 : around_s;
    const length = Math.min(Math.max((this.end_s - this.start_s) / factor, SHORTEST_S), player.duration);
    const share = (at - this.start_s) / (this.end_s - this.start_s);
    this.show(at - share * length, at + (1 - share) * length);
  }

  scroll(seconds) {
    this.show(this.start_s + seconds, this.end_s + seconds);
  }

  /** Shows a time, page by page; whether the page was turned. */
  keep(time_s) {
    if (time_s >= this.start_s && time_s <= this.end_s) return false;
    const length = this.end_s - this.start_s;
    this.show(time_s - 0.05 * length, time_s + 0.95 * length);
    return true;
  }
}

export const view = new View();

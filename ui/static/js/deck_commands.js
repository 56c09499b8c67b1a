// What the keyboard does to the deck.

import { command } from "./keys.js";
import { player } from "./player.js";
import { fail, on, redo, t, undo } from "./state.js";
import { view } from "./view.js";

/** Registers what the keyboard does to the deck; `schedule` draws it anew. */
export function commands(schedule) {
  const can = () => Boolean(player.manifest);
  const add = (name, keys, run, more = {}) => command(name, keys, { label: () => t(`deck.key_${name.replaceAll("-", "_")}`), run, when: can, ...more });
  const nudge = frames => player.seek(player.time() + (frames * player.manifest.fps.den) / player.manifest.fps.num);
  add("play", "Space", () => player.toggle(), { once: true });
  add("back", "j", () => player.shuttle(-1), { once: true });
  add("pause", "k", () => player.pause(), { once: true });
  add("forward", "l", () => player.shuttle(1), { once: true });
  add("ab", "b", () => player.swap(), { once: true });
  add("matched", "m", () => player.setMatched(!player.matched), { once: true });
  add("in", "i", () => {
    const now = player.time(), end = player.region?.end_s ?? 0;
    player.loop(now, end > now ? end : Math.min(now + 5, player.duration));
  });
  add("out", "o", () => {
    const now = player.time(), start = player.region?.start_s ?? Infinity;
    player.loop(start < now ? start : Math.max(now - 5, 0), now);
  });
  add("loop", "r", () => player.setLooping(!player.looping), { once: true });
  add("no-region", "Escape", () => player.loop(null));
  add("frame-back", "ArrowLeft", () => nudge(-1));
  add("frame-forward", "ArrowRight", () => nudge(1));
  add("second-back", "Shift+ArrowLeft", () => player.seek(player.time() - 1));
  add("second-forward", "Shift+ArrowRight", () => player.seek(player.time() + 1));
  add("start", "Home", () => player.seek(0));
  add("end", "End", () => player.seek(player.duration));
  add("zoom-in", ["+", "="], () => { view.zoom(2); schedule(); });
  add("zoom-out", "-", () => { view.zoom(0.5); schedule(); });
  add("zoom-region", "z", () => {
    if (player.region) view.show(player.region.start_s, player.region.end_s);
    else view.whole();
    schedule();
  });
  add("undo", "Mod+z", () => undo().catch(fail));
  add("redo", ["Mod+Shift+z", "Mod+y"], () => redo().catch(fail));
  on("zoom", factor => {
    if (factor) view.zoom(factor);
    else view.whole();
    schedule();
  });
}


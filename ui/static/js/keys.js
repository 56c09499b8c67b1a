// Keyboard commands: registered by the parts, listed under "?", quiet while somebody types.

import { el, on, t } from "./state.js";

const commands = new Map();
const MAC = /mac/i.test(navigator.platform);

/**
 * Registers a command. `keys` are such as "Space", "j", "Shift+N", "Mod+z" (Ctrl, on a Mac Cmd); `label()` says what it
 * does, `run(event)` does it, `when()` says whether it can now. `everywhere`: while a text field has the focus too.
 * `once`: a key that is held down does it once.
 */
export function command(name, keys, { label, run, when = () => true, everywhere = false, once = false, group = "deck" }) {
  commands.set(name, { name, keys: [keys].flat(), label, run, when, everywhere, once, group });
}

/** Does a command by its name, as its key would. */
export function perform(name) {
  const found = commands.get(name);
  if (found && found.when()) found.run();
}

function pressed(event) {
  const parts = [];
  if (MAC ? event.metaKey : event.ctrlKey) parts.push("Mod");
  if (event.altKey) parts.push("Alt");
  // With Alt a Mac writes other letters: the key itself counts.
  const bare = event.altKey && /^Key[A-Z]$/.test(event.code) ? event.code.at(-1).toLowerCase() : event.key;
  const named = bare === " " ? "Space" : bare;
  const letter = named.length === 1;
  if (event.shiftKey && (!letter || /[a-z]/i.test(named))) parts.push("Shift");
  parts.push(letter ? named.toLowerCase() : named);
  return parts.join("+");
}

const normal = keys => {
  const parts = keys.split("+");
  const key = parts.pop() || "+";
  const order = ["Mod", "Alt", "Shift"].filter(each => parts.includes(each));
  return [...order, key.length === 1 ? key.toLowerCase() : key].join("+");
};

const typing = target => target.closest?.("input:not([type=checkbox]):not([type=radio]):not([type=range]):not([type=button]), textarea, select, [contenteditable=true]");
const PRESSED = "button, a, summary, [role=tab], [role=option], input";
const MOVED = "input[type=range], input[type=radio], [role=slider], [role=separator], [role=tab], [role=option], [role=menuitem]";
const MOVES = /^(Shift\+)?(Arrow\w+|Home|End)$/;

/** What the pointer pressed last: it keeps the focus, but nobody chose it with the keyboard. */
let clicked = null;
document.addEventListener("pointerdown", event => { clicked = event.target.closest?.("button, [role=tab]") || null; }, true);
document.addEventListener("keydown", event => { if (event.key === "Tab") clicked = null; }, true);

/** Whether the key belongs to the control that has the focus: Space to a button, arrows to a slider. */
function owned(target, key) {
  if (MOVES.test(key)) return Boolean(target.closest?.(MOVED));
  if (key !== "Space" && key !== "Enter") return false;
  const control = target.closest?.(PRESSED);
  if (!control) return false;
  // After a click on a button, Space plays, as in every editor; and a tab that is shown has nothing to be pressed for.
  return key === "Enter" || (control !== clicked && control.getAttribute("aria-selected") !== "true");
}

let spaceTaken = false;

document.addEventListener("keydown", event => {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const key = pressed(event);
  for (const each of commands.values()) {
    if (!each.keys.some(own => normal(own) === key)) continue;
    if (!each.everywhere && (typing(event.target) || owned(event.target, key))) continue;
    if (!each.when()) continue;
    event.preventDefault();
    spaceTaken = key === "Space";
    if (!(each.once && event.repeat)) each.run(event);
    return;
  }
});

// Firefox presses a button when Space comes up, whatever became of Space going down.
document.addEventListener("keyup", event => {
  if (event.key !== " " || !spaceTaken) return;
  event.preventDefault();
  spaceTaken = false;
});

const SIGNS = { Space: "␣", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Mod: MAC ? "⌘" : "Ctrl", Shift: "⇧", Enter: "↵" };
const shown = keys => keys.split(/\+(?=.)/).map(part => el("kbd", { class: "ap-kbd" }, SIGNS[part] || (part.length === 1 ? part.toUpperCase() : part)));

function help() {
  const groups = new Map();
  for (const each of commands.values()) groups.set(each.group, [...(groups.get(each.group) || []), each]);
  const close = el("button", { class: "ap-btn" }, t("deck.close"));
  const dialog = el("dialog", { class: "ap-dialog live keys-help", "aria-label": t("deck.help") },
    el("h2", {}, t("deck.help")),
    [...groups].map(([group, list]) => [
      el("h3", {}, t(`deck.keys_${group}`)),
      el("dl", {}, list.flatMap(each => [
        el("dt", {}, each.keys.flatMap((keys, n) => [n ? " / " : null, ...shown(keys)])),
        el("dd", {}, each.label()),
      ])),
    ]),
    close);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

command("help", "?", { label: () => t("deck.help"), run: help, group: "deck" });
on("key", ({ command: name }) => perform(name));

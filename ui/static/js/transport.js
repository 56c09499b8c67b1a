// The deck's upper line: transport, A and B, matched loudness, loop, zoom, the picture of frequencies, where the cursor is.

import { icon } from "./icons.js";
import { clock, el, emit, on, t } from "./state.js";
import { player } from "./player.js";
import { Timebase } from "./timecode.js";
import { view } from "./view.js";

const GROUPS = ["mix", "stem", "removed", "preview"];
/** From the darkest colour to the brightest. */
export const RANGE_DB = 75;
const LOUDEST_DB = [0, -10, -20, -30, -40, -50];

const button = (id, sign, run, more = {}) =>
  el("button", { class: "ap-btn", id: `deck-${id}`, title: t(`deck.${id}`), "aria-label": t(`deck.${id}`), onclick: run, ...more }, sign);

export function transport({ settings, changed, fold }) {
  const play = button("play", icon("play"), () => player.toggle());
  const loop = button("loop", icon("loop"), () => player.setLooping(!player.looping));
  const matched = button("matched", "≈ LUFS", () => player.setMatched(!player.matched));
  const folding = button("fold", icon("down"), () => fold(!settings.folded));
  const controls = [
    el("span", { class: "ap-group" }, button("start", icon("start"), () => player.seek(0)), button("back", icon("back"), () => player.shuttle(-1)), play, button("forward", icon("forward"), () => player.shuttle(1))),
    loop, position(), sides(), matched,
    el("span", { class: "ap-gap" }),
    pictures(settings, changed),
    el("span", { class: "ap-group" }, button("zoom_out", icon("minus"), () => emit("zoom", 0.5)), button("zoom_all", icon("all"), () => emit("zoom", 0)), button("zoom_in", icon("plus"), () => emit("zoom", 2))),
    folding,
  ];
  const show = () => {
    const nothing = !player.manifest;
    for (const each of bar.querySelectorAll("button, select")) each.disabled = nothing;
    folding.disabled = false;
    folding.replaceChildren(icon(settings.folded ? "right" : "down"));
    play.replaceChildren(icon(player.playing ? "pause" : "play"));
    play.setAttribute("aria-label", t(player.playing ? "deck.pause" : "deck.play"));
    loop.setAttribute("aria-pressed", String(player.looping));
    matched.setAttribute("aria-pressed", String(player.matched));
  };
  const bar = el("div", { class: "ap-bar deck-transport", role: "toolbar", "aria-label": t("deck.transport") }, controls);
  for (const name of ["manifest", "track", "region"]) on(name, show);
  let playing = null;
  on("cursor", now => {
    if (playing !== now.playing) show();
    playing = now.playing;
  });
  show();
  return bar;
}

/** Where the cursor is, in timecode and in seconds; read out when it rests. */
function position() {
  const code = el("b", { class: "deck-code ap-mono" }, "--:--:--:--"), seconds = el("span", { class: "ap-dim ap-num" });
  const said = el("span", { class: "ap-hidden", role: "status" });
  const speed = el("span", { class: "ap-tag", hidden: true });
  const show = ({ time_s, playing }) => {
    if (!player.manifest) return;
    code.textContent = new Timebase(player.manifest.fps, player.manifest.start_timecode).code(time_s);
    seconds.textContent = clock(time_s, 2);
    speed.hidden = player.speed === 1;
    speed.textContent = `${player.speed}×`.replace("-", "−");
    if (!playing) said.textContent = describe();
  };
  on("cursor", show);
  on("manifest", () => show({ time_s: player.time(), playing: player.playing }));
  return el("span", { class: "deck-position" }, code, seconds, speed, said);
}

/** What a screen reader is told of the deck. */
export function describe() {
  if (!player.manifest) return t("deck.nothing_open");
  const track = player.trackOf(player.track);
  return t("deck.described", {
    recording: player.manifest.recording, at: clock(player.time(), 1), length: clock(player.duration, 1), track: track?.title ?? "",
    from: clock(view.start_s, 1), to: clock(view.end_s, 1),
  });
}

/** A and B: what each is, and a switch that says which is heard. */
function sides() {
  const selects = {}, switches = {};
  const made = ["a", "b"].map(side => {
    selects[side] = el("select", { class: "ap-select", id: `deck-${side}`, "aria-label": t(`deck.track_${side}`) });
    selects[side].addEventListener("change", () => {
      player.setAB(side === "a" ? selects.a.value : player.ab.a, side === "b" ? selects.b.value : player.ab.b);
      player.setTrack(selects[side].value);
    });
    switches[side] = el("button", { class: `ap-btn deck-side-${side}`, id: `deck-hear-${side}`, title: t(`deck.hear_${side}`), "aria-label": t(`deck.hear_${side}`), onclick: () => player.setTrack(player.ab[side]) }, side.toUpperCase());
    return el("span", { class: "ap-group deck-ab" }, switches[side], selects[side]);
  });
  let options = "";
  const show = () => {
    const tracks = player.manifest?.tracks || [];
    const now = JSON.stringify(tracks.map(track => [track.key, track.title]));
    if (now !== options) {
      options = now;
      for (const select of Object.values(selects)) {
        select.replaceChildren(...GROUPS.map(group => {
          const own = tracks.filter(track => track.group === group);
          return own.length ? el("optgroup", { label: t(`deck.group_${group}`) }, own.map(track => el("option", { value: track.key }, track.title))) : "";
        }));
      }
    }
    for (const side of ["a", "b"]) {
      selects[side].value = player.ab[side];
      const heard = player.track === player.ab[side] && !player.mix && (side === "a" || player.ab.a !== player.ab.b);
      switches[side].setAttribute("aria-pressed", String(heard));
    }
  };
  on("manifest", show);
  on("track", show);
  return made;
}

function pictures(settings, changed) {
  const scale = el("select", { class: "ap-select", id: "deck-scale", "aria-label": t("deck.scale") },
    ["mel", "linear"].map(name => el("option", { value: name, selected: settings.scale === name }, t(`deck.scale_${name}`))));
  scale.addEventListener("change", () => { settings.scale = scale.value; changed(); });
  const contrast = el("select", { class: "ap-select", id: "deck-contrast", "aria-label": t("deck.contrast") },
    LOUDEST_DB.map(db => el("option", { value: db, selected: settings.top_db === db }, t("deck.contrast_db", { db: `${db}`.replace("-", "−") }))));
  contrast.addEventListener("change", () => {
    settings.top_db = Number(contrast.value);
    settings.bottom_db = settings.top_db - RANGE_DB;
    changed();
  });
  const box = el("span", { class: "deck-pictures-set" }, scale, contrast);
  const show = ({ name }) => { box.hidden = !["listen", "dialogue", "stems"].includes(name); };
  on("tab", show);
  return box;
}

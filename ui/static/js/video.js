// The picture beside the sound, in step with its clock; captions over it.

import { BASE, get, post } from "./api.js";
import { beat, el, fail, on, pulse, t } from "./state.js";
import { player } from "./player.js";

const APART_S = 0.06;

export function videoPanel() {
  const video = el("video", { muted: true, playsinline: true, preload: "auto", disablepictureinpicture: true, tabindex: "-1", "aria-label": t("deck.video") });
  video.muted = true;
  const caption = el("div", { class: "deck-caption", "aria-hidden": "true" });
  const offer = el("button", { class: "ap-btn", id: "viewing-copy" }, t("deck.viewing_copy"));
  const hint = el("div", { class: "deck-video-hint" }, el("p", {}, t("deck.not_playable")), offer);
  const box = el("div", { class: "deck-video", hidden: true }, video, caption, hint);
  let captions = [], shown = "";

  const fetchCaptions = async () => {
    try {
      captions = pulse.ready ? (await get("captions")).captions || [] : [];
    } catch (error) {
      captions = [];
      if (![404, 409].includes(error.status)) fail(error);
    }
    shown = null;
    say(player.time());
  };
  on("captions", list => { if (Array.isArray(list)) captions = list; say(player.time()); });
  on("revision", fetchCaptions);
  on("manifest", manifest => {
    const found = manifest?.video;
    box.hidden = !found;
    fetchCaptions();
    if (!found) return;
    hint.hidden = found.playable;
    video.hidden = !found.playable;
    const source = found.playable ? new URL(found.url, BASE).href : "";
    if (source && video.src !== source) video.src = source;
  });
  offer.addEventListener("click", async () => {
    offer.disabled = true;
    await post("viewing-copy").then(beat).catch(error => {
      offer.disabled = false;
      fail(error);
    });
  });

  on("job-ended", () => { offer.disabled = false; });

  function say(time_s) {
    const now = captions.filter(each => each.start_s <= time_s && time_s < each.end_s);
    const text = now.map(each => each.lines.join("\n")).join("\n");
    if (text === shown) return;
    shown = text;
    caption.replaceChildren(...(text ? text.split("\n").map(line => el("span", {}, line)) : []));
  }

  on("cursor", ({ time_s, playing }) => {
    say(time_s);
    if (box.hidden || video.hidden || video.readyState < 1) return;
    const forward = playing && player.speed > 0;
    if (forward && video.paused) {
      video.currentTime = time_s;
      video.play().catch(() => {}); // a browser that keeps it still shows the picture at each seek
    }
    if (!forward && !video.paused) video.pause();
    if (forward) video.playbackRate = player.speed;
    if (Math.abs(video.currentTime - time_s) > (forward ? APART_S * player.speed : 0.001) && !video.seeking) video.currentTime = time_s;
  });
  return box;
}

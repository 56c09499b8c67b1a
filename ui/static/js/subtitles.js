import { el, ready } from "./state.js";

export async function mount(element) {
  await ready;
  element.querySelector(".live").append(el("p", {}, "subtitles"));
}

// Tells Gradio's side that what a tab shows may have changed: a hidden component changes its value.
import { on, ready } from "./state.js";

export async function mount(element, { props }) {
  await ready;
  const tell = () => { props.value = String(Date.now()); };
  on("recording", tell);
  on("revision", tell);
  on("job-ended", tell);
}

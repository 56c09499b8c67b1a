// Tells Gradio's side that what a tab shows may have changed: the hidden component's change event.
import { on, ready } from "./state.js";

export async function mount(element, { props, trigger }) {
  await ready;
  const tell = () => {
    props.value = String(Date.now());
    trigger("change");
  };
  on("recording", tell);
  on("revision", tell);
  on("job-ended", tell);
}

// Questions to our own routes. Paths are below /audiopost; the session's cookie goes along by itself.

const meta = document.querySelector('meta[name="audiopost-base"]');
export const BASE = new URL("audiopost/", new URL(meta?.content || "./", document.baseURI));

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function answered(response) {
  if (response.ok) return response;
  let message = response.statusText;
  try {
    message = (await response.json()).error || message;
  } catch { /* no JSON: the status must do */ }
  if (response.status === 401) window.dispatchEvent(new CustomEvent("audiopost:signed-out"));
  throw new Refused(response.status, typeof message === "string" ? message : JSON.stringify(message));
}

export const url = (path, query = {}) => {
  const at = new URL(path, BASE);
  for (const [name, value] of Object.entries(query)) at.searchParams.set(name, value);
  return at;
};

/** GET as JSON. */
export const get = async (path, query, options = {}) => (await answered(await fetch(url(path, query), options))).json();

/** GET as an ArrayBuffer. */
export const bytes = async (path, query, options = {}) =>
  (await answered(await fetch(url(path, query), options))).arrayBuffer();

/** Characters up to which a browser finishes a request of a page that was closed: 64 KiB, at most 3 bytes each. */
const OUTLIVES = 20_000;

/** POST of JSON, answered in JSON; a short one arrives though the page is closed. */
export const post = async (path, body = {}) => {
  const text = JSON.stringify(body);
  return (await answered(await fetch(url(path), {
    method: "POST",
    headers: { "content-type": "application/json", "x-audiopost": "1" },
    body: text,
    keepalive: text.length < OUTLIVES,
  }))).json();
};

/** PUT of a File; progress(share) is called on the way. Stopped by `signal` it resolves to null. */
export const put = (path, file, progress = () => {}, signal = null) => new Promise((resolve, reject) => {
  const request = new XMLHttpRequest(); // fetch tells nothing of an upload's progress
  request.open("PUT", url(path));
  request.setRequestHeader("x-audiopost", "1");
  request.upload.onprogress = event => event.lengthComputable && progress(event.loaded / event.total);
  signal?.addEventListener("abort", () => request.abort());
  request.onabort = () => resolve(null);
  request.onerror = () => reject(new Refused(0, "The connection was lost."));
  request.onload = () => {
    let body = {};
    try { body = JSON.parse(request.responseText); } catch { /* told below */ }
    if (request.status < 300) resolve(body);
    else reject(new Refused(request.status, body.error || request.statusText));
  };
  request.send(file);
});

// The models that are known by name, as the server tells of them, and the jobs that fetch and check them.

import { get, post } from "./api.js";
import { ENDED } from "./jobs.js";
import { beat, fail, pulse, t } from "./state.js";

export let known = null;

/** Asks anew what is here. */
export async function load() {
  known = (await get("models").catch(fail)) || known;
  return known;
}

/** What is fetched or checked of a model, or was last: its latest job, undefined for none. */
export const jobOf = (model, kind) => pulse.jobs.findLast(job => job.kind === kind &&
  (kind === "pull" ? job.settings.model === model.name : job.settings.models.includes(model.name)));

export const going = job => Boolean(job) && !ENDED.has(job.state);

/** Fetches a model whose licence, as it was shown, a person accepted. */
export const pull = async (model, accepted) => {
  const job = await post("models/pull", { name: model.name, accepted }).catch(fail);
  await beat();
  return job;
};

/** Has the files of models read again; of all that are here, where none is named. */
export const verify = async (...names) => {
  await post("models/verify", { names }).catch(fail);
  await beat();
};

export const stageTitle = stage => {
  for (const key of [`models.stage_${stage}`, `jobs.name_${stage}`]) if (t(key) !== key) return t(key);
  return stage;
};

// Jobs as the parts of the page see them: which ones there are, that one has ended, what to call them.

import { get, post } from "./api.js";
import { beat, emit, fail, on, t } from "./state.js";

export const ENDED = new Set(["done", "failed", "cancelled", "interrupted"]);

const states = new Map();
let begun = false;

// Event job-ended: a job that this page saw under way has ended; detail is the job.
on("jobs", jobs => {
  for (const job of jobs) {
    const before = states.get(job.id);
    states.set(job.id, job.state);
    const over = ENDED.has(job.state);
    if (over && before !== job.state && (before || begun)) emit("job-ended", job);
  }
  begun = true;
});

const known = (key, fallback) => {
  const text = t(key);
  return text === key ? fallback : text;
};

export const kindName = job => known(`jobs.${job.kind}`, job.kind);
export const stateName = state => t(`jobs.state_${state}`);
export const stageName = stage => known(`jobs.stage_${stage}`, stage);
/** A stage as a heading, where stageName says what it does. */
export const stageTitle = stage => known(`jobs.name_${stage}`, stage);

const asked = path => async job => {
  const answer = await post(`jobs/${path}`, job ? { id: job.id } : {}).catch(fail);
  await beat();
  return answer;
};
export const cancel = asked("cancel");
export const retry = asked("retry");
export const forget = asked("forget");
export const cancelAll = asked("cancel-all");
export const goOn = asked("go-on");
export const forgetEnded = asked("forget-ended");

/** All jobs of the folder, oldest first; the pulse has the latest alone. */
export const all = async () => (await get("jobs")).jobs;

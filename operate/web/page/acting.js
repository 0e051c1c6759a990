// Dialogs before anything is done: which pipeline, who acts, and a dry run first. What is acted on
// is the list that was seen, as it was seen.

import { Trouble, tell } from "./api.js";
import { h, refill } from "./dom.js";
import { keyName, number, visible } from "./words.js";

/**
 * @typedef {import("./api.js").Done} Done
 * @typedef {{ key: string, upload_id: string, since: string | null }} Seen
 * @typedef {"retry" | "discard"} Verb
 */

const AT_A_TIME = 20;
const SHOWN = 8;
const WORDS = {
  retry: { title: "Try again", will: "Try again", doing: "Trying again", done: "tried again" },
  discard: { title: "Discard for good", will: "Discard", doing: "Discarding", done: "discarded" },
};

/**
 * @param {Verb} verb
 * @param {Seen[]} files
 * @param {import("./api.js").Me} me
 * @param {() => Promise<void>} done called when something may have changed
 */
export async function act(verb, files, me, done) {
  const words = WORDS[verb];
  const body = h("div", { class: "body" }, h("p", { role: "status" }, "Looking what would be done …"));
  const close = h("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const confirm = h("button", { type: "submit", class: verb === "discard" ? "danger" : "primary", disabled: true }, words.will);
  const form = h("form", { method: "dialog" }, heading(verb, files, me), body, h("div", { class: "buttons" }, close, confirm));
  const dialog = h("dialog", { "aria-labelledby": "dialog-title" }, form);
  let changed = false;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (changed) void done();
  });
  document.body.append(dialog);
  dialog.showModal();

  const tried = await each(verb, files, true, () => dialog.isConnected).catch((error) => complain(body, error));
  if (!tried || !dialog.isConnected) return;
  const possible = tried.filter((it) => it.ok);
  const typed = verb === "discard" && possible.length ? countField(possible.length, confirm) : null;
  refill(body, summary(possible, tried.filter((it) => !it.ok), verb), typed);
  confirm.textContent = `${words.will}: ${number(possible.length, "file")}`;
  confirm.disabled = possible.length === 0 || typed !== null;
  (typed?.querySelector("input") ?? (possible.length ? confirm : close)).focus();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (confirm.disabled) return;
    confirm.disabled = true;
    close.textContent = "Stop";
    changed = true;
    const meant = new Set(possible.map((it) => `${it.upload_id} ${it.key}`));
    const chosen = files.filter((it) => meant.has(`${it.upload_id} ${it.key}`));
    const bar = h("progress", { max: chosen.length, value: 0, "aria-label": words.doing });
    const count = h("p", { role: "status" }, `${words.doing} …`);
    refill(body, bar, count);
    const results = await each(verb, chosen, false, () => dialog.isConnected, (so_far) => {
      bar.value = so_far;
      count.textContent = `${words.doing}: ${so_far} of ${chosen.length}`;
    }).catch((error) => complain(body, error));
    close.textContent = "Close";
    confirm.hidden = true;
    if (results) refill(body, outcome(results, words.done));
    close.focus();
  });
}

/** @param {Verb} verb @param {Seen[]} files @param {import("./api.js").Me} me */
function heading(verb, files, me) {
  return h(
    "header",
    {},
    h("h2", { id: "dialog-title" }, `${WORDS[verb].title}: ${number(files.length, "file")}`),
    h(
      "dl",
      { class: "facts" },
      h("dt", {}, "Pipeline"), h("dd", {}, me.pipeline),
      h("dt", {}, "Stage"), h("dd", {}, `${me.stack}, ${me.is_emulator ? "an emulator on this machine" : `account ${me.account}, ${me.region}`}`),
      h("dt", {}, "You are"), h("dd", {}, visible(me.name)),
    ),
  );
}

/**
 * One request for some of them after the other, until all are done or `goes_on` says no.
 * @param {Verb} verb @param {Seen[]} files @param {boolean} dry_run
 * @param {() => boolean} goes_on @param {(so_far: number) => void} [progress]
 */
async function each(verb, files, dry_run, goes_on, progress = () => {}) {
  /** @type {Done[]} */
  const results = [];
  const many = dry_run ? 200 : AT_A_TIME;
  for (let at = 0; at < files.length && goes_on(); at += many) {
    const some = files.slice(at, at + many).map(({ key, upload_id, since }) => ({ key, upload_id, since }));
    const told = await tell(verb, { files: some, dry_run });
    results.push(...told.files);
    progress(results.length);
  }
  return results;
}

/** @param {Done[]} possible @param {Done[]} not @param {Verb} verb */
function summary(possible, not, verb) {
  return h(
    "div",
    {},
    possible.length > 0 && h("p", {}, verb === "retry" ? "Rules and `process` decide again. What is accepted goes back to the input bucket, never over a newer upload." : "The file is deleted where it is; its record stays and says who did it. This cannot be undone."),
    list(possible, "Nothing can be done with any of them."),
    not.length > 0 && [h("p", { class: "bad" }, `Left alone: ${number(not.length, "file")}.`), list(not, "")],
  );
}

/** @param {Done[]} results @param {string} done */
function outcome(results, done) {
  const not = results.filter((it) => !it.ok);
  return h(
    "div",
    {},
    h("p", { role: "status", class: "result" }, `${number(results.length - not.length, "file")} ${done}${not.length ? `, ${not.length} not` : ""}.`),
    not.length > 0 && list(not, ""),
  );
}

/** @param {Done[]} files @param {string} none */
function list(files, none) {
  if (!files.length) return none ? h("p", {}, none) : null;
  return h(
    "ul",
    { class: "done" },
    files.slice(0, SHOWN).map((it) => h("li", {}, keyName(it.key), h("span", { class: "quiet" }, ` ${it.words}`))),
    files.length > SHOWN && h("li", { class: "quiet" }, `… and ${number(files.length - SHOWN, "more file")}`),
  );
}

/** @param {number} count @param {HTMLButtonElement} confirm */
function countField(count, confirm) {
  const field = h("input", { id: "count", inputmode: "numeric", autocomplete: "off", size: "8" });
  field.addEventListener("input", () => (confirm.disabled = field.value.trim().replace(/,/g, "") !== String(count)));
  return h("p", { class: "count-field" }, h("label", { for: "count" }, `To go on, type how many files that is (${count.toLocaleString("en")}): `), field);
}

/** @param {Element} body @param {unknown} error */
function complain(body, error) {
  if (!(error instanceof Trouble)) throw error;
  const words =
    error.kind === "refused"
      ? error.message
      : "The answer did not arrive. What was begun may have been done: close this, and look at the list again. Doing it twice does no harm.";
  refill(body, h("p", { class: "bad", role: "alert" }, words));
  return null;
}

/**
 * Save a file. What a malware scan has refused is asked about first.
 * @param {{ key: string, upload_id: string, reason_code?: string }} file
 * @param {HTMLElement} beside where to say what went wrong
 */
export async function download(file, beside) {
  if (/MALWARE|VIRUS|THREAT/.test(file.reason_code ?? "") && !(await agreed())) return;
  try {
    const { url, name } = await tell("download", { key: file.key, upload_id: file.upload_id });
    h("a", { href: url, download: name, rel: "noreferrer" }).click();
  } catch (error) {
    complain(beside, error);
  }
}

/** @returns {Promise<boolean>} */
function agreed() {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { "aria-labelledby": "dialog-title" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "dialog-title" }, "This file was refused as malware"),
        h("p", {}, "Save it only on a machine that is made for that. Do not open it here."),
        h("div", { class: "buttons" }, h("button", { value: "no" }, "Do not save"), h("button", { value: "yes", class: "danger" }, "Save it all the same")),
      ),
    );
    dialog.addEventListener("close", () => {
      resolve(dialog.returnValue === "yes");
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

// The whole story of one key: every upload, what was tried, why, where it is, and what comes next.

import { link } from "./address.js";
import { Trouble, ask } from "./api.js";
import { act, download } from "./acting.js";
import { h, refill } from "./dom.js";
import { ago, badge, command, keyName, moment, number, size, time, visible, visibleText, zone } from "./words.js";

const AT_WORK_SECONDS = 2;
const USUAL_SECONDS = 20;

/**
 * @typedef {object} Upload
 * @property {Record<string, any>} record
 * @property {string} place
 * @property {boolean | null} there
 * @property {string[]} and_in
 * @property {string} next
 * @property {string[]} commands
 * @property {string | null} being_retried
 * @property {string | null} since
 * @property {string | null} needs
 */

/** Log lines that were asked for, by upload; they stay when the page is drawn again. @type {Map<string, any>} */
const lines = new Map();
/** What a person has opened. @type {Set<string>} */
const open = new Set();

/** @type {import("./main.js").View} */
export const file = {
  title: "File",
  load: (query, signal) => {
    const upload = query.get("upload");
    return ask("file", { key: query.get("key") ?? "", ...(upload && query.get("only") ? { upload } : {}) }, signal);
  },
  every: (data) => (data.uploads.some((/** @type {Upload} */ it) => it.being_retried) ? AT_WORK_SECONDS : USUAL_SECONDS),
  show(data, context) {
    const meant = context.query.get("upload");
    const count = data.uploads.length + data.unrecorded.length;
    return [
      h("p", { class: "crumbs" }, h("a", { href: link("waiting") }, "Waiting"), " › file"),
      h("h1", { tabindex: "-1", class: "file-name", title: visibleText(data.key) }, keyName(data.key)),
      h("p", { class: "quiet" }, count === 1 ? "One upload of this name." : `${number(count, "upload")} of this name, the newest first.`),
      ...data.unrecorded.map(unrecorded),
      ...data.uploads.map((/** @type {Upload} */ it) => upload(it, it.record.upload_id === meant, context)),
    ];
  },
};

/** @param {any} it */
function unrecorded(it) {
  const words = {
    OUTSIDE: "The key is outside the prefix or suffix that the pipeline deals with: nothing happens to it.",
    IGNORED: "Such keys are passed over here.",
    NOT: it.event_kept ? "It could not even be recorded; its event is kept." : "It has no record yet: it is on its way, or its event was lost.",
  }[/** @type {"OUTSIDE" | "IGNORED" | "NOT"} */ (it.passed_over)];
  return h(
    "article",
    { class: "upload" },
    h("h2", {}, badge(it.passed_over === "NOT" ? "NO RECORD" : "PASSED OVER")),
    h("p", {}, words),
    facts([["Uploaded", time(it.modified)], ["Size", size(it.size_bytes)], ["Version", visible(it.version_id)]]),
  );
}

/** @param {Upload} it @param {boolean} meant @param {import("./main.js").Context} context */
function upload(it, meant, context) {
  const record = it.record;
  return h(
    "article",
    { class: `upload ${String(record.status).toLowerCase()} ${meant ? "meant" : ""}` },
    h("h2", {}, badge(record.status), " ", visible(record.reason_code ?? "")),
    record.reason && h("p", { class: "reason-text" }, visible(record.reason)),
    h("p", { class: "next-step" }, h("strong", {}, "Next: "), visible(it.next)),
    buttons(it, context),
    timeline(it),
    facts([
      ["Now in", [visible(it.place), " ", whether(it.there)]],
      ...it.and_in.map((also) => /** @type {[string, Node]} */ (["And in", visible(`${also} (S3 refused to delete it)`)])),
      ["Uploaded", time(record.uploaded_at)],
      ["Size", size(record.size_bytes)],
      ["Upload", visible(record.upload_id)],
      ...(record.sender ? [/** @type {[string, Node]} */ (["Sender", visible(record.sender)])] : []),
      ...(record.duration_ms === undefined ? [] : [/** @type {[string, string]} */ (["Took", `${record.duration_ms} ms`])]),
    ]),
    it.commands.length > 0 && opened(it, "commands", "In a terminal", () => it.commands.map(command)),
    opened(it, "lines", "Log lines", (into) => logLines(it, into)),
    opened(it, "record", "The record as it is", () => h("pre", { tabindex: "0" }, JSON.stringify(record, null, 2).replace(/[^\n\x20-\x7e]/g, escape))),
  );
}

/** JSON with everything but ASCII escaped: nothing in it is hidden. @param {string} character */
function escape(character) {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** @param {boolean | null} there */
function whether(there) {
  if (there === null) return null;
  return there ? h("span", { class: "good" }, "✓ looked up") : h("strong", { class: "bad" }, "— but it is not there");
}

/** @param {[string, Node | string | (Node | string | null)[]][]} all */
function facts(all) {
  return h("dl", { class: "facts" }, all.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

/** @param {Upload} it @param {import("./main.js").Context} context */
function buttons(it, context) {
  const { record } = it;
  const may = context.me.may_act;
  const seen = { key: record.object_key, upload_id: record.upload_id, since: it.since };
  const beside = h("div", {});
  const title = may ? null : "You may look, but not act.";
  const button = (/** @type {string} */ words, /** @type {"retry" | "discard"} */ verb, kind = "") =>
    h("button", { type: "button", class: kind, disabled: !may || Boolean(it.being_retried), title, "data-focus": `${verb} ${record.upload_id}`, onclick: () => act(verb, [seen], context.me, context.reload) }, words);
  return h(
    "div",
    { class: "buttons" },
    it.since && [button("Try again …", "retry", "primary"), button("Discard …", "discard", "danger")],
    record.status !== "GONE" && it.there !== false && h("button", { type: "button", "data-focus": `download ${record.upload_id}`, onclick: () => download({ ...seen, reason_code: record.reason_code }, beside) }, "Download"),
    beside,
  );
}

/** What was tried, the oldest first; what is to come is dashed. @param {Upload} it */
function timeline(it) {
  const { record } = it;
  const now = it.being_retried;
  return h(
    "ol",
    { class: "timeline", "aria-label": "What was tried" },
    h("li", { class: "uploaded" }, h("span", { class: "when" }, when(record.uploaded_at)), h("span", {}, "Uploaded")),
    (record.history ?? []).map(attempt),
    attempt({ attempt: (record.attempt ?? 1) - (now ? 1 : 0), at: record.processed_at, status: record.status, reason_code: record.reason_code, reason: record.reason }),
    now && h("li", { class: "now" }, h("span", { class: "when" }, when(now)), h("span", {}, "Being tried again …")),
    record.retry_at && !now && h("li", { class: "to-come" }, h("span", { class: "when" }, when(record.retry_at)), h("span", {}, `To be tried again by itself, ${ago(record.retry_at)}`)),
  );
}

/** @param {any} past */
function attempt(past) {
  return h(
    "li",
    { class: String(past.status).toLowerCase() },
    h("span", { class: "when" }, when(past.at)),
    h("span", {}, badge(past.status), " ", visible(past.reason_code ?? ""), h("span", { class: "quiet" }, ` attempt ${past.attempt}`), past.asked_by && h("span", { class: "quiet" }, ", asked by ", visible(past.asked_by))),
  );
}

/** @param {string} iso */
function when(iso) {
  return h("time", { datetime: iso, title: zone() }, moment(iso));
}

/**
 * Something to unfold, which stays unfolded.
 * @param {Upload} it @param {string} name @param {string} title
 * @param {(into: HTMLElement) => Node | Node[] | null} content
 */
function opened(it, name, title, content) {
  const known = `${name} ${it.record.upload_id}`;
  const body = h("div", {});
  const fill = () => refill(body, content(body));
  const details = h("details", { open: open.has(known) }, h("summary", { "data-focus": known }, title), body);
  details.addEventListener("toggle", () => {
    if (details.open === open.has(known)) return;
    details.open ? open.add(known) : open.delete(known);
    if (details.open) fill();
  });
  if (details.open) fill();
  return details;
}

/** @param {Upload} it @param {HTMLElement} into */
function logLines(it, into) {
  const { object_key: key, upload_id: upload } = it.record;
  const known = lines.get(upload);
  const again = async () => {
    try {
      lines.set(upload, await ask("logs", { key, upload }));
      refill(into, logLines(it, into));
    } catch (error) {
      if (!(error instanceof Trouble)) throw error;
      refill(into, h("p", { class: "bad" }, error.message));
    }
  };
  if (!known) {
    void again();
    return h("p", { class: "quiet" }, "Asking …");
  }
  const button = h("button", { type: "button", class: "small", onclick: again, "data-focus": `logs ${upload}` }, "Ask again");
  if (!known.lines.length) return h("p", {}, "No line about it: logs arrive a few seconds late, and go after their retention. ", button);
  return h(
    "div",
    {},
    known.more && h("p", { class: "quiet" }, "The last 500 lines; `scalper logs` has all."),
    h("ol", { class: "lines", tabindex: "0", "aria-label": "Log lines" }, known.lines.map(logLine)),
    button,
  );
}

/** @param {any} line */
function logLine(line) {
  const fields = line.fields;
  const words = fields ? [fields.status, fields.code, fields.reason, fields.ms === undefined ? "" : `in ${fields.ms} ms`].filter(Boolean).join(" ") : line.text;
  return h(
    "li",
    {},
    h("span", { class: "quiet" }, `${moment(line.at)} ${line.function} `),
    visible(words, fields ? "ours" : ""),
    typeof fields?.traceback === "string" && h("pre", {}, fields.traceback.split("\n").flatMap((/** @type {string} */ part) => [visible(part), "\n"])),
  );
}

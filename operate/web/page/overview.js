// Does anything need somebody? What waits, by reason, and how the pipeline itself is.

import { link } from "./address.js";
import { ask } from "./api.js";
import { stacked } from "./chart.js";
import { h } from "./dom.js";
import { age, ago, badge, command, keyName, moment, number, time, visible, zone } from "./words.js";

/**
 * @typedef {object} Group
 * @property {string} status
 * @property {string} reason_code
 * @property {number} files
 * @property {{ key: string, since: string } | null} oldest
 * @property {string | null} next_retry
 * @property {Record<string, number>} for
 */

/** @type {import("./main.js").View} */
export const overview = {
  title: "Overview",
  load: async (query, signal) => {
    const [health, figures] = await Promise.all([ask("overview", {}, signal), ask("figures", { days: "2" }, signal)]);
    return { ...health, hours: figures.hours ?? null };
  },
  every: () => 30,
  show(health) {
    /** @type {Group[]} */
    const groups = health.waiting;
    const yours = groups.filter((group) => group.for.operator);
    const others = groups.filter((group) => !group.for.operator);
    return [
      headline(health, groups),
      health.troubles.length > 0 && troubles(health.troubles),
      yours.length > 0 && cards("For you", "Nothing tries these again by itself.", yours),
      others.length > 0 &&
        cards("For their senders, or tried again by themselves", "Nothing to do here for now.", others),
      health.hours && h("section", {}, stacked("The last two days by hour", health.hours, (hour) => moment(hour, false).slice(11))),
      state(health),
    ];
  },
};

/** @param {any} health @param {Group[]} groups */
function headline(health, groups) {
  const files = sum(groups, "operator");
  const more = health.more ? "More than " : "";
  const other = health.troubles.filter((/** @type {any} */ it) => !groups.some((group) => group.reason_code === it.kind));
  const words = files
    ? `${more}${number(files, "file")} ${files === 1 && !more ? "needs" : "need"} you`
    : other.length
      ? `${number(other.length, "thing")} ${other.length === 1 ? "needs" : "need"} you`
      : "Nothing needs you";
  const [alone, senders] = [sum(groups, "nobody"), sum(groups, "sender")];
  const rest = [
    alone && `${number(alone, "file")} ${alone === 1 ? "is tried again by itself" : "are tried again by themselves"}`,
    senders && `${number(senders, "file")} ${senders === 1 ? "is for its sender" : "are for their senders"}`,
  ].filter(Boolean);
  return h(
    "section",
    { class: `headline ${files || other.length ? "bad" : "good"}` },
    h("h1", { tabindex: "-1" }, words),
    h("p", {}, rest.length ? `${rest.join("; ")}.` : files ? "No other file waits." : "No file waits."),
  );
}

/** @param {Group[]} groups @param {string} who */
function sum(groups, who) {
  return groups.reduce((total, group) => total + (group.for[who] ?? 0), 0);
}

/** @param {{ kind: string, what: string, type_next: string[] }[]} all */
function troubles(all) {
  return h(
    "section",
    {},
    h("h2", {}, "What to do"),
    h(
      "ul",
      { class: "troubles" },
      all.map((it) => h("li", {}, h("p", {}, visible(it.what)), it.type_next.map(command))),
    ),
  );
}

/** @param {string} title @param {string} what @param {Group[]} groups */
function cards(title, what, groups) {
  return h(
    "section",
    {},
    h("h2", {}, title),
    h("p", { class: "quiet" }, what),
    h("ul", { class: "cards" }, groups.map(card)),
  );
}

/** @param {Group} group */
function card(group) {
  const address = link("waiting", { status: group.status, reason: group.reason_code });
  return h(
    "li",
    { class: `card ${group.status.toLowerCase()}` },
    h(
      "a",
      { href: address, class: "whole" },
      h("span", { class: "count" }, group.files.toLocaleString("en")),
      h("span", { class: "what" }, h("strong", {}, visible(group.reason_code || "no reason")), badge(group.status)),
    ),
    h(
      "dl",
      {},
      group.oldest && [
        h("dt", {}, "Oldest"),
        h("dd", {}, keyName(group.oldest.key), h("br"), h("span", { class: "quiet", title: `${moment(group.oldest.since)} ${zone()}` }, `for ${age(group.oldest.since)}`)),
      ],
      Object.keys(group.for).length > 1 && [h("dt", {}, "Of these"), h("dd", {}, parts(group.for))],
      group.next_retry && [
        h("dt", {}, "Next retry"),
        h("dd", { title: `${moment(group.next_retry)} ${zone()}` }, Date.parse(group.next_retry) > Date.now() ? ago(group.next_retry) : "now"),
      ],
    ),
  );
}

/** @param {Record<string, number>} by */
function parts(by) {
  const words = { operator: "for you", nobody: "tried again", sender: "for the sender" };
  return Object.entries(by).map(([who, files]) => `${files.toLocaleString("en")} ${words[/** @type {keyof typeof words} */ (who)] ?? who}`).join(", ");
}

/** @param {any} health */
function state(health) {
  const alarms = health.alarms.filter((/** @type {any} */ it) => it.state === "ALARM");
  const unsure = health.alarms.filter((/** @type {any} */ it) => it.state === "INSUFFICIENT_DATA").length;
  const addresses = health.subscriptions;
  const deaf = addresses.filter((/** @type {any} */ it) => it.state !== "confirmed");
  const flow = health.lambda_last_15_minutes;
  return h(
    "section",
    {},
    h("h2", {}, "The pipeline"),
    h(
      "dl",
      { class: "tiles" },
      tile("Processor", ...processor(health)),
      tile(
        "In the last 15 min",
        flow.throttled ? "unsure" : "good",
        flow.received === null ? "no event counted" : number(flow.received, "event"),
        flow.throttled ? `${flow.throttled} throttled` : "",
      ),
      tile("Kept events", health.kept_events ? "bad" : "good", health.kept_events ? String(health.kept_events) : "none"),
      tile(
        "Alarms",
        alarms.length || !health.alarms.length ? "bad" : "good",
        alarms.length ? `${alarms.length} of ${health.alarms.length} on` : `${health.alarms.length}, none on`,
        alarms.map((/** @type {any} */ it) => it.name).join(", ") || (unsure ? `${unsure} not evaluated yet` : ""),
      ),
      tile(
        "E-mail",
        deaf.length ? "bad" : "good",
        addresses.length ? `${addresses.length - deaf.length} of ${addresses.length} confirmed` : "none is set up",
        deaf.map((/** @type {any} */ it) => `${it.address} ${it.state}`).join(", "),
      ),
      tile("Records", "good", health.records.toLocaleString("en"), "by a count up to 6 h old"),
    ),
  );
}

/** @param {any} health @returns {[string, string, (Node | string)?]} */
function processor(health) {
  if (health.concurrency === 0) {
    return ["bad", "stopped", health.paused ? h("span", {}, time(health.paused.at), " by ", visible(health.paused.by)) : "not by `scalper pause`"];
  }
  if (!health.notified) return ["bad", "not told of uploads"];
  return ["good", health.concurrency ? `running, ${health.concurrency} at once` : "running"];
}

/** @param {string} name @param {string} light @param {string} words @param {Node | string} [more] */
function tile(name, light, words, more = "") {
  const said = { good: "well", bad: "needs somebody", unsure: "to be watched" }[light] ?? "";
  return h(
    "div",
    { class: `tile ${light}` },
    h("dt", {}, name),
    h("dd", {}, h("strong", {}, words), h("span", { class: "visually-hidden" }, ` (${said})`), more && h("span", { class: "quiet" }, more)),
  );
}

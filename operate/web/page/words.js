// How names, times and amounts are written for a person.

import { h } from "./dom.js";

// What is not seen, or moves what is: controls, formats, private use, what Unicode says may be
// ignored, the empty Braille, and every space but the usual one.
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|[^\S ]|^ +| +$| {2,}/gu;
const UNITS = ["bytes", "KB", "MB", "GB", "TB"];

/**
 * A stranger's text, in which all that is hidden can be seen. It cannot turn round what is beside it.
 * @param {string} text
 * @param {string} [kind] a class
 * @returns {HTMLElement}
 */
export function visible(text, kind = "") {
  /** @type {(Node | string)[]} */
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(HIDDEN)) {
    parts.push(text.slice(done, found.index));
    done = found.index + found[0].length;
    parts.push(...[...found[0]].map(escaped));
  }
  parts.push(text.slice(done));
  return h("bdi", { class: `name ${kind}` }, parts);
}

/** @param {string} character */
function escaped(character) {
  const code = (character.codePointAt(0) ?? 0).toString(16).padStart(4, "0");
  const shown = character === " " ? "␣" : `\\u${code.length > 4 ? `{${code}}` : code}`;
  return h("span", { class: "hidden-character" }, shown);
}

/**
 * The same as a text, for titles.
 * @param {string} text
 */
export function visibleText(text) {
  return visible(text).textContent ?? "";
}

/** A key whose folders are said more quietly than its name. @param {string} key */
export function keyName(key) {
  const cut = key.replace(/\/+$/, "").lastIndexOf("/") + 1;
  return h("span", { class: "key" }, cut > 0 && visible(key.slice(0, cut), "folder"), visible(key.slice(cut)));
}

/** @param {number} bytes */
export function size(bytes) {
  let unit = 0;
  let amount = bytes;
  while (amount >= 1000 && unit < UNITS.length - 1) {
    amount /= 1000;
    unit += 1;
  }
  return `${unit ? amount.toFixed(1) : amount} ${UNITS[unit]}`;
}

/** `1 file`, `2,000 files`. @param {number} count @param {string} noun @param {string} [plural] */
export function number(count, noun, plural = `${noun}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? noun : plural}`;
}

/** `5 min`, of a time in the past or to come. @param {string} iso @param {number} [now] */
export function age(iso, now = Date.now()) {
  const seconds = Math.abs(now - Date.parse(iso)) / 1000;
  for (const [unit, length] of /** @type {[string, number][]} */ ([["days", 86400], ["h", 3600], ["min", 60]])) {
    if (seconds >= 2 * length) return `${Math.floor(seconds / length)} ${unit}`;
  }
  return `${Math.floor(seconds)} s`;
}

/** `5 min ago`, `in 2 h`. @param {string} iso */
export function ago(iso) {
  return Date.parse(iso) > Date.now() ? `in ${age(iso)}` : `${age(iso)} ago`;
}

const CLOCK = "clock";

/** Whether times are shown in UTC, as everywhere else, or as this browser's clock has them. */
export const clock = {
  isUtc: () => localStorage.getItem(CLOCK) !== "local",
  /** @param {boolean} utc */
  set: (utc) => localStorage.setItem(CLOCK, utc ? "utc" : "local"),
};

/** `2026-11-23 14:05:09`, by the clock that was chosen. @param {string} iso @param {boolean} [precisely] */
export function moment(iso, precisely = true) {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const shift = clock.isUtc() ? 0 : at.getTimezoneOffset() * 60_000;
  const text = new Date(at.getTime() - shift).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, precisely ? 19 : 16)}`;
}

export const zone = () => (clock.isUtc() ? "UTC" : "local");

/** A time that says how long ago it was. @param {string} iso */
export function time(iso) {
  return h("time", { datetime: iso, title: `${moment(iso)} ${zone()}` }, `${moment(iso)} `, h("span", { class: "quiet" }, ago(iso)));
}

/** @param {string} status */
export function badge(status) {
  return h("span", { class: `badge ${status.toLowerCase().replace(/[^a-z]+/g, "-")}` }, status.replace(/_/g, " "));
}

/** A command to be typed, with a button that copies it. @param {string} text */
export function command(text) {
  const button = h("button", { type: "button", class: "small", "aria-label": `Copy: ${visibleText(text)}` }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  return h("div", { class: "command" }, h("code", {}, visible(text)), button);
}

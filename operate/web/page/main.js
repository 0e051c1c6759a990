// The frame: who is here, which view is shown, and what is said when the network or the sign-in ends.

import { link, place, takeToken } from "./address.js";
import { Trouble, ask, session } from "./api.js";
import { h, refill } from "./dom.js";
import { file } from "./file.js";
import { figures } from "./figures.js";
import { find } from "./find.js";
import { overview } from "./overview.js";
import { recent } from "./recent.js";
import { clock, moment, visibleText, zone } from "./words.js";
import { waiting } from "./waiting.js";

/**
 * What a view is told.
 * @typedef {object} Context
 * @property {import("./api.js").Me} me
 * @property {URLSearchParams} query
 * @property {() => Promise<void>} reload asks again, and shows what has changed
 * @property {() => void} show shows the same again, when only a choice has changed
 *
 * @typedef {object} View
 * @property {string} title
 * @property {(query: URLSearchParams, signal: AbortSignal) => Promise<any>} load
 * @property {(data: any, context: Context) => (Node | null | false)[]} show
 * @property {(data: any) => number} every seconds until it is asked again; 0 for never
 */

/** @type {Record<string, View>} */
const VIEWS = { overview, waiting, file, recent, find, figures };
const IN_MENU = ["overview", "waiting", "recent", "find", "figures"];
const AGAIN_SECONDS = 5;

const menu = h("nav", { "aria-label": "Views" });
const notice = h("div", { class: "notice", role: "status" });
const main = h("main", { id: "main", tabindex: "-1" });
const identity = h("div", { class: "identity" });
const asOf = h("p", { class: "as-of quiet" });

/** @type {import("./api.js").Me | null} */
let me = null;
/** @type {AbortController} */
let asking = new AbortController();
/** @type {number | undefined} */
let timer;
/** @type {{ address: string, data: any, text: string } | null} */
let shown = null;

function begin() {
  const token = takeToken();
  if (token) session.begin(token);
  document.body.append(
    h("a", { class: "skip", href: "#main", onclick: skip }, "Skip to the content"),
    h("header", {}, h("a", { class: "brand", href: "#/" }, h("img", { src: "icon.svg", alt: "", width: 24, height: 24 }), "Silent Scalper"), menu, identity),
    notice,
    main,
    h("footer", {}, asOf, clockSwitch()),
  );
  addEventListener("hashchange", () => {
    const later = takeToken();
    if (later) session.begin(later);
    void turn();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") void load();
  });
  void turn();
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  main.focus();
}

function clockSwitch() {
  const box = h("input", { type: "checkbox", id: "clock", checked: !clock.isUtc() });
  box.addEventListener("change", () => {
    clock.set(!box.checked);
    show();
  });
  return h("label", { class: "switch", for: "clock" }, box, " Times by this browser's clock, not in UTC");
}

/** Another place: its view, from the beginning. */
async function turn() {
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
  const { view } = place();
  const known = VIEWS[view];
  document.title = `${known?.title ?? "Nothing here"} · Silent Scalper`;
  refill(
    menu,
    ...IN_MENU.map((name) =>
      h("a", { href: link(name), "aria-current": name === view ? "page" : null }, VIEWS[name].title),
    ),
  );
  if (!known) {
    asking.abort();
    shown = null;
    refill(main, h("h1", {}, "There is nothing here"), h("p", {}, h("a", { href: "#/" }, "Go to the overview")));
    return;
  }
  refill(main, h("h1", { tabindex: "-1" }, known.title), h("p", { class: "quiet loading" }, "Asking …"));
  shown = null;
  await load();
}

/** Ask for what is shown; when it cannot be had, all stays as it is and is tried again. */
async function load() {
  clearTimeout(timer);
  asking.abort();
  const mine = (asking = new AbortController());
  const address = location.hash;
  const { view, query } = place();
  const known = VIEWS[view];
  if (!known) return;
  try {
    me ??= await ask("me", {}, mine.signal);
    const data = await known.load(query, mine.signal);
    if (mine.signal.aborted) return;
    say(null);
    const text = JSON.stringify(data);
    const changed = shown?.address !== address || stripped(text) !== stripped(shown.text);
    const first = shown?.address !== address;
    shown = { address, data, text };
    if (changed) show();
    refill(asOf, `As of ${moment(new Date().toISOString())} ${zone()}`);
    if (first && document.activeElement === document.body) main.querySelector("h1")?.focus();
    const seconds = known.every(data);
    if (seconds) timer = setTimeout(whenSeen, seconds * 1000);
  } catch (error) {
    if (mine.signal.aborted) return;
    if (!(error instanceof Trouble)) throw error;
    say(error);
    if (error.kind === "offline") timer = setTimeout(whenSeen, AGAIN_SECONDS * 1000);
    if (!shown && error.kind === "refused") refill(main, h("h1", { tabindex: "-1" }, known.title));
  }
}

/** Of an answer without the time of the question: what is the same is not drawn again. @param {string} text */
function stripped(text) {
  return text.replace(/"asked_at":"[^"]*"/, "");
}

function whenSeen() {
  if (document.visibilityState === "visible") void load();
}

function show() {
  if (!shown || !me) return;
  const { view, query } = place();
  refill(main, ...VIEWS[view].show(shown.data, { me, query, reload: load, show }).map((it) => it || null));
  refill(
    identity,
    h("span", { class: "pipeline", title: `${me.pipeline}, account ${me.account}, ${me.region}` }, me.pipeline),
    h("span", { class: "quiet who", title: me.name }, who(me)),
  );
}

/** @param {import("./api.js").Me} it */
function who(it) {
  const name = it.is_emulator ? "on this machine" : visibleText(it.name.split(/[/:]/).pop() ?? it.name);
  return it.may_act ? name : `${name}, may look`;
}

/** @param {Trouble | null} trouble */
function say(trouble) {
  notice.className = trouble ? `notice ${trouble.kind}` : "notice";
  if (!trouble) return refill(notice);
  if (trouble.kind === "signed-out") return refill(notice, signIn());
  const words =
    trouble.kind === "offline"
      ? "The server does not answer: the network is away, or `scalper web` has ended. What you see is as it was; it is asked again by itself."
      : trouble.message;
  return refill(notice, h("p", {}, words), h("button", { type: "button", onclick: load }, "Ask again"));
}

function signIn() {
  const field = h("input", { id: "token", type: "password", autocomplete: "off", size: "40" });
  const form = h(
    "form",
    { class: "sign-in" },
    h("p", {}, "This tab is not signed in, or `scalper web` was started anew. Open the address that it printed, or paste that here. What you chose stays."),
    h("label", { for: "token" }, "Address or token "),
    field,
    h("button", { type: "submit", class: "primary" }, "Go on"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    session.begin(field.value.trim().replace(/^.*#token=/, "").replace(/[^\w-]/g, ""));
    void load();
  });
  return form;
}

begin();


// Questions to the server, and what can go wrong with them. The token travels in a header alone.

/**
 * @typedef {object} Me
 * @property {string} name
 * @property {boolean} may_act
 * @property {string} pipeline
 * @property {string} stack
 * @property {string} account
 * @property {string} region
 * @property {boolean} is_emulator
 *
 * @typedef {object} Waiting
 * @property {string} key
 * @property {string} upload_id
 * @property {string} status
 * @property {string} since
 * @property {string} reason_code
 * @property {number} size_bytes
 * @property {string | null} retry_at
 * @property {string} needs
 * @property {boolean} is_tried_now
 *
 * @typedef {object} Done
 * @property {string} key
 * @property {string} upload_id
 * @property {boolean} ok
 * @property {string} words
 */

const TOKEN = "token";

/** Why there is no answer: `offline`, `signed-out`, or `refused` with the server's own sentence. */
export class Trouble extends Error {
  /** @param {"offline" | "signed-out" | "refused"} kind @param {string} message @param {number} [status] */
  constructor(kind, message, status = 0) {
    super(message);
    this.kind = kind;
    this.status = status;
  }
}

export const session = {
  /** Kept in this tab alone. */
  token: () => sessionStorage.getItem(TOKEN),
  /** @param {string} token */
  begin: (token) => sessionStorage.setItem(TOKEN, token),
  end: () => sessionStorage.removeItem(TOKEN),
};

/**
 * @param {string} path
 * @param {URLSearchParams | Record<string, string>} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export function ask(path, query = {}, signal) {
  const text = new URLSearchParams(query).toString();
  return send(`/api/${path}${text ? `?${text}` : ""}`, { signal });
}

/**
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export function tell(path, body) {
  return send(`/api/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** @param {string} address @param {RequestInit} request */
async function send(address, request) {
  const token = session.token();
  if (!token) throw new Trouble("signed-out", "Nobody is signed in in this tab.");
  let answer;
  try {
    answer = await fetch(address, {
      ...request,
      headers: { ...request.headers, Authorization: `Bearer ${token}` },
      cache: "no-store",
      credentials: "omit",
      redirect: "error",
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Trouble("offline", "The server does not answer.");
  }
  const told = await answer.json().catch(() => ({}));
  if (answer.ok) return told;
  if (answer.status === 401) throw new Trouble("signed-out", told.error ?? "The sign-in has ended.", 401);
  throw new Trouble("refused", told.error ?? `The server answered ${answer.status}.`, answer.status);
}

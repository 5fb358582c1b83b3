// @ts-check
/** What is known of each server that a graph names; each is asked one question at a time. */

import { meansDefault } from "./addresses.js";
import { DEFAULT_SERVER } from "./facts.js";

/** @typedef {import("./addresses.js").Server} Server */

/** @typedef {{kind: string, problem: string, remedy: string}} Failure */

/**
 * What /drawbridge/server answers.
 *
 * @typedef {object} Status
 * @property {"connected" | "unasked" | "failed"} state
 * @property {string} [address]
 * @property {string} [name]
 * @property {number} [latency_ms]
 * @property {number} [age_seconds] of the catalogue
 * @property {boolean} [model_browser]
 * @property {Record<string, number>} [counts]
 * @property {string} [fingerprint]
 * @property {"public" | "new"} [pin] what a person should know of a pinned certificate
 * @property {Failure} [error]
 * @property {import("./catalog.js").Catalog} [catalog]
 */

/**
 * What is known of a server; while it is `asking`, what was known before.
 *
 * @typedef {object} ServerState
 * @property {boolean} asking
 * @property {boolean} pressed whether a person has asked for it
 * @property {Status} status
 * @property {import("./catalog.js").Catalog | null} catalog the last one
 * @property {number | null} readAt when the catalogue was read, in milliseconds
 */

/** @type {Readonly<ServerState>} */
const NOTHING = Object.freeze({
  asking: false,
  pressed: false,
  status: Object.freeze({ state: "unasked" }),
  catalog: null,
  readAt: null,
});

/** @type {Readonly<ServerState>} */
const PRESSED = Object.freeze({ ...NOTHING, pressed: true });

/**
 * Return what tells a server from others; the parts are those of Connect, in its order. The default
 * server is one, whatever else is said of it.
 *
 * @param {Server} server
 */
export function keyOf({ host, port, transport, certificate, credential }) {
  if (meansDefault(host)) return DEFAULT_SERVER;
  return JSON.stringify([host.trim(), port, transport, certificate, credential.trim()]);
}

export class Servers extends EventTarget {
  /** @type {Map<string, ServerState>} */
  #known = new Map();
  /** @type {Set<string>} */
  #pressed = new Set();
  /** @type {Map<string, Promise<ServerState>>} */
  #questions = new Map();
  #post;
  #explain;
  #now;

  /**
   * @param {(body: Record<string, unknown>) => Promise<Status>} post to /drawbridge/server
   * @param {(error: unknown) => Failure} explain what `post` has thrown
   * @param {() => number} now in milliseconds
   */
  constructor(post, explain, now = Date.now) {
    super();
    this.#post = post;
    this.#explain = explain;
    this.#now = now;
  }

  /**
   * @param {Server} server
   * @returns {Readonly<ServerState>}
   */
  get(server) {
    const key = keyOf(server);
    return this.#known.get(key) ?? (this.#pressed.has(key) ? PRESSED : NOTHING);
  }

  /**
   * Say whether a server has been asked for, whatever the answer was.
   *
   * @param {Server} server
   */
  has(server) {
    return this.#known.has(keyOf(server));
  }

  /**
   * Return how old a server's catalogue is in seconds, null if there is none.
   *
   * @param {Server} server
   */
  age(server) {
    const { readAt } = this.get(server);
    return readAt === null ? null : Math.max(0, (this.#now() - readAt) / 1000);
  }

  /**
   * Ask for a server's state. Without `pressed` only one that a person has saved is contacted, or
   * one that a person has asked for since the page was opened.
   *
   * Who asks while the same server is being asked gets that answer, except where a press would be
   * lost.
   *
   * @param {Server} server
   * @param {{pressed?: boolean, refresh?: boolean}} how
   * @returns {Promise<ServerState>}
   */
  async ask(server, { pressed = false, refresh = false } = {}) {
    const key = keyOf(server);
    const running = this.#questions.get(key);
    if (running) {
      const answer = await running;
      if (!pressed || answer.pressed) return answer;
      return this.ask(server, { pressed, refresh });
    }
    const before = this.get(server);
    const asked = pressed || before.pressed;
    this.#keep(key, { ...before, asking: true, pressed: asked });
    const question = this.#question(server, asked, refresh).then((status) => {
      if (this.#questions.get(key) !== question) return this.get(server); // forgotten meanwhile
      this.#questions.delete(key);
      const now = this.get(server);
      // A run may have told of the server meanwhile, which nobody was allowed to ask.
      const stale = status.state === "unasked" && now.status.state === "connected";
      return this.learn(server, stale ? now.status : status, asked || now.pressed);
    });
    this.#questions.set(key, question);
    return question;
  }

  /**
   * Take in what somebody has told about a server.
   *
   * @param {Server} server
   * @param {Status} status
   * @param {boolean} pressed
   * @returns {ServerState}
   */
  learn(server, status, pressed = this.get(server).pressed) {
    const before = this.get(server);
    const catalog = status.catalog ?? before.catalog;
    const isNew = status.catalog && status !== before.status;
    const readAt = isNew ? this.#now() - 1000 * (status.age_seconds ?? 0) : before.readAt;
    const known = { asking: false, pressed, status, catalog, readAt };
    this.#keep(keyOf(server), known);
    return known;
  }

  /**
   * Forget servers that have not answered: what was changed may make them do so. What a person has
   * asked for may still be asked.
   */
  forgetSilent() {
    for (const [key, { asking, pressed, status }] of this.#known) {
      if (asking || status.state === "connected") continue;
      this.#known.delete(key);
      if (pressed) this.#pressed.add(key);
    }
    this.changed();
  }

  /**
   * Forget a server, also what it is being asked: it is another one from now on.
   *
   * @param {Server} server
   */
  forget(server) {
    const key = keyOf(server);
    this.#known.delete(key);
    this.#questions.delete(key);
    this.changed();
  }

  /** Say that something that is shown of servers may look different. */
  changed() {
    this.dispatchEvent(new Event("change"));
  }

  /**
   * @param {Server} server
   * @param {boolean} asked
   * @param {boolean} refresh
   * @returns {Promise<Status>}
   */
  async #question(server, asked, refresh) {
    try {
      const status = await this.#post({ server, asked, refresh });
      return status.error ? { ...status, state: "failed" } : status;
    } catch (error) {
      const { kind, problem, remedy } = this.#explain(error);
      return { state: "failed", error: { kind, problem, remedy } };
    }
  }

  /**
   * @param {string} key
   * @param {ServerState} known
   */
  #keep(key, known) {
    this.#known.set(key, known);
    this.changed();
  }
}

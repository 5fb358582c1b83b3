// @ts-check
/** What Connect says of its server. */

import { NO_DEFAULT_SERVER } from "./facts.js";
import { say } from "./words.js";

/** @typedef {import("./servers.js").ServerState} ServerState */
/** @typedef {import("./servers.js").Status} Status */

const COUNTED = /** @type {const} */ ([
  ["models", "connect.models"],
  ["loras", "connect.loras"],
  ["controls", "connect.controls"],
]);
const PINS = /** @type {const} */ ({ new: "connect.pin.new", public: "connect.pin.public" });

/**
 * @typedef {object} ConnectStatus
 * @property {"unset" | "unasked" | "asking" | "failed" | "connected"} state `unset` is the default
 *   server before there is one
 * @property {string} title
 * @property {string} detail
 */

/**
 * Return what to say of a server.
 *
 * @param {Readonly<ServerState> | null} known null where only a run knows which it is
 * @param {string | null} name by which it was saved
 * @param {boolean} isDefault whether it is named as the default server
 * @returns {ConnectStatus}
 */
export function connectStatus(known, name, isDefault = false) {
  if (!known) return message("unasked", say("connect.unasked"), say("picker.linked"));
  const { status } = known;
  // Of others than saved ones ComfyUI only says what it knows.
  const isAsked = known.asking && (known.pressed || name !== null);
  if (isAsked && status.state !== "connected") return message("asking", say("connect.asking"));
  if (status.error?.kind === NO_DEFAULT_SERVER) {
    return message("unset", say("connect.default.unset"), say("connect.default.unset.detail"));
  }
  if (status.state === "failed") {
    const { problem = "", remedy = "" } = status.error ?? {};
    return message("failed", say("connect.failed"), `${problem} ${remedy}`.trim());
  }
  if (status.state === "unasked") {
    return message("unasked", say("connect.unasked"), say("connect.unasked.detail"));
  }
  const title = name ? say("connect.connected.to", { name }) : say("connect.connected");
  const address = isDefault && status.address;
  const own = address ? say("connect.default.is", { address }) : "";
  return message("connected", title, [own, detailOf(status)].filter(Boolean).join("\n"));
}

/**
 * @param {ConnectStatus["state"]} state
 * @param {string} title
 * @param {string} detail
 * @returns {ConnectStatus}
 */
function message(state, title, detail = "") {
  return { state, title, detail };
}

/** @param {Status} status */
function detailOf({ counts = {}, latency_ms, fingerprint, pin, model_browser }) {
  /** @type {string[]} */
  const parts = COUNTED.flatMap(([list, key]) => {
    const count = counts[list];
    return count ? [say(key, { count })] : [];
  });
  if (typeof latency_ms === "number") {
    parts.push(say("connect.latency", { ms: Math.max(1, Math.round(latency_ms)) }));
  }
  const lines = [
    parts.join(" · "),
    fingerprint ? say("connect.fingerprint", { print: shortened(fingerprint) }) : "",
    pin ? say(PINS[pin]) : "",
    model_browser === false ? say("connect.browser.off") : "",
  ];
  return lines.filter(Boolean).join("\n");
}

/**
 * Return the two ends of a fingerprint, by which people compare it.
 *
 * @param {string} fingerprint
 */
function shortened(fingerprint) {
  const parts = fingerprint.split(":");
  if (parts.length <= 8) return fingerprint;
  return [parts.slice(0, 4).join(":"), parts.slice(-4).join(":")].join(" … ");
}

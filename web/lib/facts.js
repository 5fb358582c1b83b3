// @ts-check
/**
 * What the page must have as the nodes have it: what they call their widgets, and what these hold.
 *
 * Each is told here alone on the page's side, and tests/nodes/test_page_facts.py compares it with the
 * nodes.
 */

/** The port of Draw Things' server, unless a person has chosen another. */
export const DEFAULT_PORT = 7859;

/** What Connect's widget `host` holds where the person's own default server is meant. */
export const DEFAULT_SERVER = "default server";

/** Connect's widgets that say which server it is, in their order. */
export const CONNECT_WIDGETS = /** @type {const} */ ([
  "host",
  "port",
  "transport",
  "certificate",
  "credential",
]);

/** How a connection is protected: what Connect's widget `transport` holds. */
export const TRANSPORT = /** @type {const} */ ({
  drawThings: "Draw Things certificate",
  pinned: "pinned certificate",
  authority: "own certificate authority",
  system: "system certificates",
  plaintext: "plaintext",
});

/** What names of environment variables begin with that hold a credential's secret. */
export const SECRET_VARIABLE_PREFIX = "DRAWBRIDGE_SECRET_";

/** How many characters the name of a saved server, and of a credential, may have. */
export const LONGEST_SERVER_NAME = 64;
export const LONGEST_CREDENTIAL_NAME = 64;

/** How many requests may be open at one address at most. */
export const MOST_AT_ONCE = 64;

/** The kind of error that says that the default server is meant and there is none. */
export const NO_DEFAULT_SERVER = "NoDefaultServer";

/** The kind of error that says that only a secret's owner may change this. */
export const SECRET_WANTED = "SecretWanted";

/** The event by which a Connect that runs tells the page of its server. */
export const SERVER_EVENT = "drawbridge.server";

/** What a Generate that has run calls its finished picture: the file's name is in a list. */
export const FINISHED = "drawbridge_finished";

/** The event by which a Generate tells the page that a run has not finished everything. */
export const UNFINISHED_EVENT = "drawbridge.unfinished";

/** How many seeds there are; they count from 0. */
export const SEEDS = 2 ** 32;

/** What Load Model's widget `version` holds where the server is to tell. */
export const AUTOMATIC_VERSION = "automatic";

/** How many rows a LoRA Stack has. */
export const LORA_ROWS = 8;

/** What the types of all our sockets begin with. */
export const SOCKET_PREFIX = "DRAWBRIDGE_";
export const SERVER_SOCKET = "DRAWBRIDGE_SERVER";
export const MODEL_SOCKET = "DRAWBRIDGE_MODEL";

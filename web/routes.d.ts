/** What our routes of ComfyUI's server answer, besides errors. */

import type { SavedServer } from "./lib/addresses.js";
import type { Configuration } from "./lib/configuration.js";
import type { Wins } from "./lib/overruled.js";
import type { Offered } from "./lib/presets.js";
import type { Versions } from "./lib/relevance.js";
import type { Status } from "./lib/servers.js";

/** Of a credential, without anything of its secret. */
export interface Credential {
  name: string;
  /** False for one of the environment, which only its owner can change. */
  stored: boolean;
  servers: string[];
  has_secret: boolean;
  has_identity: boolean;
}

/** A server that announces itself in this network. */
export type Nearby = Omit<SavedServer, "certificate" | "credential">;

/** The saved servers, and the name of the default one, "" where there is none. */
export interface Saved {
  servers: SavedServer[];
  default: string;
}

/** A preset, read like a configuration. */
export type Taken = Configuration & { name: string; negative_prompt: string; stale: string[] };

export interface Pin {
  address: string;
  fingerprint: string;
  first_seen: string;
  is_public: boolean;
}

export interface Answers {
  server: Status;
  versions: Versions;
  "configuration/read": Configuration;
  "configuration/picture": Configuration & { text: string; prompts: Record<string, string> };
  "configuration/write": { text: string; unknown: string[]; notes: string[] };
  "configuration/overruled": { wins: Wins; notes: string[] };
  "credentials/list": { credentials: Credential[] };
  "credentials/set": object;
  "credentials/remove": object;
  "servers/list": Saved;
  "servers/save": Saved;
  "servers/remove": Saved;
  "servers/default": Saved;
  "presets/list": { presets: Offered[] };
  "presets/take": Taken;
  "presets/save": { name: string; names: string[]; warnings: string[] };
  "presets/remove": { names: string[] };
  "presets/share": { name: string; text: string };
  "pins/list": { pins: Pin[] };
  "pins/forget": { pins: Pin[] };
  /** Nobody can look where `available` is false: zeroconf is not installed. */
  nearby: { servers: Nearby[]; available: boolean };
}

export type RouteName = keyof Answers;

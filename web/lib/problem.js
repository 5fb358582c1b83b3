// @ts-check
/** Errors as people are told of them: a sentence of fact and one of remedy. */

import { say } from "./words.js";

/** @typedef {import("./servers.js").Failure} Failure */

/** What went wrong, in a sentence of fact and one of remedy. */
export class Problem extends Error {
  /** @param {Partial<Failure>} failure `kind` is missing where the page itself found it */
  constructor({ problem = "", remedy = "", kind = "" }) {
    super(`${problem} ${remedy}`);
    this.name = "Problem";
    this.problem = problem;
    this.remedy = remedy;
    this.kind = kind;
  }
}

/**
 * Return an error as a Problem, also one that is none of ours.
 *
 * @param {unknown} error
 * @returns {Problem}
 */
export function asProblem(error) {
  if (error instanceof Problem) return error;
  const problem = say("routes.broken", { what: String(error) });
  return new Problem({ problem, remedy: say("routes.report") });
}

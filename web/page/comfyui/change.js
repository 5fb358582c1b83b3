// @ts-check
/** Has undo take back in one step what a person changes and what the page changes because of it. */

import { debounce } from "../../lib/debounce.js";

/** @typedef {import("../../comfyui.js").App} App */

/** How many changes of ours are under way, one within the other. */
let depth = 0;

/**
 * Do something that undo takes back in one step.
 *
 * @template Answer
 * @param {App} app
 * @param {() => Answer} work
 * @returns {Answer}
 */
export function asOneChange(app, work) {
  app.canvas.emitBeforeChange?.();
  depth += 1;
  try {
    return work();
  } finally {
    depth -= 1;
    app.canvas.emitAfterChange?.();
  }
}

/**
 * Return a function that does something once, as soon as all that runs now has run. Where a person
 * has called for it, undo takes it back together with that person's change.
 *
 * Frontends before 1.49 keep a step for whatever is different when they look next, at a press of
 * the mouse for one; a node that has grown meanwhile would be a step of its own.
 *
 * @param {App} app
 * @param {() => void} work
 * @returns {() => void}
 */
export function debounceInChange(app, work) {
  let open = false;
  const later = debounce(() => {
    const close = open;
    open = false;
    try {
      work();
    } finally {
      if (close) {
        app.canvas.emitAfterChange?.();
        joinWhatVueMeasures(app);
      }
    }
  });
  return () => {
    if (!open && isPersonsChange(app)) {
      open = true;
      app.canvas.emitBeforeChange?.();
    }
    later();
  };
}

/**
 * Have the step of undo that was kept just now take in the size that Vue gives nodes as it shows
 * them. Frontends from 1.49 on do so by themselves.
 *
 * @param {App} app
 */
function joinWhatVueMeasures(app) {
  const current = () => app.extensionManager.workflow?.activeWorkflow?.changeTracker;
  const tracker = current();
  if (!window.LiteGraph?.vueNodesMode || !tracker || "squashState" in tracker) return;
  const kept = tracker.activeState;
  // It measures them at the end of the next frame.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => {
      if (tracker !== current() || tracker.activeState !== kept || tracker._restoringState) return;
      const graph = app.rootGraph ?? app.graph;
      tracker.activeState = JSON.parse(JSON.stringify(graph.serialize()));
      tracker.updateModified();
    }),
  );
}

/**
 * Say whether what changes now does so by a person's hand. Graphs that are loaded change nodes as
 * well, and what is a step then is the page's to say: another workflow may be the shown one soon.
 *
 * @param {App} app
 */
function isPersonsChange(app) {
  return !app.configuringGraph && (depth > 0 || !!window.event?.isTrusted);
}

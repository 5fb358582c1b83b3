// @ts-check
/** Takes input slots away and puts them back, links and order kept. */

import { slotsToShow } from "../../lib/rows.js";
import { isLinked } from "../../lib/values.js";

/**
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").InputSlot} InputSlot
 */

/**
 * Have only the slots that are not hidden; return whether that changed anything.
 *
 * @param {GraphNode} node
 * @param {readonly InputSlot[]} defined those of the node's definition
 * @param {(name: string) => boolean} isHidden
 */
export function showSlots(node, defined, isHidden) {
  const names = defined.map((slot) => slot.name);
  const linked = new Set(names.filter((one) => isLinked(node, one)));
  const hidden = new Set(names.filter(isHidden));
  const wanted = slotsToShow(names, hidden, linked);
  const present = () => node.inputs.map((slot) => slot.name);
  if (
    wanted.join() ===
    present()
      .filter((one) => names.includes(one))
      .join()
  )
    return false;
  for (const one of present().reverse()) {
    if (names.includes(one) && !wanted.includes(one)) node.removeInput(present().indexOf(one));
  }
  for (const [place, one] of wanted.entries()) {
    if (!present().includes(one))
      insertSlot(
        node,
        place,
        defined.find((slot) => slot.name === one),
      );
  }
  return true;
}

/**
 * Put a slot of the definition back to its place; links behind it move on with their slots.
 *
 * @param {GraphNode} node
 * @param {number} place
 * @param {InputSlot | undefined} slot
 */
function insertSlot(node, place, slot) {
  if (!slot) return;
  const { name, type, label, localized_name, shape, tooltip } = slot;
  const looks = { label, localized_name, shape, tooltip };
  const set = Object.entries(looks).filter(([, value]) => value !== undefined);
  const links = node.inputs.map((_, index) => node.getInputLink(index));
  node.addInput(name, type, Object.fromEntries(set));
  const [added] = node.inputs.splice(node.inputs.length - 1, 1);
  if (!added) return;
  node.inputs.splice(place, 0, added);
  for (let index = links.length - 1; index >= place; index--) {
    const link = links[index];
    if (link) link.target_slot = index + 1;
  }
}

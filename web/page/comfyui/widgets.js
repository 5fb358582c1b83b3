// @ts-check
/** Hides and dims widgets in every frontend and rendering, without touching what they hold. */

/**
 * @typedef {import("../../comfyui.js").App} App
 * @typedef {import("../../comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../comfyui.js").Widget} Widget
 */

/** LiteGraph's gap between widgets, which it adds to each one's height. */
const GAP_PX = 4;

/**
 * Hide or show a widget; return whether that changed anything. Has no effect on frozen Vue nodes.
 *
 * @param {GraphNode} node
 * @param {Widget} widget
 * @param {boolean} hidden
 * @returns {boolean}
 */
export function setHidden(node, widget, hidden) {
  if (Boolean(widget.hidden) === hidden) return false;
  widget.hidden = hidden;
  if (isKnownToHide(widget)) return true;
  takeNoRoom(widget, hidden);
  widget.options.hidden = hidden; // what Vue nodes of frontends 1.36 to 1.53 ask
  renew(node, [widget]);
  return true;
}

/**
 * Have Vue show widgets anew whose options have changed: it does not watch those.
 *
 * @param {GraphNode} node
 * @param {readonly Widget[]} widgets
 */
export function renew(node, widgets) {
  const isWatched = !!Object.getOwnPropertyDescriptor(node, "widgets")?.set;
  for (const widget of widgets) {
    if (isKnownToHide(widget)) {
      const options = Object.getOwnPropertyDescriptors(widget.options);
      widget.options = Object.defineProperties({}, options);
      continue;
    }
    // Whether it is disabled is watched: both changes together are none, but everything is read.
    const { disabled } = widget;
    widget.disabled = !disabled;
    widget.disabled = disabled;
    if (!isState(widget, "label")) continue;
    // Of what a subgraph shows outside, its label is.
    const { label } = widget;
    widget.label = `${label ?? widget.name} `;
    widget.label = label;
  }
  if (!isWatched || !node.widgets || widgets.every(isKnownToHide)) return;
  node.widgets = [...node.widgets];
  // Frontend 1.36 watches the list alone.
  if (widgets.some((one) => "vueTrack" in one)) touchList(node);
}

/**
 * Change a node's list of widgets and back: to a page that watches the list nothing has changed
 * where the same come again.
 *
 * @param {GraphNode} node
 */
function touchList({ widgets }) {
  const [first] = widgets ?? [];
  if (!first) return;
  widgets?.push(first);
  widgets?.pop();
}

/**
 * Have the page show how widgets look that are dimmed, called or explained otherwise now. Vue nodes
 * of frontends before 1.55 read tooltips with the list of widgets alone.
 *
 * @param {GraphNode} node
 * @param {readonly Widget[]} widgets
 */
export function renewLooks(node, widgets) {
  if (!widgets.length) return;
  if (window.LiteGraph?.vueNodesMode) {
    renew(node, widgets);
    const isWatched = !!Object.getOwnPropertyDescriptor(node, "widgets")?.set;
    if (isWatched && !widgets.every(isKnownToHide)) touchList(node);
  }
  node.setDirtyCanvas(true, true);
}

/**
 * Say whether a member of a widget is kept elsewhere, where the page may watch it.
 *
 * @param {Widget} widget
 * @param {"label"} name
 */
function isState(widget, name) {
  return !!Object.getOwnPropertyDescriptor(widget, name)?.set;
}

/**
 * Say whether the page's frontend leaves no room for hidden widgets; the older ones only do not
 * draw them.
 *
 * @param {Widget} widget
 */
export function isKnownToHide(widget) {
  return "visibility" in widget;
}

/** @type {WeakMap<Widget, Widget["computeSize"]>} */
const sizes = new WeakMap();

/**
 * @param {Widget} widget
 * @param {boolean} hidden
 */
function takeNoRoom(widget, hidden) {
  if (hidden) {
    if (Object.hasOwn(widget, "computeSize")) sizes.set(widget, widget.computeSize);
    widget.computeSize = () => [0, -GAP_PX];
  } else {
    delete widget.computeSize; // one of the widget's class shows again
    const own = sizes.get(widget);
    if (own) widget.computeSize = own;
  }
}

/** What frontends give a widget that Vue nodes follow: 1.36, 1.42 to 1.53, 1.55 and newer. */
const FOLLOWED = ["vueTrack", "_state", "visibility"];

/**
 * Say whether the page shows nodes as the first Vue renderings (1.27) did: they take a copy of
 * widgets and slots when a node is added and never look again. What comes and goes must stay there.
 *
 * @param {App} app
 * @param {GraphNode} node
 */
export function isFrozen(app, node) {
  const widget = node.widgets?.[0];
  if (!window.LiteGraph?.vueNodesMode || !widget) return false;
  // Until 1.36 shows a node, nothing on it tells that it will follow it; that the page has the
  // outermost graph beside the one that is shown does.
  return !("rootGraph" in app) && !FOLLOWED.some((one) => one in widget);
}

/**
 * What a widget was before it was dimmed.
 *
 * @typedef {{note: string, vue: boolean, tooltip: string | undefined, title: string}} Undimmed
 */

/** @type {WeakMap<Widget, Undimmed>} */
const undimmed = new WeakMap();

/**
 * Dim a widget, its tooltip saying why; "" has it look as before. Return whether anything changed.
 *
 * Texts stay open to be edited where they are elements of the page: disabled ones would be gone.
 *
 * @param {Widget} widget
 * @param {string} note
 * @returns {boolean}
 */
export function setDimmed(widget, note) {
  const vue = Boolean(window.LiteGraph?.vueNodesMode);
  const before = undimmed.get(widget);
  if (before ? before.note === note && before.vue === vue : !note) return false;
  const { element } = widget;
  if (before) {
    if (element && !before.vue) Object.assign(element, { title: before.title }).style.opacity = "";
    else widget.disabled = false;
    widget.tooltip = before.tooltip;
    undimmed.delete(widget);
  }
  if (note) {
    undimmed.set(widget, { note, vue, tooltip: widget.tooltip, title: element?.title ?? "" });
    if (element && !vue) Object.assign(element, { title: note }).style.opacity = "0.4";
    else widget.disabled = true;
    widget.tooltip = note;
  }
  return true;
}

// @ts-check
/** Graphs as LiteGraph has them, as far as our walks look at them. */

/**
 * @typedef {import("../../web/comfyui.js").GraphNode} GraphNode
 * @typedef {import("../../web/comfyui.js").Link} Link
 */

export const SERVER = "DRAWBRIDGE_SERVER";
export const MODEL = "DRAWBRIDGE_MODEL";
export const LORAS = "DRAWBRIDGE_LORAS";
export const SETTINGS = "DRAWBRIDGE_SETTINGS";
export const CONTROLS = "DRAWBRIDGE_CONTROLS";

/** @type {Record<string, {inputs: [string, string][], outputs: string[]}>} */
const KINDS = {
  Drawbridge_Connect: {
    inputs: [
      ["host", "STRING"],
      ["port", "INT"],
    ],
    outputs: [SERVER],
  },
  Drawbridge_LoadModel: {
    inputs: [
      ["server", SERVER],
      ["model", "STRING"],
    ],
    outputs: [MODEL],
  },
  Drawbridge_LoRAStack: {
    inputs: [
      ["loras", LORAS],
      ["model", MODEL],
    ],
    outputs: [LORAS, "STRING"],
  },
  Drawbridge_Prompt: { inputs: [["model", MODEL]], outputs: ["STRING"] },
  Drawbridge_Generate: {
    inputs: [
      ["model", MODEL],
      ["loras", LORAS],
      ["prompt", "STRING"],
      ["image", "IMAGE"],
      ["settings", SETTINGS],
      ["controls", CONTROLS],
    ],
    outputs: ["IMAGE"],
  },
  Drawbridge_SettingsSpeed: {
    inputs: [
      ["settings", SETTINGS],
      ["tea_cache", "BOOLEAN"],
    ],
    outputs: [SETTINGS],
  },
  Drawbridge_SettingsTiling: { inputs: [["settings", SETTINGS]], outputs: [SETTINGS] },
  Drawbridge_ImportConfiguration: {
    inputs: [
      ["settings", SETTINGS],
      ["loras", LORAS],
      ["controls", CONTROLS],
      ["configuration", "STRING"],
    ],
    outputs: [SETTINGS, LORAS, CONTROLS],
  },
  Drawbridge_ControlNetHint: {
    inputs: [
      ["controls", CONTROLS],
      ["image", "IMAGE"],
    ],
    outputs: [CONTROLS],
  },
  LoadImage: { inputs: [], outputs: ["IMAGE"] },
  Reroute: { inputs: [["", "*"]], outputs: ["*"] },
  Switch: {
    inputs: [
      ["a", "*"],
      ["b", "*"],
    ],
    outputs: ["*"],
  },
  PrimitiveString: { inputs: [], outputs: ["STRING"] },
  Drawbridge_Upload: { inputs: [["server", SERVER]], outputs: ["STRING"] },
};

/** A graph as LiteGraph has it, as far as walks look at it. */
export class TestGraph {
  /** @type {GraphNode[]} */
  nodes = [];
  /** @type {Map<number, Link> | Record<number, Link>} */
  links = new Map();
  /** @type {Map<string, TestGraph>} */
  subgraphs = new Map();
  /** @type {TestGraph} */
  rootGraph = this;
  #count = 0;

  /**
   * @param {string} type
   * @param {Record<string, unknown>} values of its widgets
   * @returns {GraphNode}
   */
  add(type, values = {}) {
    const { inputs, outputs } = KINDS[type] ?? { inputs: [], outputs: [] };
    const node = {
      id: this.nodes.length + 1,
      type,
      mode: 0,
      graph: this,
      inputs: inputs.map(([name, kind]) => ({
        name,
        type: kind,
        ...(name in values && { widget: { name } }),
      })),
      outputs: outputs.map((kind) => ({ name: kind, type: kind })),
      widgets: Object.entries(values).map(([name, value]) => ({ name, value })),
    };
    // Walks look at no more of a node.
    const whole = /** @type {GraphNode} */ (/** @type {unknown} */ (node));
    this.nodes.push(whole);
    return whole;
  }

  /**
   * @param {TestGraph} inner
   * @param {[string, string][]} inputs
   * @param {string[]} outputs
   * @param {Record<string, unknown>} values
   * @returns {GraphNode}
   */
  addSubgraph(inner, inputs, outputs, values = {}) {
    inner.rootGraph = this.rootGraph;
    this.rootGraph.subgraphs.set(`inner ${this.rootGraph.subgraphs.size}`, inner);
    KINDS.subgraph = { inputs, outputs };
    return Object.assign(this.add("subgraph", values), { subgraph: inner });
  }

  /**
   * Link two ends; a number is the frame of the subgraph.
   *
   * @param {GraphNode | number} from
   * @param {number} output
   * @param {GraphNode | number} to
   * @param {number} input
   */
  link(from, output, to, input) {
    this.#count += 1;
    const link = {
      id: this.#count,
      type: "*",
      origin_id: typeof from === "number" ? from : from.id,
      origin_slot: output,
      target_id: typeof to === "number" ? to : to.id,
      target_slot: input,
    };
    if (this.links instanceof Map) this.links.set(link.id, link);
    else this.links[link.id] = link;
  }
}

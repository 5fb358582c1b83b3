/** What of ComfyUI's page we use, as far as its frontends 1.27 to 1.58 have it in common. */

export interface MenuItem {
  content: string;
  disabled?: boolean;
  callback?: (...values: never[]) => unknown;
}

export interface Command {
  id: string;
  label: string | (() => string);
  icon?: string;
  tooltip?: string;
  function: () => unknown;
}

export interface Setting {
  id: string;
  name: string;
  /** Group by group, as the dialog shows it: page, heading, line. */
  category?: string[];
  tooltip?: string;
  type:
    | "boolean"
    | "text"
    | "number"
    | "combo"
    | "hidden"
    | ((name: string, set: (value: unknown) => void, value: unknown) => HTMLElement);
  defaultValue: unknown;
  options?: { text: string; value: string | number }[] | string[];
  sortOrder?: number;
}

export interface Extension {
  name: string;
  commands?: Command[];
  menuCommands?: { path: string[]; commands: string[] }[];
  settings?: Setting[];
  setup?(app: App): Promise<void> | void;
  nodeCreated?(node: GraphNode, app: App): Promise<void> | void;
  afterConfigureGraph?(missing: unknown, app: App): Promise<void> | void;
  /** Only the newer frontends ask for it; see also GraphNode.getExtraMenuOptions. */
  getNodeMenuItems?(node: GraphNode): (MenuItem | null)[];
  /** Answers ids of commands; the item may be a group or a reroute as well. */
  getSelectionToolboxCommands?(item: GraphNode): string[];
}

export interface NodeData {
  name: string;
  display_name: string;
  category: string;
  /** The page's own form, by input; what nodes' classes carry. */
  inputs?: Record<string, { tooltip?: string; default?: unknown } | undefined>;
  input?: Record<"required" | "optional" | "hidden", Record<string, unknown> | undefined>;
}

export interface Widget {
  name: string;
  type: string;
  value: unknown;
  label?: string;
  options: {
    values?: string[] | (() => string[]);
    min?: number;
    max?: number;
    step?: number;
    serialize?: boolean;
    hidden?: boolean;
    [option: string]: unknown;
  };
  hidden?: boolean;
  disabled?: boolean;
  serialize?: boolean;
  tooltip?: string;
  callback?: (value: unknown, ...rest: unknown[]) => unknown;
  element?: HTMLElement;
  inputEl?: HTMLElement;
  y?: number;
  last_y?: number;
  computeSize?: (width: number) => [number, number];
  /** The node that it is on. */
  node?: GraphNode;
  /** Draws it on the canvas. */
  drawWidget?: (
    this: Widget,
    context: CanvasRenderingContext2D,
    space: { width: number; showText?: boolean },
  ) => void;
  /** Handles a press if it answers true. */
  onPointerDown?: (pointer: CanvasPointer, node: GraphNode, canvas: Canvas) => boolean;
  /** Draws again in a Vue node; only frontends that draw there have it. */
  triggerDraw?: () => void;
}

export interface CanvasPointer {
  eDown?: PointerEvent | null;
  onClick?: (event: PointerEvent) => void;
}

export interface InputSlot {
  name: string;
  type: string | number;
  label?: string;
  localized_name?: string;
  link: number | null;
  widget?: { name: string };
  shape?: number;
  tooltip?: string;
}

export interface OutputSlot {
  name: string;
  type: string | number;
  label?: string;
  localized_name?: string;
  links: number[] | null;
}

export interface Link {
  id: number;
  type: string | number;
  origin_id: number | string;
  origin_slot: number;
  target_id: number | string;
  target_slot: number;
}

export interface GraphNode {
  id: number | string;
  type: string;
  comfyClass?: string;
  title: string;
  mode: number;
  pos: [number, number];
  size: [number, number];
  inputs: InputSlot[];
  outputs: OutputSlot[];
  widgets?: Widget[];
  /** What is saved with the node and shown nowhere. */
  properties?: Record<string, unknown>;
  flags?: { collapsed?: boolean };
  graph: Graph | null;
  /** Of a node that stands for a subgraph. */
  subgraph?: Graph;
  constructor: { nodeData?: NodeData };
  addWidget(
    type: string,
    name: string,
    value: unknown,
    callback: ((value: unknown, ...rest: unknown[]) => unknown) | null,
    options?: Record<string, unknown>,
  ): Widget;
  addDOMWidget(
    name: string,
    type: string,
    element: HTMLElement,
    options?: Record<string, unknown>,
  ): Widget;
  addInput(name: string, type: string | number, extra?: Partial<InputSlot>): InputSlot;
  removeInput(slot: number): void;
  connect(slot: number, target: GraphNode, targetSlot: number | string): unknown;
  getInputNode(slot: number): GraphNode | null;
  getInputLink(slot: number): Link | null;
  computeSize(): [number, number];
  setSize(size: [number, number]): void;
  setDirtyCanvas(foreground: boolean, background?: boolean): void;
  /** Answering entries, or putting them into `options`; both frontends ask for it. */
  getExtraMenuOptions?: (canvas: unknown, options: (MenuItem | null)[]) => unknown;
  onConnectionsChange?: (
    side: number,
    slot: number,
    connected: boolean,
    link: Link | null | undefined,
    input: unknown,
  ) => void;
  onConfigure?: (saved: unknown) => void;
  onSerialize?: (saved: unknown) => void;
  onAdded?: (graph: Graph) => void;
  onWidgetChanged?: (name: string, value: unknown, old: unknown, widget: Widget) => void;
}

export interface Graph {
  id?: string;
  nodes: GraphNode[];
  links: Map<number, Link> | Record<number, Link>;
  rootGraph?: Graph;
  subgraphs?: Map<string, Graph>;
  getNodeById(id: number | string | null | undefined): GraphNode | null;
  add(node: GraphNode): unknown;
  remove(node: GraphNode): void;
  setDirtyCanvas(foreground: boolean, background?: boolean): void;
  change(): void;
  serialize(): unknown;
}

export interface Canvas {
  graph: Graph | null;
  canvas: HTMLCanvasElement;
  ds: { scale: number; offset: [number, number] };
  selected_nodes: Record<string, GraphNode>;
  /** Colours of slots by their type; links have a table of their own in the canvas's class. */
  default_connection_color_byType?: Record<string, string>;
  setDirty(foreground: boolean, background?: boolean): void;
  emitBeforeChange?(): void;
  emitAfterChange?(): void;
}

export interface Api extends EventTarget {
  fetchApi(route: string, options?: RequestInit): Promise<Response>;
}

export interface ToastMessage {
  severity: "success" | "info" | "warn" | "error";
  summary: string;
  detail?: string;
  life?: number;
}

/** Keeps a workflow's steps of undo. */
export interface ChangeTracker {
  /** The graph as the last step has left it. */
  activeState: unknown;
  /** Whether a step is taken back now. */
  _restoringState?: boolean;
  /** Has the last step take in what follows it; from frontend 1.49 on. */
  squashState?: () => void;
  /** Tells that the graph has changed. */
  updateModified(): void;
}

export interface App {
  api: Api;
  canvas: Canvas;
  graph: Graph;
  rootGraph?: Graph;
  /** Whether nodes take in what a workflow says of them. */
  configuringGraph?: boolean;
  ui: { settings: { addEventListener(event: string, listener: (event: Event) => void): void } };
  extensionManager: {
    setting: { get(id: string): unknown; set(id: string, value: unknown): Promise<void> | void };
    toast: { add(message: ToastMessage): void };
    command: { execute(id: string): Promise<void> | void };
    workflow?: { activeWorkflow?: { changeTracker?: ChangeTracker } | null };
  };
  registerExtension(extension: Extension): void;
}

declare global {
  /** The page's LiteGraph, by which nodes are made. */
  interface Window {
    LiteGraph?: {
      createNode(type: string): GraphNode | null;
      NODE_SLOT_HEIGHT: number;
      NODE_WIDGET_HEIGHT: number;
      WIDGET_BGCOLOR: string;
      WIDGET_OUTLINE_COLOR: string;
      WIDGET_TEXT_COLOR: string;
      WIDGET_SECONDARY_TEXT_COLOR: string;
      /** Whether Vue draws the nodes. */
      vueNodesMode?: boolean;
    };
  }
}

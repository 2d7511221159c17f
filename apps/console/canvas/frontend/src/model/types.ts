/** The drawing as the server has it, and the part of JSON Schema that settings are drawn from. */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Settings = { [key: string]: Json };
export type Path = readonly (string | number)[];

export interface Place {
  x: number;
  y: number;
}

/** A node of the drawing; `id` is stable and names its output: `steps.<id>`. */
export interface Block {
  id: string;
  kind: string;
  name: string;
  settings: Settings;
  position: Place;
}

export interface Edge {
  source: string;
  outlet: string;
  target: string;
}

/** A sticky note; its id has a hyphen, so that it never meets a block's. */
export interface Note {
  id: string;
  text: string;
  position: Place;
}

export interface Graph {
  nodes: readonly Block[];
  edges: readonly Edge[];
  notes: readonly Note[];
}

export interface Schema {
  $ref?: string;
  $defs?: Record<string, Schema>;
  type?: string;
  const?: Json;
  enum?: Json[];
  default?: Json;
  /** The first value in a new drawing, where an old one without any means something else. */
  "x-initial"?: Json;
  title?: string;
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  oneOf?: Schema[];
  anyOf?: Schema[];
  discriminator?: { propertyName: string; mapping: Record<string, string> };
  maxLength?: number;
  minimum?: number;
  "x-widget"?: string;
  "x-labels"?: Record<string, string>;
  "x-hide-when"?: Record<string, Json[]>;
  "x-source"?: string;
  "x-fills"?: string;
  "x-language"?: string;
  "x-collapsed"?: boolean;
  "x-ordered"?: boolean;
  "x-lines"?: boolean;
  "x-item"?: string;
  "x-generate"?: string;
  "x-max-depth"?: number;
}

/**
 * A kind of block. `branching` is the setting whose rows are outlets, drawn before `ends`; `aside` are the outlets that
 * are taken when things go otherwise. `calls`: it asks somebody outside, which can be tried. `summaries` are other lines by what the setting `summarised_by` says.
 */
export interface Kind {
  title: string;
  icon: string;
  group: string;
  about: string;
  summary: string;
  summaries?: Record<string, string>;
  summarised_by?: string;
  ends: string[];
  branching: string;
  aside: string[];
  waits: boolean;
  calls: boolean;
  trigger: boolean;
  schema: Schema;
}

export type Kinds = Record<string, Kind>;

/** `node` is empty for the whole drawing; `field` is a dotted path in its settings. */
export interface Problem {
  node: string;
  field: string;
  severity: "error" | "warning";
  message: string;
}

/** A text filled in with samples, or why it cannot be. */
export interface Preview {
  text: string;
  trouble: string;
}

/** A value, what people read, and for a notification event its channels. */
/** A secret of the workspace that is to be made. */
export interface NewSecret {
  name: string;
  value: string;
  hosts: string;
}

export type Option = [value: string, words: string, ...channels: string[]];

/** A block that a dry run passed. */
export interface Passed {
  node: string;
  outcome: string;
  outlet: string;
  messages: Json[];
  /** Documents as text, empty where there is nothing. */
  input: string;
  output: string;
  why: string;
}

export interface DryRun {
  steps: Passed[];
  ending: "completed" | "failed" | "asks" | "unknown";
  code: string;
  error: string;
}

/** A value that can be read at a block. */
export interface Variable {
  path: string;
  sample: string;
  from: string;
}

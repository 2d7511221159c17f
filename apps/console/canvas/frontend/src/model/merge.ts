/**
 * Three-way merge of drawings. A drawing is maps of small values, merged key by key. What both sides changed
 * differently is a collision: `mine` stands unless `choices` says otherwise, and it is always listed.
 */

import { same } from "./graph";
import type { Block, Edge, Graph, Note } from "./types";

export interface Collision {
  key: string;
  node: string;
  what: string;
  base: unknown;
  mine: unknown;
  theirs: unknown;
}

export type Side = "mine" | "theirs";
export type Choices = Readonly<Record<string, Side>>;

/** `dropped` are new edges to a block that the other side removed. */
export interface Merged {
  graph: Graph;
  collisions: Collision[];
  dropped: Edge[];
}

type Fields = { [name: string]: unknown };
type OutletsOf = (block: Block) => string[];

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Rows that each have an id of their own, as the branches of a condition. */
function hasIds(value: unknown): value is { id: string }[] {
  if (!Array.isArray(value) || !value.every((row) => isFields(row) && typeof row.id === "string"))
    return false;
  return new Set(value.map((row) => row.id)).size === value.length;
}

class Merging {
  readonly collisions: Collision[] = [];

  constructor(private readonly choices: Choices) {}

  value(node: string, path: string[], base: unknown, mine: unknown, theirs: unknown): unknown {
    if (same(mine, theirs) || same(theirs, base)) return mine;
    if (same(mine, base)) return theirs;
    const fields = isFields(base) && isFields(mine) && isFields(theirs);
    // A union of another kind is another value: the fields of two kinds must never mix.
    if (fields && base.type === mine.type && mine.type === theirs.type) {
      return this.fields(node, path, base, mine, theirs);
    }
    if (hasIds(base) && hasIds(mine) && hasIds(theirs)) return this.rows(node, path, base, mine, theirs);
    return this.chosen(node, path, base, mine, theirs);
  }

  chosen(node: string, path: string[], base: unknown, mine: unknown, theirs: unknown): unknown {
    const key = JSON.stringify([node, ...path]);
    this.collisions.push({ key, node, what: path.join("."), base, mine, theirs });
    return this.choices[key] === "theirs" ? theirs : mine;
  }

  fields(node: string, path: string[], base: Fields, mine: Fields, theirs: Fields): Fields {
    const added = [...Object.keys(mine), ...Object.keys(theirs)].sort();
    const merged: Fields = {};
    for (const name of new Set([...Object.keys(base), ...added])) {
      const value = this.value(node, [...path, name], base[name], mine[name], theirs[name]);
      if (value !== undefined) merged[name] = value;
    }
    return merged;
  }

  /** By id. The order of the rows that all sides have is a value of its own; others stand where their side has them. */
  private rows(
    node: string,
    path: string[],
    base: { id: string }[],
    mine: { id: string }[],
    theirs: { id: string }[],
  ): unknown[] {
    const byId = (rows: { id: string }[]): Fields => Object.fromEntries(rows.map((row) => [row.id, row]));
    const merged = this.fields(node, path, byId(base), byId(mine), byId(theirs));
    const [before, here, there] = [base, mine, theirs].map((rows) => rows.map((row) => row.id));
    const common = (ids: string[]) =>
      ids.filter((id) => [before, here, there].every((side) => side.includes(id)));
    const order = this.value(
      node,
      [...path, "order"],
      common(before),
      common(here),
      common(there),
    ) as string[];
    const rest = Object.keys(merged).filter((id) => !order.includes(id));
    const placed = rest.sort().reduce((ids, id) => insertedAsIn(ids, id, here, there), order);
    return placed.map((id) => merged[id]);
  }
}

/** The ids with one more, behind what stands before it on the only side that has it. */
function insertedAsIn(ids: string[], id: string, here: string[], there: string[]): string[] {
  const sides = [here, there].filter((side) => side.includes(id));
  if (sides.length !== 1) return [...ids, id];
  const ahead = sides[0].slice(0, sides[0].indexOf(id)).reverse();
  const after = ids.indexOf(ahead.find((other) => ids.includes(other)) ?? "") + 1;
  return [...ids.slice(0, after), id, ...ids.slice(after)];
}

type Row = Block | Note;

/** Blocks or notes by id. Where one was drawn is never a question: mine, if I moved it. */
function mergedRows<R extends Row>(
  merging: Merging,
  base: readonly R[],
  mine: readonly R[],
  theirs: readonly R[],
): R[] {
  const byId = (rows: readonly R[]) => new Map(rows.map((row) => [row.id, row]));
  const [before, here, there] = [byId(base), byId(mine), byId(theirs)];
  const added = [...new Set([...here.keys(), ...there.keys()])].filter((id) => !before.has(id)).sort();
  const merged = [...before.keys(), ...added].map((id) =>
    mergedRow(merging, id, before.get(id), here.get(id), there.get(id)),
  );
  return merged.filter((row): row is R => row !== undefined);
}

function mergedRow<R extends Row>(
  merging: Merging,
  id: string,
  base?: R,
  mine?: R,
  theirs?: R,
): R | undefined {
  if (!base) return merging.value(id, [], undefined, mine, theirs) as R | undefined;
  if (mine && theirs) {
    const position = same(mine.position, base.position) ? theirs.position : mine.position;
    const fields = merging.fields(id, [], unplaced(base), unplaced(mine), unplaced(theirs));
    return { ...(fields as unknown as R), position };
  }
  const left = mine ?? theirs;
  if (!left || same(unplaced(base), unplaced(left))) return undefined;
  return merging.chosen(id, [], base, mine, theirs) as R | undefined;
}

function unplaced(row: Row): Fields {
  const { position: _, ...rest } = row;
  return rest;
}

const edgeKey = (edge: Edge): string => JSON.stringify([edge.source, edge.outlet]);

/** Where each outlet leads. An edge that went with a removed block is no decision: there the side is as the base. */
function leads(graph: Graph, base: Graph): Record<string, string> {
  const alive = new Set(graph.nodes.map((block) => block.id));
  const own = Object.fromEntries(graph.edges.map((edge) => [edgeKey(edge), edge.target]));
  for (const edge of base.edges) {
    const gone = !alive.has(edge.source) || !alive.has(edge.target);
    if (gone && !(edgeKey(edge) in own)) own[edgeKey(edge)] = edge.target;
  }
  return own;
}

export function merge(
  base: Graph,
  mine: Graph,
  theirs: Graph,
  choices: Choices = {},
  outletsOf?: OutletsOf,
): Merged {
  const merging = new Merging(choices);
  const nodes = mergedRows(merging, base.nodes, mine.nodes, theirs.nodes);
  const notes = mergedRows(merging, base.notes, mine.notes, theirs.notes);
  const blocks = new Map(nodes.map((block) => [block.id, block]));
  const [before, here, there] = [leads(base, base), leads(mine, base), leads(theirs, base)];
  const edges: Edge[] = [];
  const dropped: Edge[] = [];
  for (const key of [...new Set([before, here, there].flatMap(Object.keys))].sort()) {
    const [source, outlet] = JSON.parse(key) as [string, string];
    const from = blocks.get(source);
    if (!from) continue;
    const target = merging.value(source, ["leads to", outlet], before[key], here[key], there[key]);
    if (typeof target !== "string") continue;
    const fits = blocks.has(target) && (!outletsOf || outletsOf(from).includes(outlet));
    if (fits) edges.push({ source, outlet, target });
    else if (target !== before[key]) dropped.push({ source, outlet, target });
  }
  return { graph: { nodes, edges, notes }, collisions: merging.collisions, dropped };
}

/** A value as people read it. */
export function valueWords(value: unknown): string {
  if (value === undefined) return "removed";
  if (typeof value === "string") return value || "(empty)";
  return isFields(value) && "settings" in value ? "kept, with changes" : JSON.stringify(value);
}

/** Edits of a drawing. Each takes a graph and gives a graph: the very same object where nothing changed. */

import type { Block, Edge, Graph, Json, Kinds, Note, Path, Place, Settings } from "./types";

export interface Outlet {
  id: string;
  label: string;
  aside: boolean;
}

export const blockOf = (graph: Graph, id: string): Block | undefined =>
  graph.nodes.find((block) => block.id === id);

export const noteOf = (graph: Graph, id: string): Note | undefined =>
  graph.notes.find((note) => note.id === id);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of a name that people choose: a block may be called `constructor`. */
export const own = <Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined =>
  Object.hasOwn(record, name) ? record[name] : undefined;

/** Deep equality of JSON values. */
export function same(one: unknown, other: unknown): boolean {
  if (Object.is(one, other)) return true;
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => same(item, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && same(one[name], other[name]))
  );
}

/** The ways out of a block, in the order they are drawn. Settings may be half-made. */
export function outlets(block: Block, kinds: Kinds): Outlet[] {
  const kind = kinds[block.kind];
  if (!kind) return [];
  const rows = kind.branching ? block.settings[kind.branching] : [];
  const branches = (Array.isArray(rows) ? rows : [])
    .filter((row): row is Settings => isObject(row) && typeof row.id === "string")
    .map((row) => ({ id: row.id as string, label: String(row.name || "unnamed"), aside: false }));
  const ends = kind.ends.map((id) => ({ id, label: id, aside: kind.aside.includes(id) }));
  return [...branches, ...ends];
}

/** The blocks that can be reached from `start` without passing a block that waits; `start` included. */
function reachedWithoutWait(graph: Graph, kinds: Kinds, start: string): Set<string> {
  const waits = new Set(graph.nodes.filter((block) => kinds[block.kind]?.waits).map((block) => block.id));
  const seen = new Set([start]);
  const queue = waits.has(start) ? [] : [start];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const edge of graph.edges) {
      if (edge.source !== at || seen.has(edge.target)) continue;
      seen.add(edge.target);
      if (!waits.has(edge.target)) queue.push(edge.target);
    }
  }
  return seen;
}

/** The blocks that come before `id` on any way. */
export function before(graph: Graph, id: string): Set<string> {
  const seen = new Set<string>();
  const queue = [id];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const edge of graph.edges) {
      if (edge.target !== at || seen.has(edge.source)) continue;
      seen.add(edge.source);
      queue.push(edge.source);
    }
  }
  return seen;
}

/** Why this connection may not be made, or null. The server judges alike (`apps/engine/drawing/problems.py`). */
export function refusal(
  graph: Graph,
  kinds: Kinds,
  source: string,
  outlet: string,
  target: string,
): string | null {
  const from = blockOf(graph, source);
  const to = blockOf(graph, target);
  if (!from || !to) return "That block no longer exists.";
  if (kinds[to.kind]?.trigger) return `“${to.name}” is the trigger: nothing can lead to it.`;
  if (!outlets(from, kinds).some((way) => way.id === outlet))
    return `“${from.name}” has no outlet “${outlet}”.`;
  const already = (edge: Edge) => edge.source === source && edge.outlet === outlet && edge.target === target;
  if (graph.edges.some(already)) return `“${from.name}” already leads to “${to.name}” here.`;
  return loops(disconnect(graph, source, outlet), kinds, source, target)
    ? `That would go round without a wait: “${to.name}” leads back to “${from.name}”. Put a delay in between.`
    : null;
}

function loops(graph: Graph, kinds: Kinds, source: string, target: string): boolean {
  const waits = (id: string) => kinds[blockOf(graph, id)?.kind ?? ""]?.waits;
  if (waits(source) || waits(target)) return false;
  return reachedWithoutWait(graph, kinds, target).has(source);
}

const leaves = (edge: Edge, source: string, outlet: string) =>
  edge.source === source && edge.outlet === outlet;

/** The outlet leads to `target`, and no longer to where it led before. */
export function connect(graph: Graph, source: string, outlet: string, target: string): Graph {
  const others = graph.edges.filter((edge) => !leaves(edge, source, outlet));
  return { ...graph, edges: [...others, { source, outlet, target }] };
}

export function disconnect(graph: Graph, source: string, outlet: string): Graph {
  const edges = graph.edges.filter((edge) => !leaves(edge, source, outlet));
  return edges.length === graph.edges.length ? graph : { ...graph, edges };
}

export function add(graph: Graph, block: Block): Graph {
  return blockOf(graph, block.id) ? graph : { ...graph, nodes: [...graph.nodes, block] };
}

export function addNote(graph: Graph, note: Note): Graph {
  return noteOf(graph, note.id) ? graph : { ...graph, notes: [...graph.notes, note] };
}

function mapped<Row>(rows: readonly Row[], change: (row: Row) => Row): readonly Row[] {
  const next = rows.map(change);
  return next.some((row, index) => row !== rows[index]) ? next : rows;
}

function withRows(graph: Graph, nodes: Graph["nodes"], notes: Graph["notes"]): Graph {
  return nodes === graph.nodes && notes === graph.notes ? graph : { ...graph, nodes, notes };
}

export function rename(graph: Graph, id: string, name: string): Graph {
  const change = (block: Block) => (block.id === id && block.name !== name ? { ...block, name } : block);
  return withRows(graph, mapped(graph.nodes, change), graph.notes);
}

export function writeNote(graph: Graph, id: string, text: string): Graph {
  const change = (note: Note) => (note.id === id && note.text !== text ? { ...note, text } : note);
  return withRows(graph, graph.nodes, mapped(graph.notes, change));
}

/** New settings for a block; edges that left by an outlet that is gone go with it. */
export function settle(graph: Graph, kinds: Kinds, id: string, settings: Settings): Graph {
  const change = (block: Block) =>
    block.id === id && !same(block.settings, settings) ? { ...block, settings } : block;
  const next = withRows(graph, mapped(graph.nodes, change), graph.notes);
  const block = blockOf(next, id);
  if (next === graph || !block) return graph;
  const left = new Set(outlets(block, kinds).map((way) => way.id));
  const edges = next.edges.filter((edge) => edge.source !== id || left.has(edge.outlet));
  return edges.length === next.edges.length ? next : { ...next, edges };
}

/** Blocks and notes at new places. */
export function move(graph: Graph, places: ReadonlyMap<string, Place>): Graph {
  const moved = <Row extends Block | Note>(row: Row): Row => {
    const place = places.get(row.id);
    return place && !same(place, row.position) ? { ...row, position: { x: place.x, y: place.y } } : row;
  };
  return withRows(graph, mapped(graph.nodes, moved), mapped(graph.notes, moved));
}

/** The drawing without these blocks and notes, and without what led from or to them. */
export function remove(graph: Graph, ids: ReadonlySet<string>): Graph {
  const nodes = graph.nodes.filter((block) => !ids.has(block.id));
  const notes = graph.notes.filter((note) => !ids.has(note.id));
  if (nodes.length === graph.nodes.length && notes.length === graph.notes.length) return graph;
  const edges = graph.edges.filter((edge) => !ids.has(edge.source) && !ids.has(edge.target));
  return { nodes, edges, notes };
}

export function freshName(name: string, taken: ReadonlySet<string>): string {
  if (!taken.has(name)) return name;
  const root = name.replace(/ \d+$/, "");
  for (let number = 2; ; number++) {
    const next = `${root} ${number}`;
    if (!taken.has(next)) return next;
  }
}

/** An id that people can read in a placeholder: the word itself where it is free, else `http_request_2` … */
export function freshId(word: string, taken: ReadonlySet<string>): string {
  if (!taken.has(word) && word.length <= 40) return word;
  const root = word.replace(/_\d+$/, "").slice(0, 40);
  for (let number = 2; ; number++) {
    const next = `${root}_${number}`;
    if (!taken.has(next)) return next;
  }
}

export const randomWord = (): string => crypto.getRandomValues(new Uint32Array(1))[0].toString(36);

/** Sets the value at a path, sharing all that did not change. */
export function setAt(root: Json, path: Path, value: Json): Json {
  if (!path.length) return value;
  const [key, ...rest] = path;
  if (typeof key === "number") {
    const rows = Array.isArray(root) ? [...root] : [];
    rows[key] = setAt(rows[key] ?? null, rest, value);
    return rows;
  }
  const object = isObject(root) ? (root as Settings) : {};
  return { ...object, [key]: setAt(object[key] ?? null, rest, value) };
}

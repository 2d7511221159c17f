/**
 * Places blocks from left to right: the column is the longest way from a start, the row follows the order of outlets,
 * and the first outlet goes straight on. Gives places only; the caller makes them one edit.
 */

import { outlets } from "./graph";
import { cardHeight, WIDTH } from "./size";
import type { Graph, Kinds, Place } from "./types";

const GAP_X = 88;
const GAP_Y = 36;

type Ways = ReadonlyMap<string, readonly string[]>;

function waysOf(graph: Graph, kinds: Kinds): Ways {
  const leads = new Map(graph.edges.map((edge) => [`${edge.source}\n${edge.outlet}`, edge.target]));
  const ids = new Set(graph.nodes.map((block) => block.id));
  const targets = graph.nodes.map((block): [string, string[]] => {
    const found = outlets(block, kinds).map((way) => leads.get(`${block.id}\n${way.id}`));
    return [block.id, [...new Set(found.filter((id): id is string => id !== undefined && ids.has(id)))]];
  });
  return new Map(targets);
}

/** Every block after all that lead to it; a loop is cut. */
function ordered(graph: Graph, ways: Ways): string[] {
  const entered = new Set(graph.edges.map((edge) => edge.target));
  const all = graph.nodes.map((block) => block.id);
  const starts = all.filter((id) => !entered.has(id)).reverse();
  const order: string[] = [];
  const seen = new Set<string>();
  const walk = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    for (const target of [...(ways.get(id) ?? [])].reverse()) walk(target);
    order.unshift(id);
  };
  [...starts, ...all].forEach(walk);
  return order;
}

function columnsOf(order: readonly string[], ways: Ways): Map<string, number> {
  const columns = new Map(order.map((id) => [id, 0]));
  const rank = new Map(order.map((id, index) => [id, index]));
  for (const id of order) {
    for (const target of ways.get(id) ?? []) {
      if (rank.get(target)! <= rank.get(id)!) continue;
      columns.set(target, Math.max(columns.get(target)!, columns.get(id)! + 1));
    }
  }
  return columns;
}

export function layout(graph: Graph, kinds: Kinds): Map<string, Place> {
  const ways = waysOf(graph, kinds);
  const order = ordered(graph, ways);
  const columns = columnsOf(order, ways);
  const rows = new Map(graph.nodes.map((block) => [block.id, outlets(block, kinds).length]));
  const free: number[] = [];
  const places = new Map<string, Place>();

  const put = (id: string, wanted: number): void => {
    if (places.has(id)) return;
    const column = columns.get(id)!;
    const y = Math.max(wanted, free[column] ?? 0);
    places.set(id, { x: column * (WIDTH + GAP_X), y });
    free[column] = y + cardHeight(rows.get(id)!) + GAP_Y;
    let row = y;
    for (const target of ways.get(id) ?? []) {
      if (columns.get(target) === column + 1) put(target, row);
      row = Math.max(row, free[column + 1] ?? 0);
    }
  };
  const comesFrom = (id: string) =>
    graph.edges.find((edge) => edge.target === id && places.has(edge.source))?.source ?? "";

  for (const id of order) if (columns.get(id) === 0) put(id, 0);
  for (const id of order) put(id, places.get(comesFrom(id))?.y ?? 0);
  return places;
}

/** The drawing with a place for each block; one that has none yet is laid out with the others. */
export function placed(graph: Graph, kinds: Kinds): Graph {
  if (graph.nodes.every((block) => block.position)) return graph;
  const places = layout(graph, kinds);
  const nodes = graph.nodes.map((block) => ({ ...block, position: places.get(block.id) ?? { x: 0, y: 0 } }));
  return { ...graph, nodes };
}

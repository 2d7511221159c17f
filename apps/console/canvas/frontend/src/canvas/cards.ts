/** Our graph as React Flow's nodes and edges. What did not change keeps its very object: its card is not drawn again. */

import { Position, type Edge as FlowEdge, type Node } from "@xyflow/react";
import { blockOf, outlets, own } from "../model/graph";
import { cardHeight, HEAD, NOTE_WIDTH, ROW, WIDTH } from "../model/size";
import type { Block, Graph, Note, Problem } from "../model/types";
import { page } from "../page";
import { plural } from "../model/plural";

export type Mark = "" | "passed" | "added" | "changed" | "removed";

export interface CardData extends Record<string, unknown> {
  block?: Block;
  note?: Note;
  errors: number;
  warnings: number;
  mark: Mark;
}

export type CardNode = Node<CardData, "block" | "note">;

export type Marks = Readonly<Record<string, Mark>>;

const HANDLE = 12;
const HEAD_MIDDLE = 29;

function counted(problems: readonly Problem[]): Map<string, { errors: number; warnings: number }> {
  const found = new Map<string, { errors: number; warnings: number }>();
  for (const { node, severity } of problems) {
    const count = found.get(node) ?? { errors: 0, warnings: 0 };
    count[severity === "error" ? "errors" : "warnings"]++;
    found.set(node, count);
  }
  return found;
}

export interface Shown {
  graph: Graph;
  problems: readonly Problem[];
  selection: readonly string[];
  marks: Marks;
}

/** One tab stop for the whole canvas: the selected card, else the first. */
function tabStop({ graph, selection }: Shown): string | undefined {
  const ids = [...graph.nodes, ...graph.notes].map((row) => row.id);
  return selection.find((id) => ids.includes(id)) ?? ids[0];
}

export function fitted(old: readonly CardNode[], shown: Shown): CardNode[] {
  const were = new Map(old.map((node) => [node.id, node]));
  const counts = counted(shown.problems);
  const stop = tabStop(shown);
  const blocks = shown.graph.nodes.map((block) => {
    const { errors, warnings } = counts.get(block.id) ?? { errors: 0, warnings: 0 };
    const data: CardData = { block, errors, warnings, mark: own(shown.marks, block.id) ?? "" };
    return kept(were.get(block.id), data, block, stop) ?? blockNode(were.get(block.id), block, data, stop);
  });
  const notes = shown.graph.notes.map((note) => {
    const data: CardData = { note, errors: 0, warnings: 0, mark: "" };
    return kept(were.get(note.id), data, note, stop) ?? noteNode(were.get(note.id), note, data, stop);
  });
  const next = [...blocks, ...notes];
  const isSame = next.length === old.length && next.every((node, index) => node === old[index]);
  return isSame ? (old as CardNode[]) : next;
}

function kept(
  was: CardNode | undefined,
  data: CardData,
  row: Block | Note,
  stop?: string,
): CardNode | undefined {
  if (!was) return undefined;
  const names = ["block", "note", "errors", "warnings", "mark"] as const;
  const isSame = names.every((name) => was.data[name] === data[name]);
  const stays = was.position.x === row.position.x && was.position.y === row.position.y;
  return isSame && stays && was.domAttributes?.tabIndex === (row.id === stop ? 0 : -1) ? was : undefined;
}

function blockNode(was: CardNode | undefined, block: Block, data: CardData, stop?: string): CardNode {
  const title = page.kinds[block.kind]?.title ?? block.kind;
  const toMend = data.errors ? `, ${plural(data.errors, "error")}` : "";
  return {
    ...(was ?? { selected: false }),
    id: block.id,
    type: "block",
    position: block.position,
    data,
    ariaLabel: `${block.name}, ${title}${toMend}`,
    ariaRole: "group",
    domAttributes: { tabIndex: block.id === stop ? 0 : -1 },
    ...blockShape(block),
  };
}

function noteNode(was: CardNode | undefined, note: Note, data: CardData, stop?: string): CardNode {
  return {
    ...(was ?? { selected: false }),
    id: note.id,
    type: "note",
    position: note.position,
    data,
    zIndex: -1,
    ariaLabel: `Note: ${note.text.slice(0, 80)}`,
    ariaRole: "group",
    domAttributes: { tabIndex: note.id === stop ? 0 : -1 },
    initialWidth: NOTE_WIDTH,
    initialHeight: HEAD,
    handles: [],
  };
}

/** Size and handles before any measuring: cards out of sight need not be mounted for edges to be drawn. */
function blockShape(block: Block) {
  const ways = outlets(block, page.kinds);
  const size = { width: HANDLE, height: HANDLE };
  const top = (index: number) => (ways.length > 1 ? HEAD + 2 + index * ROW + 8 : HEAD_MIDDLE - HANDLE / 2);
  const sources = ways.map((way, index) => ({
    id: way.id,
    type: "source" as const,
    position: Position.Right,
    x: WIDTH - HANDLE / 2,
    y: top(index),
    ...size,
  }));
  const target = {
    id: null,
    type: "target" as const,
    position: Position.Left,
    x: -HANDLE / 2,
    y: HEAD_MIDDLE - HANDLE / 2,
    ...size,
  };
  const handles = page.kinds[block.kind]?.trigger ? sources : [target, ...sources];
  return { initialWidth: WIDTH, initialHeight: cardHeight(ways.length), handles };
}

export const edgeId = (source: string, outlet: string): string => `${source}\n${outlet}`;

export function fittedEdges(old: readonly FlowEdge[], graph: Graph, marks: Marks): FlowEdge[] {
  const were = new Map(old.map((edge) => [edge.id, edge]));
  return graph.edges.map(({ source, outlet, target }) => {
    const id = edgeId(source, outlet);
    const from = blockOf(graph, source);
    const isAside = page.kinds[from?.kind ?? ""]?.aside.includes(outlet);
    const className = [isAside ? "aside" : "", own(marks, id) ?? ""].filter(Boolean).join(" ");
    const was = were.get(id);
    if (was && was.target === target && (was.className ?? "") === className) return was;
    const ariaLabel = `${from?.name}, ${outlet}, leads to ${blockOf(graph, target)?.name}`;
    const ends = { source, sourceHandle: outlet, target };
    return { id, ...ends, ariaLabel, className, interactionWidth: 16, selected: was?.selected };
  });
}

/** What people do on the canvas, in one place for mouse, keyboard and panel. */

import type { ReactFlowInstance, Rect } from "@xyflow/react";
import type { CardNode } from "./canvas/cards";
import { copied, pasted, readClip } from "./model/clipboard";
import * as graphs from "./model/graph";
import { layout } from "./model/layout";
import { initial } from "./model/schema";
import { cardHeight, WIDTH } from "./model/size";
import type { Block, Graph, Note, Place, Settings } from "./model/types";
import { page } from "./page";
import { edit, get, graph, put, say } from "./store";

export type Flow = ReactFlowInstance<CardNode>;

const GAP_X = 88;
const GAP_Y = 150;
const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
export const duration = (milliseconds: number): number => (still() ? 0 : milliseconds);

export function select(flow: Flow, ids: readonly string[], show = false): void {
  const wanted = new Set(ids);
  requestAnimationFrame(() => {
    flow.setNodes((nodes) =>
      nodes.map((node) =>
        Boolean(node.selected) === wanted.has(node.id) ? node : { ...node, selected: wanted.has(node.id) },
      ),
    );
    put({ selection: ids });
    if (show && ids.length) reveal(flow, ids[0]);
  });
}

export function reveal(flow: Flow, id: string): void {
  const row = graphs.blockOf(graph(), id) ?? graphs.noteOf(graph(), id);
  if (!row) return;
  const zoom = Math.max(flow.getZoom(), 0.7);
  void flow.setCenter(row.position.x + WIDTH / 2, row.position.y + 40, { zoom, duration: duration(200) });
}

const SMALLEST = 0.6;
const EDGE = 64;
const NOTE_HEIGHT = 100;

/** The room that cards take. Reckoned: React Flow knows only the cards that it has drawn. */
function boundsOf(rows: readonly (Block | Note)[]): Rect {
  const right = rows.map((row) => row.position.x + WIDTH);
  const bottom = rows.map((row) => row.position.y + heightOf(row));
  const x = Math.min(...rows.map((row) => row.position.x));
  const y = Math.min(...rows.map((row) => row.position.y));
  return { x, y, width: Math.max(...right) - x, height: Math.max(...bottom) - y };
}

const heightOf = (row: Block | Note): number =>
  "kind" in row ? cardHeight(graphs.outlets(row, page.kinds).length) : NOTE_HEIGHT;

export interface Fit {
  ids?: ReadonlySet<string>;
  largest?: number;
  smallest?: number;
  milliseconds?: number;
}

/** Brings all cards, or these, into sight. Gives whether they are readable so: no smaller than `smallest`. */
export function fit(flow: Flow, { ids, largest = 1, smallest = 0, milliseconds = 200 }: Fit = {}): boolean {
  const all = [...graph().nodes, ...graph().notes];
  const rows = ids ? all.filter((row) => ids.has(row.id)) : all;
  const box = document.querySelector(".canvas")!.getBoundingClientRect();
  if (!rows.length || !box.width) return true;
  const bounds = boundsOf(rows);
  const zoom = Math.min((box.width - EDGE) / bounds.width, (box.height - EDGE) / bounds.height, largest);
  if (zoom < smallest) return false;
  const x = (box.width - bounds.width * zoom) / 2 - bounds.x * zoom;
  const y = (box.height - bounds.height * zoom) / 2 - bounds.y * zoom;
  void flow.setViewport({ x, y, zoom }, { duration: duration(milliseconds) });
  return true;
}

export interface Way {
  id: string;
  outlet: string;
}

/** Adds a block: at a place, or after a way out, or after the selected block's first free outlet. Gives its id. */
export function place(flow: Flow, kind: string, at?: Place, from?: Way): string | null {
  const now = graph();
  const spec = page.kinds[kind];
  if (spec.trigger && now.nodes.some((block) => page.kinds[block.kind]?.trigger)) {
    say("There is a trigger already: a workflow has one. Remove it first.", true);
    return null;
  }
  const way = from ?? (at || spec.trigger ? undefined : freeWay());
  const before = way && graphs.blockOf(now, way.id);
  const block: Block = {
    id: graphs.freshId(kind, new Set(now.nodes.map((one) => one.id))),
    kind,
    name: graphs.freshName(spec.title, new Set(now.nodes.map((one) => one.name))),
    settings: initial(spec.schema, spec.schema.$defs ?? {}) as Settings,
    position: at ?? freePlace(now, before),
  };
  const added = graphs.add(now, block);
  edit(way ? graphs.connect(added, way.id, way.outlet, block.id) : added);
  select(flow, [block.id]);
  // The panel has opened by then. Where all of it can still be read, it stays in sight while it grows.
  setTimeout(() => fit(flow, { largest: flow.getZoom(), smallest: SMALLEST, milliseconds: 120 }), 90);
  say(`${block.name} added${before ? ` after “${before.name}”` : ""}.`);
  return block.id;
}

/** Beside the block before it, under what stands there already. */
function freePlace(now: Graph, before?: Block): Place {
  if (!before) {
    const lowest = Math.max(...now.nodes.map((block) => block.position.y));
    return { x: 0, y: now.nodes.length ? lowest + GAP_Y : 0 };
  }
  const x = before.position.x + WIDTH + GAP_X;
  const column = now.nodes
    .filter((block) => Math.abs(block.position.x - x) < WIDTH)
    .map((block) => block.position.y);
  const taken = column.some((y) => Math.abs(y - before.position.y) < GAP_Y - 20);
  return { x, y: taken ? Math.max(...column) + GAP_Y : before.position.y };
}

/** The first outlet of the selected block that leads nowhere. */
function freeWay(): Way | undefined {
  const [id, ...others] = get().selection;
  const block = others.length ? undefined : graphs.blockOf(graph(), id ?? "");
  if (!block) return undefined;
  const isFree = (outlet: string) =>
    !graph().edges.some((edge) => edge.source === block.id && edge.outlet === outlet);
  const free = graphs.outlets(block, page.kinds).find((way) => isFree(way.id));
  return free && { id: block.id, outlet: free.id };
}

export function placeNote(flow: Flow): void {
  const middle = document.querySelector(".canvas")!.getBoundingClientRect();
  const at = flow.screenToFlowPosition({
    x: middle.x + middle.width / 2 - 100,
    y: middle.y + middle.height / 3,
  });
  const note = {
    id: `note-${graphs.randomWord()}`,
    text: "",
    position: { x: Math.round(at.x), y: Math.round(at.y) },
  };
  edit(graphs.addNote(graph(), note));
  select(flow, [note.id]);
  goTo(note.id);
}

/** Puts the focus into a block's settings; an empty field is its name. */
export function goTo(node: string, field = ""): void {
  setTimeout(() => put({ focus: { node, field } }), 60);
}

const MOST_TRIES = 60;

/** Puts the focus on a block's card. It may have to be brought into sight and drawn first. */
export function focusCard(id: string, after = 30, tries = MOST_TRIES): void {
  setTimeout(() => {
    const card = document.querySelector<HTMLElement>(`.react-flow__node[data-id="${id}"]`);
    if (card) card.focus();
    else if (tries) focusCard(id, 16, tries - 1);
  }, after);
}

export const clipText = (): string => JSON.stringify(copied(graph(), new Set(get().selection)));

/** Gives whether the text was ours. */
export function pasteText(flow: Flow, text: string): boolean {
  const clip = page.may_edit ? readClip(text, page.kinds) : null;
  if (!clip) return false;
  const [next, ids] = pasted(graph(), clip, page.kinds);
  edit(next);
  select(flow, ids);
  say(ids.length ? `${ids.length} pasted.` : "Nothing to paste: a workflow has one trigger.");
  return true;
}

export const duplicate = (flow: Flow): boolean => pasteText(flow, clipText());

export function removeSelected(): void {
  const ids = get().selection;
  edit(graphs.remove(graph(), new Set(ids)));
  put({ selection: [] });
  say(`${ids.length} removed. Ctrl+Z brings back.`);
}

export function tidy(flow: Flow): void {
  edit(graphs.move(graph(), layout(graph(), page.kinds)));
  fit(flow);
}

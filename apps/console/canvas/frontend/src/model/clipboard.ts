/** What copy puts on the clipboard, and how paste reads it; also between workflows. */

import { freshId, freshName, randomWord } from "./graph";
import { rereading } from "./references";
import type { Block, Edge, Graph, Kinds, Note, Place } from "./types";

const APP = "fynoflow-blocks";
const MOST = 500;
const AWAY: Place = { x: 40, y: 40 };

export interface Clip {
  app: typeof APP;
  nodes: readonly Block[];
  edges: readonly Edge[];
  notes: readonly Note[];
}

/** The chosen blocks and notes, and the edges between them. */
export function copied(graph: Graph, ids: ReadonlySet<string>): Clip {
  return {
    app: APP,
    nodes: graph.nodes.filter((block) => ids.has(block.id)),
    edges: graph.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
    notes: graph.notes.filter((note) => ids.has(note.id)),
  };
}

const isPlace = (place: unknown): boolean => {
  const { x, y } = (place ?? {}) as Place;
  return Number.isFinite(x) && Number.isFinite(y);
};

function isBlock(block: Block, kinds: Kinds): boolean {
  const words = typeof block?.id === "string" && typeof block.name === "string";
  const settings = typeof block?.settings === "object" && block.settings !== null;
  return words && settings && isPlace(block.position) && Object.hasOwn(kinds, block.kind);
}

const isNote = (note: Note): boolean => typeof note?.text === "string" && isPlace(note.position);

/** The clip that this text is, or null: anything may lie on a clipboard. */
export function readClip(text: string, kinds: Kinds): Clip | null {
  try {
    const clip = JSON.parse(text) as Clip;
    const rows = [clip?.nodes, clip?.edges, clip?.notes];
    if (clip?.app !== APP || !rows.every(Array.isArray)) return null;
    const few = clip.nodes.length + clip.notes.length <= MOST;
    const fit = clip.nodes.every((block) => isBlock(block, kinds)) && clip.notes.every(isNote);
    return few && fit ? clip : null;
  } catch {
    return null;
  }
}

/**
 * The drawing with the clip in it, under new ids and names; and those ids. What was copied together goes on reading
 * each other. A second trigger is left out.
 */
export function pasted(graph: Graph, clip: Clip, kinds: Kinds): [Graph, string[]] {
  const ids = new Map<string, string>();
  const taken = new Set(graph.nodes.map((block) => block.id));
  const names = new Set(graph.nodes.map((block) => block.name));
  const hasTrigger = graph.nodes.some((block) => kinds[block.kind]?.trigger);
  const nodes = clip.nodes
    .filter((block) => !(hasTrigger && kinds[block.kind].trigger))
    .map((block) => {
      const id = freshId(block.id, taken);
      const name = freshName(block.name, names);
      ids.set(block.id, id);
      taken.add(id);
      names.add(name);
      return { ...block, id, name, position: shifted(block.position) };
    });
  const notes = clip.notes.map((note) => ({
    id: `note-${randomWord()}`,
    text: note.text,
    position: shifted(note.position),
  }));
  if (!nodes.length && !notes.length) return [graph, []];
  const reading = nodes.map((block) => ({ ...block, settings: rereading(block.settings, ids) }));
  const edges = clip.edges.flatMap(({ source, outlet, target }) => {
    const [from, to] = [ids.get(source), ids.get(target)];
    return from && to ? [{ source: from, outlet, target: to }] : [];
  });
  const next = {
    nodes: [...graph.nodes, ...reading],
    edges: [...graph.edges, ...edges],
    notes: [...graph.notes, ...notes],
  };
  return [next, [...nodes, ...notes].map((row) => row.id)];
}

const shifted = (place: Place): Place => ({ x: place.x + AWAY.x, y: place.y + AWAY.y });

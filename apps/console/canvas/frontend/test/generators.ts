/** Random drawings and random edits of them. */

import fc from "fast-check";
import * as graphs from "../src/model/graph";
import type { Block, Graph, Kinds, Settings } from "../src/model/types";

const kind = (more: Partial<Kinds[string]>): Kinds[string] => ({
  title: "Kind",
  icon: "x",
  group: "Flow",
  about: "",
  summary: "",
  ends: ["next"],
  branching: "",
  aside: [],
  waits: false,
  calls: false,
  trigger: false,
  schema: {},
  ...more,
});

export const KINDS: Kinds = {
  webhook: kind({ trigger: true }),
  send: kind({ ends: ["next", "failure"], aside: ["failure"] }),
  condition: kind({ ends: ["else"], branching: "branches" }),
  delay: kind({ waits: true }),
  stop: kind({ ends: [] }),
};

const settings: fc.Arbitrary<Settings> = fc.record(
  {
    text: fc.constantFrom("a", "b", "c"),
    body: fc.constantFrom<Settings>(
      { type: "json", text: "x" },
      { type: "json", text: "y" },
      { type: "none" },
    ),
    branches: fc.uniqueArray(
      fc.record({ id: fc.constantFrom("p", "q", "r"), name: fc.constantFrom("m", "n") }),
      {
        selector: (row) => row.id,
        maxLength: 3,
      },
    ),
  },
  { requiredKeys: [] },
);

const place = fc.record({ x: fc.integer({ min: 0, max: 5 }), y: fc.integer({ min: 0, max: 5 }) });

export const block = (id: string): fc.Arbitrary<Block> =>
  fc.record({
    id: fc.constant(id),
    kind: fc.constantFrom("send", "condition", "delay", "stop"),
    name: fc.constantFrom("One", "Two", "Three"),
    settings,
    position: place,
  });

const IDS = ["a", "b", "c", "d", "e", "f"];

export const graph: fc.Arbitrary<Graph> = fc
  .tuple(
    fc.subarray(IDS).chain((ids) => fc.tuple(...ids.map(block))),
    fc.array(fc.tuple(fc.nat(5), fc.nat(3), fc.nat(5)), { maxLength: 10 }),
    fc.subarray(["note-1", "note-2"]),
  )
  .map(([nodes, ways, notes]) => {
    const start: Block = {
      id: "start",
      kind: "webhook",
      name: "Start",
      settings: {},
      position: { x: 0, y: 0 },
    };
    const bare: Graph = {
      nodes: [start, ...nodes],
      edges: [],
      notes: notes.map((id) => ({ id, text: "", position: { x: 1, y: 1 } })),
    };
    return ways.reduce((now, way) => connectIfAllowed(now, ...way), bare);
  });

function connectIfAllowed(now: Graph, from: number, way: number, to: number): Graph {
  const source = now.nodes[from % now.nodes.length];
  const target = now.nodes[to % now.nodes.length];
  const outlets = graphs.outlets(source, KINDS);
  if (!outlets.length) return now;
  const outlet = outlets[way % outlets.length].id;
  const refused = graphs.refusal(now, KINDS, source.id, outlet, target.id);
  return refused ? now : graphs.connect(now, source.id, outlet, target.id);
}

export type Edit = (now: Graph) => Graph;

const pick = <Row>(rows: readonly Row[], index: number): Row | undefined => rows[index % rows.length];

/** Edits as people make them; each leaves a sound drawing sound. */
export const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(fc.nat(9), fc.nat(3), fc.nat(9)).map(
    (way): Edit =>
      (now) =>
        connectIfAllowed(now, ...way),
  ),
  fc.nat(9).map((index): Edit => (now) => {
    const found = pick(now.edges, index);
    return found ? graphs.disconnect(now, found.source, found.outlet) : now;
  }),
  fc.tuple(fc.constantFrom(...IDS), place).map(
    ([id, at]): Edit =>
      (now) =>
        graphs.move(now, new Map([[id, at]])),
  ),
  fc.tuple(fc.constantFrom(...IDS), fc.constantFrom("One", "Four", "Five")).map(
    ([id, name]): Edit =>
      (now) =>
        graphs.rename(now, id, name),
  ),
  fc.tuple(fc.constantFrom(...IDS), settings).map(
    ([id, next]): Edit =>
      (now) =>
        graphs.settle(now, KINDS, id, next),
  ),
  fc.constantFrom(...IDS).map(
    (id): Edit =>
      (now) =>
        graphs.remove(now, new Set([id])),
  ),
  fc
    .constantFrom(...IDS)
    .chain(block)
    .map(
      (added): Edit =>
        (now) =>
          graphs.add(now, added),
    ),
  fc.tuple(fc.constantFrom("note-1", "note-2"), fc.constantFrom("x", "y")).map(
    ([id, text]): Edit =>
      (now) =>
        graphs.writeNote(now, id, text),
  ),
);

export const edits = fc.array(edit, { maxLength: 8 });
export const applied = (now: Graph, all: readonly Edit[]): Graph => all.reduce((last, one) => one(last), now);

import fc from "fast-check";
import { expect, test } from "vitest";
import { copied, pasted, readClip } from "../src/model/clipboard";
import * as graphs from "../src/model/graph";
import { begin, commit, undo } from "../src/model/history";
import { layout } from "../src/model/layout";
import { cardHeight, WIDTH } from "../src/model/size";
import type { Graph } from "../src/model/types";
import { applied, edits, graph, KINDS } from "./generators";

const RUNS = { numRuns: 1000 };

/** Every edge starts at an outlet that is there, once, and ends at a block that is no trigger. */
function isSound(now: Graph): boolean {
  const ways = now.edges.map((edge) => `${edge.source}/${edge.outlet}`);
  const ends = now.edges.every(({ source, outlet, target }) => {
    const from = graphs.blockOf(now, source);
    const to = graphs.blockOf(now, target);
    return (
      from && to && !KINDS[to.kind].trigger && graphs.outlets(from, KINDS).some((way) => way.id === outlet)
    );
  });
  return ends && new Set(ways).size === ways.length;
}

test("any edits, undone, give the first graph", () => {
  fc.assert(
    fc.property(graph, edits, (first, all) => {
      let history = begin(first);
      for (const edit of all) history = commit(history, edit(history.present));
      while (history.past.length) history = undo(history);
      expect(history.present).toBe(first);
    }),
    RUNS,
  );
});

test("any edits leave a sound drawing", () => {
  fc.assert(
    fc.property(graph, edits, (first, all) => isSound(first) && isSound(applied(first, all))),
    RUNS,
  );
});

test("an edit that changes nothing gives the very same object", () => {
  fc.assert(
    fc.property(graph, (now) => {
      const places = new Map(now.nodes.map((block) => [block.id, block.position]));
      expect(graphs.move(now, places)).toBe(now);
      expect(graphs.remove(now, new Set(["nobody"]))).toBe(now);
      for (const block of now.nodes) {
        expect(graphs.rename(now, block.id, block.name)).toBe(now);
        expect(graphs.settle(now, KINDS, block.id, structuredClone(block.settings))).toBe(now);
      }
    }),
  );
});

test("a connection that goes round without a wait is refused, with a wait it is not", () => {
  const nodes = ["a", "b"].map((id) => ({
    id,
    kind: "send",
    name: id,
    settings: {},
    position: { x: 0, y: 0 },
  }));
  const now: Graph = { nodes, edges: [{ source: "a", outlet: "next", target: "b" }], notes: [] };
  expect(graphs.refusal(now, KINDS, "b", "next", "a")).toMatch(/go round without a wait/);
  expect(graphs.refusal(now, KINDS, "a", "failure", "a")).toMatch(/go round without a wait/);
  const waits = { ...now, nodes: [nodes[0], { ...nodes[1], kind: "delay" }] };
  expect(graphs.refusal(waits, KINDS, "b", "next", "a")).toBeNull();
  expect(graphs.refusal(now, KINDS, "a", "next", "b")).toMatch(/already leads/);
  expect(graphs.refusal(now, KINDS, "a", "odd", "b")).toMatch(/no outlet/);
  expect(graphs.refusal(now, KINDS, "a", "next", "gone")).toMatch(/no longer exists/);
});

test("what is copied is pasted under new ids and names, with its edges; a second trigger is left out", () => {
  fc.assert(
    fc.property(graph, (now) => {
      const all = new Set([...now.nodes, ...now.notes].map((row) => row.id));
      const clip = readClip(JSON.stringify(copied(now, all)), KINDS)!;
      const [next, ids] = pasted(now, clip, KINDS);
      const taken = next.nodes.map((block) => block.id);
      expect(new Set(taken).size).toBe(taken.length);
      expect(ids.length).toBe(now.nodes.length - 1 + now.notes.length);
      const inner = now.edges.filter((edge) => edge.source !== "start").length;
      expect(next.edges.length).toBe(now.edges.length + inner);
      expect(next.nodes.filter((block) => KINDS[block.kind].trigger).length).toBe(1);
    }),
  );
});

test.each([
  "",
  "{}",
  "null",
  '{"app": "other"}',
  '{"app": "fynoflow-blocks", "nodes": [{"id": 1}], "edges": [], "notes": []}',
  '{"app": "fynoflow-blocks", "nodes": [{"id": "a", "kind": "__proto__", "name": "", "settings": {}, "position": {"x": 0, "y": 0}}], "edges": [], "notes": []}',
])("a clipboard with %s is not ours", (text) => {
  expect(readClip(text, KINDS)).toBeNull();
});

test("the layout gives every block a place, and no two overlap", () => {
  fc.assert(
    fc.property(graph, (now) => {
      const places = layout(now, KINDS);
      expect(places.size).toBe(now.nodes.length);
      const boxes = now.nodes.map((block) => ({
        ...places.get(block.id)!,
        height: cardHeight(graphs.outlets(block, KINDS).length),
      }));
      for (const one of boxes) {
        for (const other of boxes) {
          if (one === other) continue;
          const apart = Math.abs(one.x - other.x) >= WIDTH;
          expect(apart || one.y + one.height <= other.y || other.y + other.height <= one.y).toBe(true);
        }
      }
    }),
    RUNS,
  );
});

test("an id that people read is fresh: the kind, then a number", () => {
  expect(graphs.freshId("http_request", new Set())).toBe("http_request");
  expect(graphs.freshId("http_request", new Set(["http_request"]))).toBe("http_request_2");
  expect(graphs.freshId("http_request_2", new Set(["http_request", "http_request_2"]))).toBe(
    "http_request_3",
  );
});

test("a value is set at its path, sharing what did not change", () => {
  const root = { a: { b: [1, 2] }, c: { d: 1 } };
  const next = graphs.setAt(root, ["a", "b", 1], 3) as typeof root;
  expect(next).toEqual({ a: { b: [1, 3] }, c: { d: 1 } });
  expect(next.c).toBe(root.c);
});

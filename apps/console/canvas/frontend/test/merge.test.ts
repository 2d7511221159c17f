import fc from "fast-check";
import { expect, test } from "vitest";
import { outlets } from "../src/model/graph";
import { merge, type Merged, type Side } from "../src/model/merge";
import type { Block, Graph } from "../src/model/types";
import { applied, edits, graph, KINDS } from "./generators";

const RUNS = { numRuns: 3000 };
const outletsOf = (block: Block) => outlets(block, KINDS).map((way) => way.id);

const merged = (base: Graph, mine: Graph, theirs: Graph, choices = {}): Merged =>
  merge(base, mine, theirs, choices, outletsOf);

/** A drawing whatever the order of its parts. */
const sorted = (now: Graph) => ({
  nodes: [...now.nodes].sort((one, other) => one.id.localeCompare(other.id)),
  edges: now.edges.map((edge) => `${edge.source} ${edge.outlet} ${edge.target}`).sort(),
  notes: [...now.notes].sort((one, other) => one.id.localeCompare(other.id)),
});

const sides = fc.tuple(graph, edits, edits).map(([base, mine, theirs]) => ({
  base,
  mine: applied(base, mine),
  theirs: applied(base, theirs),
}));

/** Where both moved one block, mine stands: no question, and no matter here. */
const unplaced = (now: Graph) =>
  sorted({
    ...now,
    nodes: now.nodes.map((block) => ({ ...block, position: { x: 0, y: 0 } })),
    notes: now.notes.map((note) => ({ ...note, position: { x: 0, y: 0 } })),
  });

test("a side that changed nothing gives the other", () => {
  fc.assert(
    fc.property(sides, ({ base, mine }) => {
      expect(sorted(merged(base, mine, base).graph)).toEqual(sorted(mine));
      expect(sorted(merged(base, base, mine).graph)).toEqual(sorted(mine));
    }),
    RUNS,
  );
});

test("edits that do not collide commute", () => {
  fc.assert(
    fc.property(sides, ({ base, mine, theirs }) => {
      const one = merged(base, mine, theirs);
      const other = merged(base, theirs, mine);
      expect(one.collisions.map((row) => row.key)).toEqual(other.collisions.map((row) => row.key));
      if (!one.collisions.length) expect(unplaced(one.graph)).toEqual(unplaced(other.graph));
    }),
    RUNS,
  );
});

test("choosing theirs everywhere is as merging from the other side", () => {
  fc.assert(
    fc.property(sides, ({ base, mine, theirs }) => {
      const { collisions } = merged(base, mine, theirs);
      const choices = Object.fromEntries(collisions.map((row): [string, Side] => [row.key, "theirs"]));
      const chosen = merged(base, mine, theirs, choices);
      expect(unplaced(chosen.graph)).toEqual(unplaced(merged(base, theirs, mine).graph));
    }),
    RUNS,
  );
});

test("what is put together has no edge to or from a block that is gone", () => {
  fc.assert(
    fc.property(sides, ({ base, mine, theirs }) => {
      const { graph: together } = merged(base, mine, theirs);
      const ids = new Set(together.nodes.map((block) => block.id));
      expect(together.edges.every((edge) => ids.has(edge.source) && ids.has(edge.target))).toBe(true);
    }),
    RUNS,
  );
});

const send = (settings: Block["settings"], name = "Send"): Graph => ({
  nodes: [{ id: "send", kind: "send", name, settings, position: { x: 0, y: 0 } }],
  edges: [],
  notes: [],
});

test("two fields of one block are put together; one field is asked for", () => {
  const base = send({ text: "a" });
  const { graph: together, collisions } = merged(base, send({ text: "b" }), send({ text: "a" }, "Other"));
  expect(together.nodes[0]).toMatchObject({ name: "Other", settings: { text: "b" } });
  expect(collisions).toEqual([]);
  const [collision] = merged(base, send({ text: "b" }), send({ text: "c" })).collisions;
  expect(collision).toMatchObject({ node: "send", what: "settings.text", mine: "b", theirs: "c" });
});

test("the fields of two kinds of one union never mix", () => {
  const base = send({ auth: { type: "none" } });
  const mine = send({ auth: { type: "bearer", secret: "x" } });
  const theirs = send({ auth: { type: "basic", user: "y" } });
  const { graph: together, collisions } = merged(base, mine, theirs);
  expect(together.nodes[0].settings).toEqual({ auth: { type: "bearer", secret: "x" } });
  expect(collisions.length).toBe(1);
});

const branches = (...ids: string[]): Graph => send({ branches: ids.map((id) => ({ id, name: id })) });
const order = (now: Graph) =>
  (now.nodes[0].settings.branches as { id: string }[]).map((row) => row.id).join("");

test("a branch put in by one side stays where that side put it, since the first that is true is taken", () => {
  expect(order(merged(branches("a", "b"), branches("n", "a", "b"), branches("b", "a")).graph)).toBe("nba");
  expect(order(merged(branches("a", "b"), branches("b", "a"), branches("a", "n", "b")).graph)).toBe("ban");
});

test("a branch that one side removed and the other changed asks once, and nothing about the order", () => {
  const mine = branches("q");
  const theirs = send({
    branches: [
      { id: "r", name: "other" },
      { id: "q", name: "q" },
    ],
  });
  const { collisions } = merged(branches("q", "r"), mine, theirs);
  expect(collisions.map((row) => row.what)).toEqual(["settings.branches.r"]);
});

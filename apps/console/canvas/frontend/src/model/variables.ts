/** What a block can read: the trigger's sample, what the blocks before it give, the person, workspace and run. */

import { before, blockOf, own } from "./graph";
import type { Graph, Variable } from "./types";

/** By block id, as (path, sample); the trigger's under the empty id, the person's under a dot. */
export type Known = Readonly<Record<string, [string, string][]>>;

export function variables(
  graph: Graph,
  id: string,
  known: Known,
  facts: readonly [string, string][],
): Variable[] {
  const trigger = (known[""] ?? []).map(([path, sample]) => ({ path, sample, from: "Trigger" }));
  const steps = [...before(graph, id)].flatMap((step) =>
    (own(known, step) ?? []).map(([path, sample]) => ({
      path: `steps.${step}${path.startsWith("[") ? "" : "."}${path}`,
      sample,
      from: blockOf(graph, step)?.name ?? step,
    })),
  );
  const person = (known["."] ?? []).map(([path, sample]) => ({
    path: `profile.${path}`,
    sample,
    from: "Person",
  }));
  const around = facts.map(([path, sample]) => ({
    path,
    sample,
    from: path.startsWith("run.") ? "Run" : "Workspace",
  }));
  return [...trigger, ...steps, ...person, ...around];
}

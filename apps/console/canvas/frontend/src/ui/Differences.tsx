/** What differs from another version, in words; a click goes to the block. */

import { useReactFlow } from "@xyflow/react";
import { select } from "../actions";
import { edgeId, type CardNode, type Marks } from "../canvas/cards";
import * as graphs from "../model/graph";
import { page, type Compare } from "../page";
import { graph } from "../store";

export const marksOfCompare = (compare: Compare): Marks =>
  Object.fromEntries([
    ...compare.marks,
    ...compare.ways.map(([source, outlet, mark]) => [edgeId(source, outlet), mark] as const),
  ]);

export function Differences({ compare }: { compare: Compare }) {
  const flow = useReactFlow<CardNode>();
  const isGone = (id: string) => compare.marks.some(([block, mark]) => block === id && mark === "removed");
  return (
    <>
      <p className="hint">
        <a href={`${page.urls.canvas}?version=${page.base.number}`}>Stop comparing</a>: green is added, amber
        changed, red removed.
      </p>
      {!compare.lines.length && <p>Nothing differs. Where blocks stand, and notes, mean nothing here.</p>}
      <ul className="problem-list">
        {compare.lines.map(([id, words], index) => (
          <li key={index}>
            <button type="button" onClick={() => select(flow, [id], true)}>
              <span>
                <b>{graphs.blockOf(graph(), id)?.name || id}</b> {words}
                {isGone(id) && <span className="muted"> from v{compare.number}</span>}
              </span>
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}

import { useConnection } from "@xyflow/react";
import * as graphs from "../model/graph";
import { page } from "../page";
import { graph } from "../store";

export const refusalOf = (source: string, outlet: string, target: string): string | null =>
  graphs.refusal(graph(), page.kinds, source, outlet, target);

/** Why the connection that is being drawn may not end here, beside the pointer. */
export function Refusal() {
  const why = useConnection((now) => {
    // `isValid` is null, not false, near the rim of a handle: only true may pass.
    if (!now.inProgress || now.isValid || !now.toNode || now.toHandle?.type !== "target") return null;
    return refusalOf(now.fromNode.id, now.fromHandle.id ?? "", now.toNode.id);
  });
  const at = useConnection((now) => (now.inProgress && !now.isValid ? now.pointer : null));
  if (!why || !at) return null;
  return (
    <div className="refusal" role="tooltip" style={{ left: at.x + 14, top: at.y + 14 }}>
      {why}
    </div>
  );
}

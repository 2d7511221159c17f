import { memo, useEffect, useRef, type CSSProperties } from "react";
import { Handle, Position, useUpdateNodeInternals, type NodeProps } from "@xyflow/react";
import { outlets } from "../model/graph";
import { cardHeight } from "../model/size";
import { summary } from "../model/summary";
import { page } from "../page";
import { plural } from "../model/plural";
import { Icon } from "../ui/Icon";
import type { CardNode } from "./cards";

/** Drawn again only when its own data changes: see `fitted`. */
export const BlockCard = memo(function BlockCard({ id, data, selected }: NodeProps<CardNode>) {
  const { errors, warnings, mark } = data;
  const block = data.block!;
  const kind = page.kinds[block.kind];
  const ways = outlets(block, page.kinds);
  const shape = ways.map((way) => way.id).join();
  const update = useUpdateNodeInternals();
  const was = useRef(shape);
  useEffect(() => {
    // Not on mount: React Flow measures then by itself, and each call wakes every card.
    if (was.current === shape) return;
    was.current = shape;
    update(id);
  }, [shape, id, update]);
  const classes = [
    "card",
    `kind-${block.kind}`,
    selected && "chosen",
    errors && "bad",
    mark && `mark-${mark}`,
  ];
  return (
    <div
      className={classes.filter(Boolean).join(" ")}
      style={{ "--height": `${cardHeight(ways.length)}px` } as CSSProperties}
    >
      {!kind?.trigger && <Handle type="target" position={Position.Left} className="in" aria-hidden />}
      <div className="card-head">
        <span className="tile">
          <Icon name={kind?.icon ?? "circle-alert"} />
        </span>
        <span className="card-text">
          <b>{block.name || block.id}</b>
          <small>{summary(block, page.kinds)}</small>
        </span>
        {errors > 0 && (
          <span className="count bad" title={plural(errors, "error")}>
            {errors}
          </span>
        )}
        {!errors && warnings > 0 && (
          <span className="count" title={plural(warnings, "warning")}>
            {warnings}
          </span>
        )}
      </div>
      {ways.length === 1 && <Handle type="source" id={ways[0].id} position={Position.Right} />}
      {ways.length > 1 && (
        <ul className="outlets" aria-hidden>
          {ways.map((way) => (
            <li key={way.id} className={way.aside ? "aside" : ""}>
              <span>{way.label}</span>
              <Handle type="source" id={way.id} position={Position.Right} />
            </li>
          ))}
        </ul>
      )}
    </div>
  );
});

import { memo } from "react";
import type { NodeProps } from "@xyflow/react";
import type { CardNode } from "./cards";

export const NoteCard = memo(function NoteCard({ data, selected }: NodeProps<CardNode>) {
  return <div className={selected ? "note chosen" : "note"}>{data.note!.text || "An empty note"}</div>;
});

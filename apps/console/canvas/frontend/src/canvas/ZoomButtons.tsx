import { Panel, useReactFlow } from "@xyflow/react";
import { duration, fit } from "../actions";
import type { CardNode } from "./cards";
import { IconButton } from "../ui/Icon";

export function ZoomButtons() {
  const flow = useReactFlow<CardNode>();
  return (
    <Panel position="bottom-left" className="zoom">
      <IconButton
        icon="zoom-in"
        label="Zoom in"
        onClick={() => void flow.zoomIn({ duration: duration(120) })}
      />
      <IconButton
        icon="zoom-out"
        label="Zoom out"
        onClick={() => void flow.zoomOut({ duration: duration(120) })}
      />
      <IconButton icon="maximize" label="Show all" onClick={() => fit(flow)} />
    </Panel>
  );
}

import { Panel, useReactFlow } from "@xyflow/react";
import { duration } from "../actions";
import { IconButton } from "../ui/Icon";

export function ZoomButtons() {
  const flow = useReactFlow();
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
      <IconButton
        icon="maximize"
        label="Show all"
        onClick={() => void flow.fitView({ padding: 0.12, maxZoom: 1, duration: duration(200) })}
      />
    </Panel>
  );
}

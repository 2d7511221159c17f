import "@xyflow/react/dist/base.css";
import "./style.css";
import { useEffect, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";
import { ReactFlowProvider, useReactFlow } from "@xyflow/react";
import { select } from "./actions";
import { Canvas } from "./canvas/Canvas";
import type { CardNode } from "./canvas/cards";
import { usePageKeys } from "./keys";
import { blockOf } from "./model/graph";
import { page } from "./page";
import { check, graph, restoreDraft, use } from "./store";
import { marksOf } from "./dryRun";
import { Bar, Toast } from "./ui/Bar";
import { Conflict } from "./ui/Conflict";
import { SignedOut } from "./ui/dialogs";
import { marksOfCompare } from "./ui/Differences";
import { Drawer } from "./ui/Drawer";
import { Sprite } from "./ui/Icon";
import { Palette } from "./ui/Palette";
import { Panel } from "./ui/Panel";

function App() {
  const [hasPalette, setPalette] = useState(false);
  const hasPanel = use((state) => state.selection.length > 0);
  const flow = useReactFlow<CardNode>();
  const dryRun = use((state) => state.dryRun);
  const marks = useMemo(() => (page.compare ? marksOfCompare(page.compare) : marksOf(dryRun)), [dryRun]);
  usePageKeys();
  useEffect(() => {
    void restoreDraft();
    if (page.may_edit && !page.base.number && graph().nodes.length === 1) select(flow, [graph().nodes[0].id]);
    const asked = new URLSearchParams(location.search).get("block");
    if (asked && blockOf(graph(), asked)) select(flow, [asked], true);
    void check();
  }, [flow]);
  const classes = ["app", hasPanel && "with-panel", hasPalette && "with-palette"].filter(Boolean).join(" ");
  return (
    <div className={classes}>
      <Bar togglePalette={() => setPalette(!hasPalette)} />
      <Palette done={() => setPalette(false)} />
      <main aria-label="Canvas">
        <Canvas marks={marks} />
        <Drawer />
      </main>
      <Panel />
      <Conflict />
      <SignedOut />
      <Toast />
    </div>
  );
}

createRoot(document.getElementById("builder")!).render(
  <Sprite value={page.urls.icons}>
    <ReactFlowProvider>
      <App />
    </ReactFlowProvider>
  </Sprite>,
);

import "@xyflow/react/dist/base.css";
import "./style.css";
import { useEffect, useState } from "react";
import { createRoot } from "react-dom/client";
import { ReactFlowProvider } from "@xyflow/react";
import { Canvas } from "./canvas/Canvas";
import type { Marks } from "./canvas/cards";
import { usePageKeys } from "./keys";
import { check, restoreDraft, use } from "./store";
import { Bar, Toast } from "./ui/Bar";
import { Conflict } from "./ui/Conflict";
import { SignedOut } from "./ui/dialogs";
import { Drawer } from "./ui/Drawer";
import { Palette } from "./ui/Palette";
import { Panel } from "./ui/Panel";

const NO_MARKS: Marks = {};

function App() {
  const [hasPalette, setPalette] = useState(false);
  const hasPanel = use((state) => state.selection.length > 0);
  usePageKeys();
  useEffect(() => {
    restoreDraft();
    void check();
  }, []);
  const classes = ["app", hasPanel && "with-panel", hasPalette && "with-palette"].filter(Boolean).join(" ");
  return (
    <div className={classes}>
      <Bar togglePalette={() => setPalette(!hasPalette)} />
      <Palette done={() => setPalette(false)} />
      <main aria-label="Canvas">
        <Canvas marks={NO_MARKS} />
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
  <ReactFlowProvider>
    <App />
  </ReactFlowProvider>,
);

/** Under the canvas: what is to mend, and tests. */

import { useState } from "react";
import { page } from "../page";
import { Differences } from "./Differences";
import { Icon } from "./Icon";
import { ProblemCount, ProblemList } from "./Problems";
import { DryRunDrawer } from "./DryRunDrawer";

type Tab = "" | "problems" | "test";

export function Drawer() {
  const [tab, setTab] = useState<Tab>(page.payload ? "test" : "");
  if (page.compare) {
    return (
      <section className="drawer" aria-label="What differs">
        <div className="drawer-body">
          <Differences compare={page.compare} />
        </div>
      </section>
    );
  }
  const toggle = (next: Tab) => setTab(tab === next ? "" : next);
  return (
    <section className="drawer" aria-label="Problems and tests">
      <div className="drawer-bar">
        <button
          type="button"
          className="drawer-tab"
          aria-expanded={tab === "problems"}
          onClick={() => toggle("problems")}
        >
          <ProblemCount />
          <Icon name={tab === "problems" ? "chevron-down" : "chevron-up"} />
        </button>
        <button
          type="button"
          className="drawer-tab"
          aria-expanded={tab === "test"}
          onClick={() => toggle("test")}
        >
          <Icon name="flask-conical" />
          Test
          <Icon name={tab === "test" ? "chevron-down" : "chevron-up"} />
        </button>
      </div>
      {tab === "problems" && (
        <div className="drawer-body">
          <ProblemList />
        </div>
      )}
      {/* Kept while another tab is open: what was typed stays. */}
      <TestTab isOpen={tab === "test"} />
    </section>
  );
}

function TestTab({ isOpen }: { isOpen: boolean }) {
  const [wasOpen, setWasOpen] = useState(isOpen);
  if (isOpen && !wasOpen) setWasOpen(true);
  if (!wasOpen) return null;
  return (
    <div className="drawer-body" hidden={!isOpen}>
      <DryRunDrawer />
    </div>
  );
}

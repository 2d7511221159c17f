/** Under the canvas: what is to mend. */

import { useState } from "react";
import { Icon } from "./Icon";
import { ProblemCount, ProblemList } from "./Problems";

export function Drawer() {
  const [open, setOpen] = useState(false);
  return (
    <section className={open ? "drawer open" : "drawer"} aria-label="Problems">
      <div className="drawer-bar">
        <button type="button" className="drawer-tab" aria-expanded={open} onClick={() => setOpen(!open)}>
          <ProblemCount />
          <Icon name={open ? "chevron-down" : "chevron-up"} />
        </button>
      </div>
      {open && (
        <div className="drawer-body">
          <ProblemList />
        </div>
      )}
    </section>
  );
}

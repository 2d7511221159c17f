/** One call made for real, with samples filled in; its answer can be kept as the block's sample. */

import { useState } from "react";
import type { Block } from "../model/types";
import { page } from "../page";
import { keepSampleOf, tryCall, type Tried } from "../dryRun";
import { Icon } from "./Icon";

const SHOWN = 4000;

export function TryCall({ block }: { block: Block }) {
  const [tried, setTried] = useState<Tried | null>(null);
  const [busy, setBusy] = useState(false);
  if (!page.kinds[block.kind]?.calls || !page.may_edit) return null;
  const call = async () => {
    setBusy(true);
    setTried(await tryCall(block.id));
    setBusy(false);
  };
  return (
    <section className="try" aria-label="Try this call">
      <button
        type="button"
        className="button"
        aria-disabled={busy}
        onClick={() => {
          if (!busy) void call();
        }}
      >
        <Icon name="flask-conical" />
        {busy ? "Calling…" : "Try this call"}
      </button>
      <p className="hint">Makes the real call now, filled in with the samples.</p>
      {tried?.trouble && (
        <p className="wrong block" role="alert">
          <Icon name="circle-alert" />
          {tried.trouble}
        </p>
      )}
      {tried && !tried.trouble && (
        <div role="status">
          <p>
            Answered <b>{tried.status}</b> in {Math.round(tried.seconds * 1000)} ms.
          </p>
          <pre tabIndex={0}>{tried.body.slice(0, SHOWN) || "(no body)"}</pre>
          <button type="button" className="add" onClick={() => keepSampleOf(block.id, tried.body)}>
            <Icon name="copy" />
            Keep as the sample
          </button>
        </div>
      )}
    </section>
  );
}

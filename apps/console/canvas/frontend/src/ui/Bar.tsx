/** The head of the page: the workflow, its versions, and what is done with the whole drawing. */

import { useEffect, useState } from "react";
import { useReactFlow } from "@xyflow/react";
import { tidy } from "../actions";
import type { CardNode } from "../canvas/cards";
import { page } from "../page";
import { doRedo, doUndo, isDirty, save, use } from "../store";
import { GoLive, Keys } from "./dialogs";
import { Icon, IconButton } from "./Icon";
import { Versions } from "./Versions";

/** Other pages lead here with `#live`. */
const OPENED_TO_GO_LIVE = page.may_edit && location.hash === "#live";

export function Bar({ togglePalette }: { togglePalette(): void }) {
  const dirty = use(isDirty);
  const saving = use((state) => state.saving);
  const [dialog, setDialog] = useState<"" | "keys" | "live">(OPENED_TO_GO_LIVE ? "live" : "");
  return (
    <header className="bar">
      <a className="back" href={page.urls.workflow} aria-label={`Back to ${page.name}`}>
        <Icon name="arrow-left" />
      </a>
      <h1>{page.name}</h1>
      <Versions />
      {page.may_edit ? (
        <span className={dirty ? "state dirty" : "state"}>{dirty ? "Unsaved changes" : "All saved"}</span>
      ) : (
        <span className="state">
          {page.compare ? `Compared with v${page.compare.number}, to look at` : "You have view-only access."}
        </span>
      )}
      <span className="gap" />
      <a className="icon-button" href={page.urls.log} aria-label="Change log" title="Change log">
        <Icon name="history" />
      </a>
      {page.may_edit && (
        <>
          <button type="button" className="button only-small" onClick={togglePalette}>
            <Icon name="plus" />
            Add
          </button>
          <EditButtons openKeys={() => setDialog("keys")} />
          {/* aria-disabled: a disabled button would throw its focus away */}
          <button type="button" className="button" aria-disabled={saving} onClick={() => void save()}>
            Save
          </button>
          <button type="button" className="button primary" onClick={() => setDialog("live")}>
            <Icon name="rocket" />
            Go live
          </button>
        </>
      )}
      {dialog === "keys" && <Keys close={() => setDialog("")} />}
      {dialog === "live" && <GoLive close={() => setDialog("")} />}
    </header>
  );
}

function EditButtons({ openKeys }: { openKeys(): void }) {
  const flow = useReactFlow<CardNode>();
  const canUndo = use((state) => state.history.past.length > 0);
  const canRedo = use((state) => state.history.future.length > 0);
  return (
    <span className="edit-buttons">
      <IconButton icon="undo-2" label="Undo" disabled={!canUndo} onClick={doUndo} />
      <IconButton icon="redo-2" label="Redo" disabled={!canRedo} onClick={doRedo} />
      <IconButton icon="layout-dashboard" label="Tidy up" onClick={() => tidy(flow)} />
      <IconButton icon="keyboard" label="Keys" onClick={openKeys} />
    </span>
  );
}

const SHORT_MS = 3500;
const LONG_MS = 7000;

/** What was done or refused: for the eye a while, for the ear at once. */
export function Toast() {
  const said = use((state) => state.said);
  const [seen, setSeen] = useState(0);
  useEffect(() => {
    if (!said.count) return;
    const timer = setTimeout(() => setSeen(said.count), said.bad ? LONG_MS : SHORT_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <>
      <div className="sr said" role="status" aria-live="polite">
        {said.text}
      </div>
      {said.count > seen && said.text && (
        <div className={said.bad ? "toast bad" : "toast"} aria-hidden>
          {said.text}
        </div>
      )}
    </>
  );
}

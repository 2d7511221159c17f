/** The settings of what is selected. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useReactFlow } from "@xyflow/react";
import { clipText, duplicate, focusCard, removeSelected, select } from "../actions";
import type { CardNode } from "../canvas/cards";
import * as graphs from "../model/graph";
import { keyOf } from "../model/schema";
import type { Block, Json, Note, Path, Problem, Settings } from "../model/types";
import { variables } from "../model/variables";
import { page } from "../page";
import { makeSecret } from "../secrets";
import { Fields, FormContext, PARTS, type Form } from "../form";
import { check, edit, graph, put, say, use } from "../store";
import { Icon, IconButton } from "./Icon";
import { LeadsTo } from "./LeadsTo";
import { TryCall } from "./TryCall";

export function Panel() {
  const selection = use((state) => state.selection);
  const now = use((state) => state.history.present);
  if (selection.length > 1) return <Several count={selection.length} />;
  const block = graphs.blockOf(now, selection[0] ?? "");
  if (block) return <BlockPanel key={block.id} block={block} />;
  const note = graphs.noteOf(now, selection[0] ?? "");
  return note ? <NotePanel key={note.id} note={note} /> : null;
}

function Close() {
  const flow = useReactFlow<CardNode>();
  return <IconButton icon="x" label="Close settings" onClick={() => select(flow, [])} />;
}

function Several({ count }: { count: number }) {
  const flow = useReactFlow<CardNode>();
  const copy = () =>
    navigator.clipboard?.writeText(clipText()).then(
      () => say("Copied."),
      () => say("The browser did not allow copying: use Ctrl+C.", true),
    );
  return (
    <aside className="panel" aria-label="Selection">
      <header>
        <h2>{count} selected</h2>
        <Close />
      </header>
      {page.may_edit && (
        <div className="panel-body stack">
          <button type="button" className="button" onClick={() => duplicate(flow)}>
            <Icon name="copy-plus" />
            Duplicate
          </button>
          <button type="button" className="button" onClick={copy}>
            <Icon name="copy" />
            Copy
          </button>
          <button type="button" className="button danger" onClick={removeSelected}>
            <Icon name="trash-2" />
            Delete
          </button>
        </div>
      )}
    </aside>
  );
}

function NotePanel({ note }: { note: Note }) {
  const box = useRef<HTMLElement>(null);
  useFocus(note.id, box);
  return (
    <aside className="panel kind-note" aria-label="Note" ref={box}>
      <header>
        <span className="tile">
          <Icon name="sticky-note" />
        </span>
        <h2>Note</h2>
        {page.may_edit && <IconButton icon="trash-2" label="Delete note" onClick={removeSelected} />}
        <Close />
      </header>
      <div className="panel-body">
        <label className="field">
          Text
          <textarea
            rows={8}
            maxLength={2000}
            readOnly={!page.may_edit}
            value={note.text}
            onChange={(event) =>
              edit(graphs.writeNote(graph(), note.id, event.target.value), `${note.id}/text`)
            }
          />
        </label>
      </div>
    </aside>
  );
}

const MOST_NAME = 100;

function BlockPanel({ block }: { block: Block }) {
  const flow = useReactFlow<CardNode>();
  const box = useRef<HTMLElement>(null);
  const kind = page.kinds[block.kind];
  const form = useFormOf(block);
  useFocus(block.id, box);
  useEffect(() => void check(), [block.id]); // its texts are filled in with samples
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "Escape" && !event.defaultPrevented) focusCard(block.id);
  };
  const rename = (name: string) => edit(graphs.rename(graph(), block.id, name), `${block.id}/name`);
  return (
    <aside
      className={`panel kind-${block.kind}`}
      aria-label={`Settings of ${block.name || block.id}`}
      ref={box}
      onKeyDown={onKeyDown}
    >
      <header>
        <span className="tile">
          <Icon name={kind?.icon ?? "circle-alert"} />
        </span>
        <span className="panel-name">
          <input
            aria-label="Block name"
            value={block.name}
            maxLength={MOST_NAME}
            readOnly={!page.may_edit}
            onChange={(event) => rename(event.target.value)}
          />
          <small>
            {kind?.title ?? block.kind}
            {kind && !kind.trigger && <code>steps.{block.id}</code>}
          </small>
        </span>
        {page.may_edit && (
          <>
            {!kind?.trigger && (
              <IconButton icon="copy-plus" label="Duplicate block" onClick={() => duplicate(flow)} />
            )}
            <IconButton icon="trash-2" label="Delete block" onClick={removeSelected} />
          </>
        )}
        <Close />
      </header>
      <div className="panel-body" tabIndex={page.may_edit ? undefined : 0}>
        <Unshown id={block.id} box={box} />
        {kind && (
          <FormContext value={form}>
            <Fields schema={kind.schema} value={block.settings} path={[]} />
          </FormContext>
        )}
        <TryCall block={block} />
        <LeadsTo id={block.id} />
      </div>
    </aside>
  );
}

const isErrorOf = (id: string) => (problem: Problem) => problem.node === id && problem.severity === "error";

function useFormOf(block: Block): Form {
  const now = use((state) => state.history.present);
  const problems = use((state) => state.problems);
  const known = use((state) => state.known);
  const previews = use((state) => state.previews);
  const sources = use((state) => state.sources);
  const { id } = block;
  const errors = useMemo(() => {
    const found = new Map<string, string[]>();
    for (const { field, message } of problems.filter((problem) => problem.node === id)) {
      found.set(field, [...(found.get(field) ?? []), message]);
    }
    return found;
  }, [problems, id]);
  return useMemo(
    () => ({
      parts: PARTS,
      sources,
      makeSecret,
      editorUrl: page.urls.editor,
      shapes: page.kinds[block.kind]?.schema.$defs ?? {},
      errors,
      previews,
      variables: variables(now, id, known, page.facts),
      readOnly: !page.may_edit,
      settings: block.settings,
      set: (path, value) => setSettings(id, [[path, value]]),
      setAll: (changes) => setSettings(id, changes),
    }),
    [block, errors, previews, known, now, id, sources],
  );
}

function setSettings(id: string, changes: [Path, Json][]): void {
  const block = graphs.blockOf(graph(), id);
  if (!block) return;
  const settings = changes.reduce<Json>(
    (all, [path, value]) => graphs.setAt(all, path, value),
    block.settings,
  );
  edit(graphs.settle(graph(), page.kinds, id, settings as Settings), `${id}/${keyOf(changes[0][0])}`);
}

/** A problem was chosen in the list: to its field, or to the nearest field around it; no field: to the name. */
function useFocus(id: string, box: React.RefObject<HTMLElement | null>): void {
  const focus = use((state) => state.focus);
  useEffect(() => {
    if (focus?.node !== id) return;
    put({ focus: null });
    const parts = focus.field ? focus.field.split(".") : [];
    for (; parts.length; parts.pop()) {
      const field = box.current?.querySelector<HTMLElement>(`[data-path="${CSS.escape(parts.join("."))}"]`);
      const control = field?.querySelector<HTMLElement>("input, select, textarea, button");
      if (!field || !control) continue;
      for (let fold = field.closest("details"); fold; fold = fold.parentElement!.closest("details"))
        fold.open = true;
      control.focus();
      field.scrollIntoView({ block: "center" });
      return;
    }
    const first = box.current?.querySelector<HTMLInputElement>(".panel-name input, textarea");
    first?.focus();
    if (first instanceof HTMLInputElement) first.select();
  }, [focus, id, box]);
}

/** The safety net: an error that no field has shown (a hidden setting, an unknown one) is told at the top. */
function Unshown({ id, box }: { id: string; box: React.RefObject<HTMLElement | null> }) {
  const problems = use((state) => state.problems);
  const [rest, setRest] = useState("");
  useLayoutEffect(() => {
    const told = [...(box.current?.querySelectorAll<HTMLElement>("[data-for]") ?? [])];
    const shown = new Set(told.flatMap((element) => JSON.parse(element.dataset.for!) as string[]));
    const left = problems.filter(isErrorOf(id)).filter((problem) => !shown.has(problem.field));
    setRest(left.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join(" "));
  });
  if (!rest) return null;
  return (
    <p className="wrong block" role="status">
      <Icon name="circle-alert" />
      {rest}
    </p>
  );
}

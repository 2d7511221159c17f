/** Keys and clipboard of the whole page. A text field has its own undo, copy and paste. */

import { useEffect } from "react";
import { useReactFlow } from "@xyflow/react";
import { clipText, duplicate, pasteText, select, type Flow } from "./actions";
import type { CardNode } from "./canvas/cards";
import { page } from "./page";
import { doRedo, doUndo, get, graph, isDirty, save, say } from "./store";

const FIELD = "input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]";

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.matches(FIELD) || target.shadowRoot !== null);

const isTyping = (event: Event): boolean => isField(event.composedPath()[0] ?? null) || isField(event.target);

function shortcut(event: KeyboardEvent, flow: Flow): (() => void) | undefined {
  switch (event.key.toLowerCase()) {
    case "z":
      return event.shiftKey ? doRedo : doUndo;
    case "y":
      return doRedo;
    case "d":
      return () => void (get().selection.length && duplicate(flow));
    case "a":
      return () =>
        select(
          flow,
          [...graph().nodes, ...graph().notes].map((row) => row.id),
        );
  }
}

function onKeyDown(event: KeyboardEvent, flow: Flow): void {
  if (document.querySelector("dialog[open]")) return;
  const withControl = event.ctrlKey || event.metaKey;
  if (withControl && event.key.toLowerCase() === "s") {
    event.preventDefault();
    if (page.may_edit) void save();
    return;
  }
  if (isTyping(event)) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector<HTMLElement>(".find input")?.focus();
  }
  const act = withControl ? shortcut(event, flow) : undefined;
  if (!act) return;
  event.preventDefault();
  act();
}

function onCopy(event: ClipboardEvent): void {
  const count = get().selection.length;
  if (isTyping(event) || !count || String(getSelection() ?? "")) return;
  event.clipboardData?.setData("text/plain", clipText());
  event.preventDefault();
  say(`${count} copied.`);
}

function onPaste(event: ClipboardEvent, flow: Flow): void {
  if (isTyping(event)) return;
  if (pasteText(flow, event.clipboardData?.getData("text/plain") ?? "")) event.preventDefault();
}

export function usePageKeys(): void {
  const flow = useReactFlow<CardNode>();
  useEffect(() => {
    const gone = new AbortController();
    const { signal } = gone;
    document.addEventListener("keydown", (event) => onKeyDown(event, flow), { signal });
    document.addEventListener("copy", onCopy, { signal });
    document.addEventListener("paste", (event) => onPaste(event, flow), { signal });
    window.addEventListener("beforeunload", (event) => isDirty(get()) && event.preventDefault(), { signal });
    return () => gone.abort();
  }, [flow]);
}

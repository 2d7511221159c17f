/** The state of the page, and every change of it. Components read it with `use`. */

import { useSyncExternalStore } from "react";
import * as drafts from "./draft";
import { outlets, same } from "./model/graph";
import { begin, commit, redo, undo, type History } from "./model/history";
import { placed } from "./model/layout";
import { merge, type Choices, type Merged } from "./model/merge";
import type { Block, DryRun, Graph, Option, Preview, Problem } from "./model/types";
import type { Known } from "./model/variables";
import { page, type Base, type Stand, type Version } from "./page";
import { post, Refused, SignedOut } from "./server";

export interface Said {
  text: string;
  bad: boolean;
  count: number;
}

export interface Conflict {
  theirs: Stand;
  merged: Merged;
}

export interface State {
  history: History<Graph>;
  saved: Graph;
  base: Base;
  versions: readonly Version[];
  selection: readonly string[];
  problems: readonly Problem[];
  checked: boolean;
  known: Known;
  previews: Readonly<Record<string, Preview>>;
  said: Said;
  conflict: Conflict | null;
  saving: boolean;
  signedOut: boolean;
  dryRun: DryRun | null;
  focus: { node: string; field: string } | null;
  sources: Readonly<Record<string, Option[]>>;
}

const opened = placed(page.graph, page.kinds);

let state: State = {
  history: begin(opened),
  saved: opened,
  base: page.base,
  versions: page.versions,
  selection: [],
  problems: [],
  checked: false,
  known: {},
  previews: {},
  said: { text: "", bad: false, count: 0 },
  conflict: null,
  saving: false,
  signedOut: false,
  dryRun: null,
  focus: null,
  sources: page.sources,
};
const listeners = new Set<() => void>();

export const get = (): State => state;
export const graph = (): Graph => state.history.present;

export function put(patch: Partial<State>): void {
  state = { ...state, ...patch };
  listeners.forEach((listener) => listener());
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** `pick` must give a part of the state itself: a new array or object each time would draw without end. */
export const use = <T>(pick: (state: State) => T): T => useSyncExternalStore(subscribe, () => pick(state));

export const say = (text: string, bad = false): void =>
  put({ said: { text, bad, count: state.said.count + 1 } });

export const isDirty = (now: State): boolean => now.history.present !== now.saved;

/** One step that can be undone; edits with the same tag in quick succession are one. */
export function edit(next: Graph, tag = ""): void {
  if (next === graph() || !page.may_edit) return;
  put({ history: commit(state.history, next, tag, Date.now()) });
  changed();
}

function step(history: History<Graph>, word: string): void {
  if (history === state.history) return say(`Nothing to ${word}.`);
  put({ history });
  changed();
}

export const doUndo = (): void => step(undo(state.history), "undo");
export const doRedo = (): void => step(redo(state.history), "redo");

const CHECK_AFTER_MS = 350;
let timer = 0;
let asked = 0;

function changed(): void {
  clearTimeout(timer);
  timer = window.setTimeout(() => {
    keepDraft();
    void check();
  }, CHECK_AFTER_MS);
}

let warned = false;

function keepDraft(): void {
  if (!isDirty(state)) return drafts.forget(state.base.number);
  const kept = drafts.keep({ graph: graph(), saved: state.saved, base: state.base, at: Date.now() });
  if (!kept && !warned) say("This browser keeps no draft: save often.", true);
  warned ||= !kept;
}

interface Checked {
  problems: Problem[];
  known: Known;
  previews: Record<string, Preview>;
}

/** Asks the server what is wrong with the drawing and what its blocks can read; a later question wins. */
export async function check(): Promise<void> {
  if (page.compare) return; // two drawings in one are no drawing
  const mine = ++asked;
  const selected = state.selection.length === 1 ? state.selection[0] : "";
  try {
    const answer = await post<Checked>(page.urls.check, { graph: graph(), selected });
    if (mine === asked) put({ ...answer, checked: true });
  } catch (trouble) {
    if (mine === asked) failed(trouble, "Not checked");
  }
}

export function failed(trouble: unknown, what: string): void {
  if (trouble instanceof SignedOut) return put({ signedOut: true });
  const why =
    trouble instanceof Refused ? trouble.message : "The server does not answer. Your work is kept here.";
  say(`${what}: ${why}`, true);
}

type Saved = { saved: Stand } | { conflict: Stand };

/** Save as Test. Gives whether it is saved. */
export async function save(): Promise<boolean> {
  if (state.saving) return false;
  const sent = graph();
  put({ saving: true });
  try {
    const answer = await post<Saved>(page.urls.save, { graph: sent, base: state.base });
    if ("conflict" in answer) return await collided(answer.conflict);
    stand(answer.saved, sent);
    say(`Saved as v${answer.saved.base.number} (Test).`);
    return true;
  } catch (trouble) {
    failed(trouble, "Not saved");
    return false;
  } finally {
    put({ saving: false });
  }
}

function stand(saved: Stand, graph: Graph): void {
  drafts.forget(state.base.number);
  put({ saved: graph, base: saved.base, versions: saved.versions, signedOut: false });
  keepDraft();
  history.replaceState(null, "", page.urls.canvas);
}

const outletsOf = (block: Block): string[] => outlets(block, page.kinds).map((way) => way.id);

export const merged = (theirs: Graph, choices: Choices = {}): Merged =>
  merge(state.saved, graph(), theirs, choices, outletsOf);

/** Somebody else saved. What does not collide is put together; a mere move of blocks asks nothing. */
async function collided(theirs: Stand): Promise<boolean> {
  const placedTheirs = { ...theirs, graph: placed(theirs.graph, page.kinds) };
  put({ conflict: { theirs: placedTheirs, merged: merged(placedTheirs.graph) }, saving: false });
  return same(meaning(placedTheirs.graph), meaning(state.saved)) ? settleConflict({}) : false;
}

const meaning = (graph: Graph) => [graph.nodes.map(({ position: _, ...rest }) => rest), graph.edges];

/** Put both together by these choices, and save. */
export function settleConflict(choices: Choices): Promise<boolean> {
  const { theirs } = state.conflict!;
  const together = merged(theirs.graph, choices).graph;
  drafts.forget(state.base.number);
  put({ saved: theirs.graph, base: theirs.base, versions: theirs.versions, conflict: null });
  edit(together);
  return save();
}

export async function goLive(number: number, comment: string): Promise<string> {
  try {
    const answer = await post<{ versions: Version[]; said: string }>(page.urls.live, {
      number,
      edition: state.base.edition,
      comment,
    });
    put({ versions: answer.versions });
    say(answer.said);
    return "";
  } catch (trouble) {
    if (trouble instanceof SignedOut) put({ signedOut: true });
    return trouble instanceof Refused ? sentence(trouble.message) : "The server does not answer.";
  }
}

const sentence = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

let looked = false;

/** Brings back what was drawn before a reload or a crash; once for a page. */
export async function restoreDraft(): Promise<void> {
  if (!page.may_edit || looked) return;
  looked = true;
  await drafts.meet();
  if (isDirty(state)) return drafts.leaveBehind();
  const draft = drafts.kept(new URLSearchParams(location.search).has("version"));
  if (!draft) return;
  if (same(draft.graph, graph())) return drafts.forget(draft.base.number);
  put({ saved: draft.saved, base: draft.base, history: begin(draft.saved) });
  edit(draft.graph);
  say(
    `We restored your unsaved changes from ${new Date(draft.at).toLocaleTimeString([], { timeStyle: "short" })}. Undo to discard them.`,
  );
}

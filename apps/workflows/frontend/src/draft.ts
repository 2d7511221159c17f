/** Unsaved work, kept in this browser over reload and crash. */

import type { Graph } from "./model/types";
import { page, type Base } from "./page";

export interface Draft {
  graph: Graph;
  saved: Graph;
  base: Base;
  at: number;
}

/** Gives false where the browser keeps nothing (full, or not allowed). */
export function keep(draft: Draft): boolean {
  try {
    localStorage.setItem(page.draft_key, JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

export function forget(): void {
  try {
    localStorage.removeItem(page.draft_key);
  } catch {
    // nothing is kept where nothing may be kept
  }
}

export function kept(): Draft | null {
  try {
    const draft = JSON.parse(localStorage.getItem(page.draft_key) ?? "null") as Draft | null;
    return draft?.graph?.nodes && draft.saved?.nodes && draft.base ? draft : null;
  } catch {
    return null;
  }
}

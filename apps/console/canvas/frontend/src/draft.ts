/**
 * Unsaved work, kept in this browser over reload and crash: a draft of each tab and of each version it was drawn onto.
 *
 * What another open tab keeps is never taken or removed; the draft of a tab that was closed goes to the next one.
 */

import type { Graph } from "./model/types";
import { page, type Base } from "./page";

export interface Draft {
  graph: Graph;
  saved: Graph;
  base: Base;
  at: number;
}

type Said = { asked: string } | { here: string };

const TAB = "fynoflow:tab";
const WAIT_MS = 300; // shorter than a change waits until it is kept
let tab = ""; // until it is known which other tabs are open
const others = new Set<string>();

function fresh(): string {
  return Math.random().toString(36).slice(2, 10);
}

/** Learns who this tab is and which others are open: to be awaited before a draft is looked for. */
export async function meet(): Promise<void> {
  const channel = new BroadcastChannel(page.draft_key);
  const nonce = fresh();
  channel.onmessage = ({ data }: MessageEvent<Said>) => {
    if ("here" in data) others.add(data.here);
    else if (data.asked !== nonce) channel.postMessage({ here: tab });
  };
  channel.postMessage({ asked: nonce });
  await new Promise((done) => setTimeout(done, WAIT_MS));
  const mine = remembered();
  tab = mine && !others.has(mine) ? mine : fresh(); // a tab that was duplicated remembers what the first one is
  remember(tab);
}

/** Somebody drew before the question was answered: what was kept before stays for the next tab. */
export function leaveBehind(): void {
  tab = fresh();
  remember(tab);
}

function remembered(): string {
  try {
    return sessionStorage.getItem(TAB) ?? "";
  } catch {
    return "";
  }
}

function remember(name: string): void {
  try {
    sessionStorage.setItem(TAB, name);
  } catch {
    // it is another tab after a reload
  }
}

const keyOf = (number: number, of = tab): string => `${page.draft_key}:${of}:${number}`;

/** Gives false where the browser keeps nothing (full, or not allowed). */
export function keep(draft: Draft): boolean {
  if (!tab) return true;
  try {
    localStorage.setItem(keyOf(draft.base.number), JSON.stringify(draft));
    return true;
  } catch {
    return false;
  }
}

/** Of this tab, what was drawn onto that version. */
export function forget(number: number): void {
  remove(keyOf(number));
}

function remove(key: string): void {
  try {
    localStorage.removeItem(key);
  } catch {
    // nothing is kept where nothing may be kept
  }
}

/** What is to come back onto the version of the page; `chosen`: somebody asked for that version. */
export function kept(chosen: boolean): Draft | null {
  const fits = ([, draft]: [string, Draft]): boolean =>
    draft.base.number === page.base.number || (!chosen && draft.base.number === draft.base.newest);
  const found = drafts().filter(fits);
  const isMine = ([key]: [string, Draft]): boolean => key.startsWith(`${page.draft_key}:${tab}:`);
  const [key, draft] = found.find(isMine) ?? found[0] ?? ["", null];
  if (draft && !isMine([key, draft]) && keep(draft)) remove(key);
  return draft;
}

/** Those of this tab and of tabs that are closed, the last first. */
function drafts(): [string, Draft][] {
  try {
    const isOurs = (key: string): boolean => key === page.draft_key || key.startsWith(`${page.draft_key}:`);
    const keys = Object.keys(localStorage).filter(isOurs);
    const free = keys.filter((key) => !others.has(key.split(":").at(-2) ?? ""));
    const found = free.map((key) => [key, read(key)] as const).filter(([, draft]) => draft !== null);
    return (found as [string, Draft][]).sort(([, one], [, other]) => other.at - one.at);
  } catch {
    return [];
  }
}

function read(key: string): Draft | null {
  try {
    const draft = JSON.parse(localStorage.getItem(key) ?? "null") as Draft | null;
    return draft?.graph?.nodes && draft.saved?.nodes && draft.base ? draft : null;
  } catch {
    return null;
  }
}

/** What the server gave with the page (`apps/console/canvas/canvas_page.py`). */

import type { Graph, Kinds, Option } from "./model/types";

export interface Base {
  number: number;
  edition: string;
  newest: number;
}

export interface Version {
  number: number;
  name: string;
  note: string;
  test: boolean;
  live: boolean;
  by: string;
  at: string;
}

/** A version as it stands, among all versions. */
export interface Stand {
  graph: Graph;
  base: Base;
  versions: Version[];
}

type Call =
  "check" | "save" | "live" | "under_way" | "payloads" | "dry_run" | "try_call" | "fire" | "make_secret";

export interface Payload {
  id: string;
  words: string;
  body: string;
}

/** What differs from another version: marks of blocks and of outlets, and lines in words, each with its block. */
export interface Compare {
  number: number;
  marks: [id: string, mark: "added" | "changed" | "removed"][];
  ways: [source: string, outlet: string, mark: "added" | "removed"][];
  lines: [id: string, words: string][];
}

export interface Page extends Stand {
  compare?: Compare;
  /** A request that was really received, to try the drawing with. */
  payload?: Payload;
  name: string;
  draft_key: string;
  may_edit: boolean;
  approvals: { required: number; goes_live: boolean } | null;
  kinds: Kinds;
  sources: Record<string, Option[]>;
  facts: [string, string][];
  urls: Record<Call | "workflow" | "log" | "canvas" | "sign_in" | "icons" | "editor", string>;
}

const given: Page = JSON.parse(document.getElementById("page")!.textContent!);

/** Kinds without a prototype: a block may be of a kind `constructor`, which is none. */
export const page: Page = { ...given, kinds: Object.assign(Object.create(null), given.kinds) };

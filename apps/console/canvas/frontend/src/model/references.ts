/** The names by which a block reads what others gave, rewritten when those others get new ids. */

import type { Json, Settings } from "./types";

type Ids = ReadonlyMap<string, string>;

/** What people write as it is: there a name counts only within braces. */
const WRITTEN = new Set(["text", "default", "value", "content", "name", "comment"]);
const BRACES = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g;
const STEP = /("[^"]*"|'[^']*')|(?<![\w.-])steps\s*(?:\.\s*([\w-]+)|\[\s*(["'])([^"']*)\3\s*\])/g;
const BARE = /^\s*steps\s*[.[]/;

/** The settings, where `steps.<old id>` is `steps.<new id>`; what reads other blocks stays. */
export const rereading = (settings: Settings, ids: Ids): Settings => reread(settings, ids, "") as Settings;

function reread(value: Json, ids: Ids, field: string): Json {
  if (typeof value === "string") return rewritten(value, ids, field);
  if (Array.isArray(value)) return value.map((row) => reread(row, ids, field));
  if (!value || typeof value !== "object") return value;
  const rows = Object.entries(value).map(([name, inner]) => [name, reread(inner, ids, name)]);
  return Object.fromEntries(rows) as Settings;
}

function rewritten(text: string, ids: Ids, field: string): string {
  if (!text.includes("steps")) return text;
  if (!WRITTEN.has(field) && BARE.test(text)) return renamed(text, ids);
  return text.replace(BRACES, (inside) => renamed(inside, ids));
}

function renamed(expression: string, ids: Ids): string {
  return expression.replace(STEP, (whole, quoted, plain, _quote, bracketed) => {
    const id = ids.get(plain ?? bracketed ?? "");
    return quoted || !id ? whole : `steps.${id}`;
  });
}

/** The line under a block's name: its kind's template with `{path}` filled from the settings; `*` is every row. */

import { initial } from "./schema";
import type { Block, Json, Kinds } from "./types";

const NOTHING = "Not set up yet";

function at(value: Json | undefined, parts: readonly string[]): Json[] {
  if (value === undefined || value === null || value === "") return [];
  const [part, ...rest] = parts;
  if (part === undefined) return [value];
  if (part === "*") return Array.isArray(value) ? value.flatMap((row) => at(row, rest)) : [];
  return typeof value === "object" && !Array.isArray(value) ? at(value[part], rest) : [];
}

export function summary(block: Block, kinds: Kinds): string {
  const kind = kinds[block.kind];
  if (!kind) return "Unknown here";
  const schema = kind.schema;
  let filled = true;
  const template = kind.summaries?.[String(block.settings[kind.summarised_by ?? ""] ?? "")] ?? kind.summary;
  const line = template.replace(/\{([^{}]+)\}/g, (_, path: string) => {
    const [first, ...rest] = path.split(".");
    const stands = block.settings[first];
    const value =
      stands === undefined ? initial(schema.properties?.[first] ?? {}, schema.$defs ?? {}) : stands;
    const words = at(value, rest).map(String).join(", ");
    filled &&= words !== "";
    return words.replace(/^https?:\/\//, "");
  });
  return filled ? line.replace(/\b1 (\w+)s\b/, "1 $1") : NOTHING;
}

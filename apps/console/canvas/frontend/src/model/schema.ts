/** Reading of the JSON Schema that settings are drawn from. Nothing is checked here: the server is the judge. */

import { randomWord } from "./graph";
import type { Json, Path, Schema, Settings } from "./types";

export type Shapes = Record<string, Schema>;

const MAX_REFS = 20;
const MAX_DEPTH = 8;

/** Follows `$ref`; what stands beside it (title, default, hints) wins. */
export function resolve(schema: Schema, shapes: Shapes): Schema {
  let found = schema;
  for (let count = 0; found.$ref && count < MAX_REFS; count++) {
    const { $ref, ...beside } = found;
    found = { ...(shapes[$ref.slice("#/$defs/".length)] ?? {}), ...beside };
  }
  return found;
}

/** A shape and whether null is allowed: `X | null` is written as anyOf. */
export function nullable(schema: Schema, shapes: Shapes): [Schema, boolean] {
  const found = resolve(schema, shapes);
  if (!found.anyOf) return [found, false];
  const { anyOf, ...beside } = found;
  const real = anyOf.filter((one) => one.type !== "null");
  const mayBeNull = anyOf.length > real.length;
  return real.length === 1 ? [{ ...resolve(real[0], shapes), ...beside }, mayBeNull] : [found, mayBeNull];
}

export interface Variant {
  tag: string;
  schema: Schema;
}

/** The variants of a tagged union, in the order they were written; `mapping` is sorted by tag. */
export function variants(schema: Schema, shapes: Shapes): Variant[] {
  const mapping = Object.entries(schema.discriminator?.mapping ?? {});
  const rank = (ref: string) => schema.oneOf?.findIndex((one) => one.$ref === ref) ?? 0;
  return mapping
    .sort(([, one], [, other]) => rank(one) - rank(other))
    .map(([tag, ref]) => ({ tag, schema: resolve({ $ref: ref }, shapes) }));
}

export function tagOf(schema: Schema, value: Json | undefined): string | undefined {
  const name = schema.discriminator?.propertyName;
  const tag = name && value && typeof value === "object" && !Array.isArray(value) ? value[name] : undefined;
  return typeof tag === "string" ? tag : undefined;
}

/** A first value. A required field has no `default`, and a default such as `{"type": "json"}` lacks the rest. */
export function initial(schema: Schema, shapes: Shapes, depth = 0): Json {
  const [shape, mayBeNull] = nullable(schema, shapes);
  if (shape["x-initial"] !== undefined) return structuredClone(shape["x-initial"]);
  if (shape.default !== undefined) return structuredClone(completed(shape.default, shape, shapes, depth));
  if (shape.const !== undefined) return shape.const;
  if (mayBeNull || depth > MAX_DEPTH) return null;
  if (shape["x-generate"] === "id") return randomWord().slice(0, 6);
  if (shape.discriminator) return initial(variants(shape, shapes)[0].schema, shapes, depth + 1);
  if (shape.enum) return shape.enum[0];
  return initialOfType(shape, shapes, depth);
}

function initialOfType(shape: Schema, shapes: Shapes, depth: number): Json {
  switch (shape.type) {
    case "object":
      return initialObject(shape, shapes, depth);
    case "array":
      return Array.from({ length: shape.minItems ?? 0 }, () => initial(shape.items ?? {}, shapes, depth + 1));
    case "boolean":
      return false;
    case "number":
    case "integer":
      return shape.minimum ?? 0;
    default:
      return "";
  }
}

function initialObject(shape: Schema, shapes: Shapes, depth: number): Settings {
  const fields = Object.entries(shape.properties ?? {});
  return Object.fromEntries(fields.map(([name, field]) => [name, initial(field, shapes, depth + 1)]));
}

function completed(value: Json, shape: Schema, shapes: Shapes, depth: number): Json {
  if (!value || typeof value !== "object" || Array.isArray(value)) return value;
  const tag = tagOf(shape, value);
  const real = shape.discriminator ? variants(shape, shapes).find((one) => one.tag === tag)?.schema : shape;
  return real?.properties ? { ...initialObject(real, shapes, depth), ...value } : value;
}

/** What people read on a field. */
export const titleOf = (schema: Schema, name: string): string =>
  schema.title || name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

/** `body.rows.1.name` as people say it: "Body › Fields 2 › Name". Empty for the whole. */
export function wordsOf(root: Schema, settings: Json, field: string): string {
  const shapes = root.$defs ?? {};
  const words: string[] = [];
  let [shape] = nullable(root, shapes);
  let value: Json | undefined = settings;
  for (const part of field ? field.split(".") : []) {
    const tag = tagOf(shape, value);
    if (shape.discriminator) shape = variants(shape, shapes).find((one) => one.tag === tag)?.schema ?? shape;
    const next = shape.type === "array" ? shape.items : shape.properties?.[part];
    if (!next) break;
    const [found] = nullable(next, shapes);
    if (shape.type === "array") words.push(`${words.pop() ?? ""} ${Number(part) + 1}`.trim());
    else words.push(titleOf(found, part));
    value = value && typeof value === "object" ? (value as Settings)[part] : undefined;
    shape = found;
  }
  return words.join(" › ");
}

export const keyOf = (path: Path): string => path.join(".");

/** Whether a field has no meaning beside the others' values. */
export function isHidden(field: Schema, beside: Settings): boolean {
  return Object.entries(field["x-hide-when"] ?? {}).some(([name, values]) => {
    const value = beside[name];
    return value !== undefined && values.includes(value);
  });
}

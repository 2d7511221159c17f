/** Tests and groups of which all or any must be true, one inside the other. */

import { initial, isHidden, keyOf, nullable, variants } from "../../model/schema";
import type { Json, Path, Schema, Settings } from "../../model/types";
import { Icon, IconButton } from "../../ui/Icon";
import { useForm, type WidgetProps } from "../context";

export function Group(props: WidgetProps) {
  return (
    <Level schema={props.schema} path={props.path} set={props.set} value={props.value ?? null} depth={1} />
  );
}

interface LevelProps {
  schema: Schema;
  path: Path;
  value: Json;
  depth: number;
  set(value: Json): void;
  drop?(): void;
}

const DEEPEST = 4;

function Level({ schema, value, path, set, depth, drop }: LevelProps) {
  const { shapes, readOnly } = useForm();
  const group = (value && typeof value === "object" && !Array.isArray(value) ? value : {}) as Settings;
  const items = Array.isArray(group.items) ? (group.items as Settings[]) : [];
  const isAny = group.match === "any";
  const [list] = nullable(schema.properties!.items, shapes);
  const [item] = nullable(list.items!, shapes);
  const shapeOf = (tag: string) => variants(item, shapes).find((one) => one.tag === tag)!.schema;

  const put = (next: Settings[]) => set({ ...group, items: next });
  const change = (index: number, next: Settings) => put(items.map((one, at) => (at === index ? next : one)));
  const without = (index: number) => put(items.filter((_, at) => at !== index));
  const add = (tag: string) => put([...items, initial(shapeOf(tag), shapes) as Settings]);
  const at = (index: number): Path => [...path, "items", index];
  return (
    <div
      className={`group depth-${depth}`}
      role="group"
      aria-label={`${isAny ? "Any" : "All"} of, level ${depth}`}
      data-path={depth > 1 ? keyOf(path) : undefined}
    >
      <div className="group-head">
        <select
          className="match"
          aria-label="Match"
          disabled={readOnly}
          value={isAny ? "any" : "all"}
          onChange={(event) => set({ ...group, match: event.target.value })}
        >
          <option value="all">All are true</option>
          <option value="any">Any is true</option>
        </select>
        {drop && <IconButton icon="x" label="Remove this group" disabled={readOnly} onClick={drop} />}
      </div>
      {items.map((one, index) => (
        <div className="term" key={index}>
          {index > 0 && <span className="joiner">{isAny ? "or" : "and"}</span>}
          {one?.type === "group" ? (
            <Level
              schema={shapeOf("group")}
              value={one}
              path={at(index)}
              depth={depth + 1}
              set={(next) => change(index, next as Settings)}
              drop={() => without(index)}
            />
          ) : (
            <Test
              schema={shapeOf("test")}
              value={one}
              path={at(index)}
              number={index + 1}
              drop={items.length > 1 || depth > 1 ? () => without(index) : undefined}
            />
          )}
        </div>
      ))}
      <Wrong path={path} items={items} depth={depth} />
      {!readOnly && (
        <div className="group-add">
          <button type="button" className="add" onClick={() => add("test")}>
            <Icon name="plus" />
            Test
          </button>
          {depth < (schema["x-max-depth"] ?? DEEPEST) && (
            <button type="button" className="add" onClick={() => add("group")}>
              <Icon name="plus" />
              Group
            </button>
          )}
        </div>
      )}
    </div>
  );
}

interface TestProps {
  schema: Schema;
  value: Settings;
  path: Path;
  number: number;
  drop?(): void;
}

function Test({ schema, value, path, number, drop }: TestProps) {
  const { shapes, readOnly, parts } = useForm();
  const { Field } = parts;
  const fields = Object.entries(schema.properties ?? {});
  const defaults = Object.fromEntries(fields.map(([name, field]) => [name, initial(field, shapes)]));
  const filled: Settings = { ...defaults, ...value };
  return (
    <div className="test" role="group" aria-label={`Test ${number}`} data-path={keyOf(path)}>
      {fields
        .filter(([, field]) => !isHidden(field, filled))
        .map(([name, field]) => (
          <Field key={name} bare name={name} schema={field} value={filled[name]} path={[...path, name]} />
        ))}
      <IconButton icon="x" label={`Remove test ${number}`} disabled={readOnly || !drop} onClick={drop} />
    </div>
  );
}

/** What is wrong with the group or a test as a whole; what is wrong with a value stands at the value. */
function Wrong({ path, items, depth }: { path: Path; items: Settings[]; depth: number }) {
  const { errors } = useForm();
  const tests = items.flatMap((one, index) => (one?.type === "group" ? [] : [[...path, "items", index]]));
  const own = [...(depth > 1 ? [path] : []), [...path, "items"], [...path, "match"], ...tests];
  const keys = own.map(keyOf).filter((key) => errors.has(key));
  if (!keys.length) return null;
  return (
    <p className="wrong" data-for={JSON.stringify(keys)}>
      <Icon name="circle-alert" />
      {keys.flatMap((key) => errors.get(key)!).join(" ")}
    </p>
  );
}

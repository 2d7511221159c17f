/** A list: check boxes for distinct words, one line for small rows, cards for large ones. */

import { useRef, useState } from "react";
import { initial, isHidden, nullable, titleOf, type Shapes } from "../../model/schema";
import type { Json, Schema, Settings } from "../../model/types";
import { IconButton, Icon } from "../../ui/Icon";
import { useForm, type WidgetProps } from "../context";
import { widgetOf } from "../widgets";

const MOST_COLUMNS = 3;
const MOST_ROWS = 100;

type Column = [string, Schema];

export function List(props: WidgetProps) {
  const { shapes } = useForm();
  const [item] = nullable(props.schema.items ?? {}, shapes);
  const rows = Array.isArray(props.value) ? props.value : [];
  if (item.enum && props.schema.uniqueItems) return <Choices {...props} item={item} rows={rows} />;
  return <Rows {...props} item={item} rows={rows} />;
}

type ListProps = WidgetProps & { item: Schema; rows: Json[] };

/** The order of ticking is the order of the list. */
function Choices({ item, rows, set, schema, name, control }: ListProps) {
  const tick = (value: Json, ticked: boolean) =>
    set(ticked ? [...rows, value] : rows.filter((row) => row !== value));
  return (
    <div className="chips" role="group" aria-label={titleOf(schema, name)}>
      {(item.enum ?? []).map((value) => (
        <label key={String(value)} className="chip">
          <input
            type="checkbox"
            disabled={control.disabled}
            checked={rows.includes(value)}
            onChange={(event) => tick(value, event.target.checked)}
          />
          <span>{item["x-labels"]?.[String(value)] ?? String(value)}</span>
        </label>
      ))}
    </div>
  );
}

function columnsOf(item: Schema, shapes: Shapes): Column[] {
  return Object.entries(item.properties ?? {}).filter(([, field]) => {
    const [shape] = nullable(field, shapes);
    return shape["x-widget"] !== "hidden" && shape.const === undefined;
  });
}

function isFlat(item: Schema, columns: Column[], shapes: Shapes): boolean {
  if (item.discriminator) return false;
  if (item.type !== "object") return true;
  const small = columns.every(([, field]) => widgetOf(nullable(field, shapes)[0]) !== undefined);
  return columns.length <= MOST_COLUMNS && small;
}

/** Keys that stay with their row when others move or go; an index as key would lose focus and half-typed text. */
function useRowKeys(count: number) {
  const next = useRef(0);
  const keys = useRef<number[]>([]);
  while (keys.current.length < count) keys.current.push(next.current++);
  keys.current.length = count;
  return {
    keys: keys.current,
    remove: (index: number) => keys.current.splice(index, 1),
    swap: (one: number, other: number) => {
      const all = keys.current;
      [all[one], all[other]] = [all[other], all[one]];
    },
  };
}

/** The word for one row: "header", "branch". */
function wordOf(schema: Schema, item: Schema, name: string, flat: boolean): string {
  const plural = titleOf(schema, name).replace(/([^s])s$/, "$1");
  return (schema["x-item"] ?? (!flat && item.title ? item.title : plural)).toLowerCase();
}

function Rows({ schema, item, rows, path, name, set, control }: ListProps) {
  const { shapes } = useForm();
  const { keys, remove, swap } = useRowKeys(rows.length);
  const [said, say] = useState("");
  const box = useRef<HTMLDivElement>(null);
  const columns = columnsOf(item, shapes);
  const flat = isFlat(item, columns, shapes);
  const word = wordOf(schema, item, name, flat);

  const focusSoon = (find: (box: HTMLDivElement) => HTMLElement | null | undefined) =>
    requestAnimationFrame(() => box.current && find(box.current)?.focus());
  const drop = (index: number) => {
    remove(index);
    set(rows.filter((_, other) => other !== index));
    say(`${word} ${index + 1} removed`);
    const left = Math.min(index, rows.length - 2);
    focusSoon(
      (all) =>
        all.querySelectorAll<HTMLElement>(".drop-row:not(:disabled)")[left] ??
        all.querySelector<HTMLElement>(".add"),
    );
  };
  const shift = (from: number, to: number) => {
    const next = [...rows];
    [next[from], next[to]] = [next[to], next[from]];
    swap(from, to);
    set(next);
    say(`${word} moved to ${to + 1}`);
  };
  const add = () => {
    set([...rows, initial(item, shapes)]);
    focusSoon((all) =>
      [...all.querySelectorAll<HTMLElement>(":scope > .row")]
        .at(-1)
        ?.querySelector<HTMLElement>("input, select, textarea"),
    );
  };
  const tools = (index: number) => (
    <span className="row-tools">
      {(schema["x-ordered"] || !flat) && rows.length > 1 && (
        <>
          <IconButton
            icon="chevron-up"
            label={`Move ${word} ${index + 1} up`}
            disabled={control.disabled || index === 0}
            onClick={() => shift(index, index - 1)}
          />
          <IconButton
            icon="chevron-down"
            label={`Move ${word} ${index + 1} down`}
            disabled={control.disabled || index === rows.length - 1}
            onClick={() => shift(index, index + 1)}
          />
        </>
      )}
      <IconButton
        icon="x"
        className="icon-button drop-row"
        label={`Remove ${word} ${index + 1}`}
        disabled={control.disabled || (rows.length === 1 && (schema.minItems ?? 0) > 0)}
        onClick={() => drop(index)}
      />
    </span>
  );
  return (
    <div className={flat ? "rows" : "cards"} ref={box}>
      {flat && columns.length > 1 && rows.length > 0 && <Heads columns={columns} />}
      {rows.map((row, index) => (
        <div
          className={flat ? "row" : "row row-card"}
          key={keys[index]}
          role="group"
          aria-label={`${word} ${index + 1}`}
        >
          {!flat && (
            <header>
              <b>{index + 1}</b>
              {tools(index)}
            </header>
          )}
          <Row item={item} columns={columns} flat={flat} value={row} path={[...path, index]} word={word} />
          {flat && tools(index)}
        </div>
      ))}
      {rows.length < (schema.maxItems ?? MOST_ROWS) && !control.disabled && (
        <button type="button" className="add" onClick={add}>
          <Icon name="plus" />
          Add {word}
        </button>
      )}
      <span className="sr" aria-live="polite">
        {said}
      </span>
    </div>
  );
}

function Heads({ columns }: { columns: Column[] }) {
  const { shapes } = useForm();
  return (
    <div className="row heads" aria-hidden>
      {columns.map(([name, field]) => (
        <span key={name}>{titleOf(nullable(field, shapes)[0], name)}</span>
      ))}
    </div>
  );
}

interface RowProps {
  item: Schema;
  columns: Column[];
  flat: boolean;
  value: Json;
  path: (string | number)[];
  word: string;
}

function Row({ item, columns, flat, value, path, word }: RowProps) {
  const { Field, Fields } = useForm().parts;
  if (item.type !== "object" || item.discriminator) {
    return <Field bare schema={item} value={value} path={path} name={word} />;
  }
  if (!flat) return <Fields schema={item} value={value} path={path} />;
  const settings = (value ?? {}) as Settings;
  return columns
    .filter(([, field]) => !isHidden(field, settings))
    .map(([name, field]) => (
      <Field
        key={name}
        bare
        schema={field}
        value={settings[name]}
        path={[...path, name]}
        name={name}
        required={item.required?.includes(name)}
      />
    ));
}

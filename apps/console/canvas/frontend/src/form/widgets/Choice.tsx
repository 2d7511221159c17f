import { isUnwritten, recipients } from "../../model/recipients";
import type { Json, Option, Path } from "../../model/types";
import { Icon } from "../../ui/Icon";
import { NewSecret } from "./NewSecret";
import { useForm, type ControlProps, type Form, type WidgetProps } from "../context";

const MOST_IN_A_SELECT = 60;

/** Choosing a notification event fills in recipients for its channels, as long as none is written. */
function filled({ schema, path }: WidgetProps, form: Form, chosen: string): [Path, Json][] {
  const name = schema["x-fills"];
  const [, , ...channels] = form.sources[schema["x-source"] ?? ""]?.find(([value]) => value === chosen) ?? [];
  if (!name || !channels.length || !isUnwritten(form.settings[name])) return [];
  return [[[...path.slice(0, -1), name], recipients(channels, form.variables)]];
}

function optionsOf({ schema }: WidgetProps, form: Form): readonly Option[] {
  const source = schema["x-source"];
  if (source) return form.sources[source] ?? [];
  return (schema.enum ?? []).map((value) => [
    String(value),
    schema["x-labels"]?.[String(value)] ?? String(value),
  ]);
}

/** One of some words, or of what the workspace has; many are searched by typing. */
export function Choice(props: WidgetProps) {
  const { control, value, schema, mayBeNull, path } = props;
  const form = useForm();
  const set = (next: Json) => form.setAll([[path, next], ...filled(props, form, String(next))]);
  const options = optionsOf(props, form);
  const chosen = String(value ?? "");
  const choose = (word: string) => {
    const listed = schema.enum?.find((one) => String(one) === word);
    set(word === "" && mayBeNull ? null : (listed ?? word));
  };
  const empty = mayBeNull ? "Default" : options.length ? "Choose…" : "There is none yet";
  return (
    <>
      <Select
        control={control}
        options={options}
        chosen={chosen}
        choose={choose}
        empty={empty}
        optional={mayBeNull || schema.default === ""}
      />
      {schema["x-source"] === "secrets" && <NewSecret leaves={false} pick={choose} />}
    </>
  );
}

export function Secret({ control, value, set }: WidgetProps) {
  const options = useForm().sources.secrets ?? [];
  const chosen =
    value && typeof value === "object" && !Array.isArray(value) ? String(value.secret ?? "") : "";
  const empty = options.length ? "Choose a secret…" : "There is no secret yet";
  return (
    <div className="with-icon">
      <Icon name="key-round" />
      <Select
        control={control}
        options={options}
        chosen={chosen}
        choose={(secret) => set({ secret })}
        empty={empty}
        optional={false}
      />
      <NewSecret leaves pick={(secret) => set({ secret })} />
    </div>
  );
}

interface SelectProps {
  control: ControlProps;
  options: readonly Option[];
  chosen: string;
  choose(value: string): void;
  empty: string;
  optional: boolean;
}

function Select({ control, options, chosen, choose, empty, optional }: SelectProps) {
  const isKnown = options.some(([value]) => value === chosen);
  if (options.length > MOST_IN_A_SELECT) {
    return (
      <>
        <input
          {...control}
          list={`${control.id}list`}
          value={chosen}
          placeholder={empty}
          onChange={(event) => choose(event.target.value)}
        />
        <datalist id={`${control.id}list`}>
          {options.map(([value, words]) => (
            <option key={value} value={value} label={words} />
          ))}
        </datalist>
      </>
    );
  }
  return (
    <select {...control} value={chosen} onChange={(event) => choose(event.target.value)}>
      {(optional || !isKnown) && (
        <option value={isKnown ? "" : chosen}>{chosen && !isKnown ? `${chosen} (missing)` : empty}</option>
      )}
      {options.map(([value, words]) => (
        <option key={value} value={value}>
          {words}
        </option>
      ))}
    </select>
  );
}

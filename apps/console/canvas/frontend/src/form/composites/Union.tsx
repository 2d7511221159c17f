/** One of several kinds, chosen by a select; going back to a kind brings its values back. */

import { useRef } from "react";
import { initial, tagOf, titleOf, variants } from "../../model/schema";
import type { Json, Settings } from "../../model/types";
import { useForm, type WidgetProps } from "../context";

export function Union({ schema, value, path, name, control, set }: WidgetProps) {
  const { shapes, parts } = useForm();
  const { Fields } = parts;
  const all = variants(schema, shapes);
  const tag = tagOf(schema, value);
  const chosen = all.find((one) => one.tag === tag);
  const left = useRef(new Map<string, Json>());

  const choose = (next: string) => {
    if (tag !== undefined && value !== undefined) left.current.set(tag, value);
    const variant = all.find((one) => one.tag === next);
    if (!variant) return;
    // The tag is always written: it has a default, yet without it the server cannot tell the kinds apart.
    const first = {
      ...(initial(variant.schema, shapes) as Settings),
      [schema.discriminator!.propertyName]: next,
    };
    set(left.current.get(next) ?? first);
  };
  const hasFields = chosen && Object.keys(chosen.schema.properties ?? {}).length > 1;
  return (
    <>
      <select
        {...control}
        aria-label={`${titleOf(schema, name)}: kind`}
        value={tag ?? ""}
        onChange={(event) => choose(event.target.value)}
      >
        {!chosen && <option value={tag ?? ""}>Choose…</option>}
        {all.map((one) => (
          <option key={one.tag} value={one.tag}>
            {one.schema.title ?? one.tag}
          </option>
        ))}
      </select>
      {hasFields && (
        <div className="inset">
          <Fields schema={chosen.schema} value={value} path={path} />
        </div>
      )}
    </>
  );
}

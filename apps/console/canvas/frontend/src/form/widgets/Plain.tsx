import { useState } from "react";
import type { WidgetProps } from "../context";

export function Plain({ control, value, set, schema }: WidgetProps) {
  return (
    <input
      {...control}
      type="text"
      value={String(value ?? "")}
      maxLength={schema.maxLength}
      autoComplete="off"
      onChange={(event) => set(event.target.value)}
    />
  );
}

export function Switch({ control, value, set }: WidgetProps) {
  return (
    <input
      {...control}
      type="checkbox"
      role="switch"
      className="switch"
      checked={value === true}
      onChange={(event) => set(event.target.checked)}
    />
  );
}

const NUMBER = /^-?\d+(\.\d+)?$/;

/** Half-typed text ("1.") stays while it is typed; what is no number goes to the server as text, which says so. */
export function Numeric({ control, value, set, schema, mayBeNull }: WidgetProps) {
  const [typed, setTyped] = useState<string | null>(null);
  const type = (text: string) => {
    const trimmed = text.trim();
    const isNumber = NUMBER.test(trimmed) && (schema.type !== "integer" || !trimmed.includes("."));
    setTyped(text);
    if (trimmed === "") set(mayBeNull ? null : "");
    else set(isNumber ? Number(trimmed) : trimmed);
  };
  return (
    <input
      {...control}
      inputMode="decimal"
      className="short"
      value={typed ?? String(value ?? "")}
      placeholder={mayBeNull ? "default" : undefined}
      onBlur={() => setTyped(null)}
      onChange={(event) => type(event.target.value)}
    />
  );
}

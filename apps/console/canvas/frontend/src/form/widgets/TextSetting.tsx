/** A text with placeholders: the text, what it gives with samples, and what a missing value does to it. */

import { keyOf } from "../../model/schema";
import type { Json, Settings } from "../../model/types";
import { useForm, type WidgetProps } from "../context";
import { Template } from "./Variables";

type Text = { text: string; missing: string; default: string };

function textOf(value: Json | undefined): Text {
  const stored = (value && typeof value === "object" && !Array.isArray(value) ? value : {}) as Settings;
  const word = (name: string, otherwise: string) => String(stored[name] ?? otherwise);
  return { text: word("text", ""), missing: word("missing", "error"), default: word("default", "") };
}

export function TextSetting(props: WidgetProps) {
  const { schema, value, set, control, path } = props;
  const { previews } = useForm();
  const text = textOf(value);
  const fields = schema.properties ?? {};
  const hasPlaceholder = text.text.includes("{{");
  const preview = hasPlaceholder ? previews[keyOf(path)] : undefined;
  const change = (patch: Partial<Text>) => set(kept({ ...text, ...patch }));
  const inner = { ...fields.text, "x-lines": schema["x-lines"] };
  return (
    <div className="text-setting">
      <Template {...props} schema={inner} value={text.text} set={(next) => change({ text: String(next) })} />
      {preview && <PreviewLine text={preview.text} trouble={preview.trouble} />}
      {hasPlaceholder && (
        <div className="missing">
          <label>
            Missing value
            <select
              disabled={control.disabled}
              value={text.missing}
              onChange={(event) => change({ missing: event.target.value })}
            >
              {Object.entries(fields.missing?.["x-labels"] ?? {}).map(([word, words]) => (
                <option key={word} value={word}>
                  {words}
                </option>
              ))}
            </select>
          </label>
          {text.missing === "default" && (
            <input
              aria-label="Default"
              placeholder="Default"
              disabled={control.disabled}
              value={text.default}
              maxLength={fields.default?.maxLength}
              onChange={(event) => change({ default: event.target.value })}
            />
          )}
        </div>
      )}
    </div>
  );
}

/** Only what differs from the defaults, so that a drawing stays short. */
function kept(text: Text): Settings {
  return {
    text: text.text,
    ...(text.missing !== "error" && { missing: text.missing }),
    ...(text.default !== "" && { default: text.default }),
  };
}

function PreviewLine({ text, trouble }: { text: string; trouble: string }) {
  return trouble ? (
    <p className="preview trouble">With the samples: {trouble}</p>
  ) : (
    <p className="preview">
      <span className="sr">With the samples: </span>
      {text || "(empty)"}
    </p>
  );
}

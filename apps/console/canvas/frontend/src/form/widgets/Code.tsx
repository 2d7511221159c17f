/** A text area that becomes an editor when its bundle has come; it stays a text area when it does not. */

import { useEffect, useRef, useState } from "react";
import { titleOf } from "../../model/schema";
import type { Variable } from "../../model/types";
import { useForm, type WidgetProps } from "../context";

export interface EditorOptions {
  text: string;
  language?: string;
  label: string;
  readOnly: boolean;
  onChange(text: string): void;
  variables(): readonly Variable[];
}

export interface Editor {
  destroy(): void;
  put(text: string): void;
}

interface EditorBundle {
  mount(root: ShadowRoot, options: EditorOptions): Editor;
}

export function Code({ control, value, set, schema, name }: WidgetProps) {
  const { variables, readOnly, editorUrl } = useForm();
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<Editor | null>(null);
  const [ready, setReady] = useState(false);
  const now = useRef({ set, variables, value });
  now.current = { set, variables, value };
  const label = titleOf(schema, name);
  const language = schema["x-language"];

  useEffect(() => {
    let gone = false;
    const mount = ({ mount }: EditorBundle) => {
      if (gone || !host.current) return;
      const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
      editor.current = mount(root, {
        text: String(now.current.value ?? ""),
        language,
        label,
        readOnly,
        onChange: (text) => now.current.set(text),
        variables: () => now.current.variables,
      });
      setReady(true);
    };
    import(editorUrl).then(mount, () => {}); // the text area stays
    return () => {
      gone = true;
      editor.current?.destroy();
      editor.current = null;
    };
  }, [label, language, readOnly, editorUrl]);
  useEffect(() => editor.current?.put(String(value ?? "")), [value]);
  return (
    <>
      <div className="code" ref={host} hidden={!ready} />
      {!ready && (
        <textarea
          {...control}
          className="mono"
          rows={6}
          spellCheck={false}
          value={String(value ?? "")}
          onChange={(event) => set(event.target.value)}
        />
      )}
    </>
  );
}

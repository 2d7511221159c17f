import { createContext, useContext, type ComponentType } from "react";
import type { Shapes } from "../model/schema";
import type { Json, NewSecret, Option, Path, Preview, Schema, Settings, Variable } from "../model/types";

/** What every field of one form shares. `errors` by dotted path, `sources` by the hint `x-source`. */
export interface Form {
  /** What composites draw their children with: they are below it, and it is drawn with them. */
  parts: Parts;
  shapes: Shapes;
  errors: ReadonlyMap<string, string[]>;
  previews: Readonly<Record<string, Preview>>;
  variables: readonly Variable[];
  sources: Readonly<Record<string, Option[]>>;
  /** The bundle that makes a text area an editor. */
  editorUrl: string;
  readOnly: boolean;
  settings: Settings;
  /** Gives why the secret was not made; empty: it can be picked. */
  makeSecret(secret: NewSecret): Promise<string>;
  set(path: Path, value: Json): void;
  /** Several settings as one step that can be undone. */
  setAll(changes: [Path, Json][]): void;
}

export interface Parts {
  Field: ComponentType<FieldProps>;
  Fields: ComponentType<FieldsProps>;
}

export const FormContext = createContext<Form | null>(null);

export function useForm(): Form {
  const form = useContext(FormContext);
  if (!form) throw new Error("a field stands outside a form");
  return form;
}

export interface FieldProps {
  schema: Schema;
  value: Json | undefined;
  path: Path;
  name: string;
  required?: boolean;
  /** Without a label of its own: the row around it has one. */
  bare?: boolean;
}

export interface FieldsProps {
  schema: Schema;
  value: Json | undefined;
  path: Path;
}

/** What a control must put on its element; the label and the messages are drawn around it. */
export interface ControlProps {
  id: string;
  disabled?: boolean;
  "aria-describedby"?: string;
  "aria-invalid"?: true;
  "aria-label"?: string;
  "aria-required"?: true;
}

export interface WidgetProps extends FieldProps {
  control: ControlProps;
  mayBeNull: boolean;
  set(value: Json): void;
}

import { createContext, useContext } from "react";
import type { Shapes } from "../model/schema";
import type { Json, Path, Schema, Settings, Variable } from "../model/types";
import type { Preview } from "../store";

/** What every field of one block shares. `errors` by dotted path. */
export interface Form {
  shapes: Shapes;
  errors: ReadonlyMap<string, string[]>;
  previews: Readonly<Record<string, Preview>>;
  variables: readonly Variable[];
  readOnly: boolean;
  settings: Settings;
  set(path: Path, value: Json): void;
  /** Several settings as one step that can be undone. */
  setAll(changes: [Path, Json][]): void;
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

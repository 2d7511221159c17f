/**
 * Draws settings as a form from their JSON schema. It knows no page and no store: who draws one gives a `Form`.
 *
 * context ← widgets (leaves) ← composites (lists, unions, groups) ← Field
 */

export { FormContext, type Form } from "./context";
export { Fields, PARTS } from "./Field";
export type { Editor, EditorOptions } from "./widgets/Code";

/** Draws one setting from its schema: a control, a list, a union, or a group of further settings. */

import { useId } from "react";
import { initial, isHidden, keyOf, nullable, titleOf } from "../model/schema";
import type { Json, Settings } from "../model/types";
import { Icon } from "../ui/Icon";
import { Group } from "./composites/Group";
import { List } from "./composites/List";
import { Union } from "./composites/Union";
import {
  useForm,
  type ControlProps,
  type FieldProps,
  type FieldsProps,
  type Form,
  type Parts,
  type WidgetProps,
} from "./context";
import { widgetOf } from "./widgets";

/** The messages at a field, and the paths they belong to; a control that stands for a whole also tells those inside. */
function messagesAt(form: Form, key: string, whole: boolean): { paths: string[]; words: string } {
  const found = [...form.errors].filter(([path]) => path === key || (whole && path.startsWith(`${key}.`)));
  return { paths: found.map(([path]) => path), words: found.flatMap(([, words]) => words).join(" ") };
}

export function Field(props: FieldProps) {
  const form = useForm();
  const id = useId();
  const [schema, mayBeNull] = nullable(props.schema, form.shapes);
  if (schema["x-widget"] === "hidden" || schema.const !== undefined) return null;
  const Widget = widgetOf(schema);
  const whole = Widget !== undefined || schema.uniqueItems === true;
  const { paths, words } = messagesAt(form, keyOf(props.path), whole);
  const about = props.bare ? "" : (schema.description ?? "");
  const described = [about && `${id}about`, words && `${id}wrong`].filter(Boolean).join(" ");
  const control: ControlProps = {
    id,
    ...(form.readOnly && { disabled: true }),
    ...(described && { "aria-describedby": described }),
    ...(words && { "aria-invalid": true as const }),
    ...(props.bare && { "aria-label": titleOf(schema, props.name) }),
    ...(props.required && { "aria-required": true as const }),
  };
  const set = (value: Json) => form.set(props.path, value);
  const own: WidgetProps = { ...props, schema, mayBeNull, control, set };
  const notes = {
    about: about && (
      <p className="hint" id={`${id}about`}>
        {about}
      </p>
    ),
    wrong: words && (
      <p className="wrong" id={`${id}wrong`} data-for={JSON.stringify(paths)}>
        <Icon name="circle-alert" />
        {words}
      </p>
    ),
  };
  const Control = Widget ?? (schema["x-widget"] === "group" ? Group : undefined);
  if (Control) return <OneControl {...own} notes={notes} Widget={Control} />;
  return <Several {...own} notes={notes} described={described} />;
}

type Notes = { about: React.ReactNode; wrong: React.ReactNode };
type Drawn = WidgetProps & { notes: Notes };

function Star({ required }: { required?: boolean }) {
  return required ? <i aria-hidden> *</i> : null;
}

function OneControl({ notes, Widget, ...own }: Drawn & { Widget: React.ComponentType<WidgetProps> }) {
  const isSwitch = own.schema.type === "boolean";
  const label = !own.bare && (
    <label htmlFor={own.control.id}>
      {titleOf(own.schema, own.name)}
      <Star required={own.required} />
    </label>
  );
  return (
    <div className={isSwitch ? "field field-inline" : "field"} data-path={keyOf(own.path)}>
      {!isSwitch && label}
      <Widget {...own} />
      {isSwitch && label}
      {notes.about}
      {notes.wrong}
    </div>
  );
}

function Several({ notes, described, ...own }: Drawn & { described: string }) {
  const title = titleOf(own.schema, own.name);
  const key = keyOf(own.path);
  if (own.bare) {
    return (
      <div className="field" data-path={key} role="group" aria-label={title}>
        <Inner {...own} />
        {notes.wrong}
      </div>
    );
  }
  if (own.schema["x-collapsed"]) {
    return (
      <details className="field fold" data-path={key} open={notes.wrong ? true : undefined}>
        <summary>{title}</summary>
        {notes.about}
        <Inner {...own} />
        {notes.wrong}
      </details>
    );
  }
  return (
    <fieldset className="field" data-path={key} aria-describedby={described || undefined}>
      <legend>
        {title}
        <Star required={own.required} />
      </legend>
      {notes.about}
      <Inner {...own} />
      {notes.wrong}
    </fieldset>
  );
}

function Inner(own: WidgetProps) {
  if (own.schema.discriminator) return <Union {...own} />;
  if (own.schema.type === "array") return <List {...own} />;
  if (own.schema.type === "object") return <Fields schema={own.schema} value={own.value} path={own.path} />;
  return <p className="hint">This setting can only be changed in the drawing as JSON.</p>;
}

/** The settings of an object, without those that mean nothing beside the others. What is not set has its default. */
export function Fields({ schema, value, path }: FieldsProps) {
  const { shapes } = useForm();
  const settings: Settings = value && typeof value === "object" && !Array.isArray(value) ? value : {};
  const fields = Object.entries(schema.properties ?? {});
  const defaults = Object.fromEntries(
    fields
      .filter(([name]) => settings[name] === undefined)
      .map(([name, field]) => [name, initial(field, shapes)]),
  );
  const filled = { ...defaults, ...settings };
  return fields
    .filter(([, field]) => !isHidden(field, filled))
    .map(([name, field]) => (
      <Field
        key={name}
        schema={field}
        value={filled[name]}
        path={[...path, name]}
        name={name}
        required={schema.required?.includes(name)}
      />
    ));
}

export const PARTS: Parts = { Field, Fields };

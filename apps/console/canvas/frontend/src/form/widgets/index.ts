/** The control of a schema: by its hint first, else by its type; none where it needs several. Nothing here draws a field. */

import type { ComponentType } from "react";
import type { Schema } from "../../model/types";
import type { WidgetProps } from "../context";
import { Choice, Secret } from "./Choice";
import { Code } from "./Code";
import { Numeric, Plain, Switch } from "./Plain";
import { TextSetting } from "./TextSetting";
import { Template, Whole } from "./Variables";

type Widget = ComponentType<WidgetProps>;

const byHint: Record<string, Widget> = {
  choice: Choice,
  code: Code,
  secret: Secret,
  template: Template,
  text: TextSetting,
  variable: Whole,
};

const byType: Record<string, Widget> = { boolean: Switch, integer: Numeric, number: Numeric, string: Plain };

export function widgetOf(schema: Schema): Widget | undefined {
  const hinted = byHint[schema["x-widget"] ?? ""];
  if (hinted) return hinted;
  if (schema["x-widget"] === "group" || schema.discriminator || schema.anyOf) return undefined;
  return schema.enum ? Choice : byType[schema.type ?? ""];
}

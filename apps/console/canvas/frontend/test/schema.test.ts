import { expect, test } from "vitest";
import { isHidden, initial, nullable, variants, wordsOf } from "../src/model/schema";
import { isUnwritten, recipients } from "../src/model/recipients";
import { summary } from "../src/model/summary";
import type { Schema } from "../src/model/types";
import { KINDS } from "./generators";

const SCHEMA: Schema = {
  type: "object",
  $defs: {
    None: { type: "object", title: "No body", properties: { type: { const: "none", default: "none" } } },
    Rows: {
      type: "object",
      title: "Form",
      properties: {
        type: { const: "form", default: "form" },
        rows: { type: "array", title: "Fields", items: { $ref: "#/$defs/Row" } },
      },
    },
    Row: { type: "object", properties: { name: { type: "string", title: "Name" } } },
  },
  properties: {
    method: { enum: ["GET", "POST"], default: "GET" },
    body: {
      title: "Body",
      oneOf: [{ $ref: "#/$defs/None" }, { $ref: "#/$defs/Rows" }],
      discriminator: { propertyName: "type", mapping: { form: "#/$defs/Rows", none: "#/$defs/None" } },
    },
    rate: { anyOf: [{ type: "integer" }, { type: "null" }], default: null },
    list: { type: "array", minItems: 1, items: { $ref: "#/$defs/Row" } },
  },
};

test("first values are whole: defaults, tags, the least number of rows", () => {
  expect(initial(SCHEMA, SCHEMA.$defs!)).toEqual({
    method: "GET",
    body: { type: "none" },
    rate: null,
    list: [{ name: "" }],
  });
});

test("variants stand in the order they were written", () => {
  expect(variants(SCHEMA.properties!.body, SCHEMA.$defs!).map((one) => one.tag)).toEqual(["none", "form"]);
});

test("null is allowed where the schema says so", () => {
  expect(nullable(SCHEMA.properties!.rate, {})[1]).toBe(true);
  expect(nullable(SCHEMA.properties!.method, {})[1]).toBe(false);
});

test("a path is said as people say it", () => {
  const settings = { body: { type: "form", rows: [{ name: "a" }, { name: "" }] } };
  expect(wordsOf(SCHEMA, settings, "body.rows.1.name")).toBe("Body › Fields 2 › Name");
  expect(wordsOf(SCHEMA, settings, "odd")).toBe("");
});

test("a field is hidden by what stands beside it", () => {
  const field: Schema = { "x-hide-when": { op: ["exists"] } };
  expect(isHidden(field, { op: "exists" })).toBe(true);
  expect(isHidden(field, { op: "equals" })).toBe(false);
});

test("the line under a name is filled from settings and defaults, and says when it is not set up", () => {
  const kinds = { call: { ...KINDS.send, summary: "{method} {url.text}", schema: SCHEMA } };
  const call = (settings: {}) => ({ id: "a", kind: "call", name: "", settings, position: { x: 0, y: 0 } });
  expect(summary(call({ url: { text: "https://x/y" } }), kinds)).toBe("GET x/y");
  expect(summary(call({}), kinds)).toBe("Not set up yet");
  expect(summary({ ...call({}), kind: "odd" }, kinds)).toBe("Unknown here");
});

test("recipients are guessed from what is known, once", () => {
  const known = ["order_id", "customer.email", "phone"].map((path) => ({ path, sample: "", from: "" }));
  expect(recipients(["email", "push"], known)).toEqual([
    { channel: "email", address: { text: "{{ customer.email }}" } },
    { channel: "push", address: { text: "" } },
  ]);
  expect(isUnwritten([{ channel: "sms", address: { text: "" } }])).toBe(true);
  expect(isUnwritten([{ channel: "sms", address: { text: "+1" } }])).toBe(false);
});

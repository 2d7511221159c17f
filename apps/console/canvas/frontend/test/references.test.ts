import { expect, test } from "vitest";
import { rereading } from "../src/model/references";

const IDS = new Map([
  ["call", "call_2"],
  ["make", "make_3"],
]);

const reread = (value: string, field = "text"): unknown => rereading({ [field]: value }, IDS)[field];

test.each([
  ["Hi {{ steps.call.who }} {{steps.make.x|upcase}}", "Hi {{ steps.call_2.who }} {{steps.make_3.x|upcase}}"],
  [
    '{% if steps.call.ok %}{{ steps["call"].who }}{% endif %}',
    "{% if steps.call_2.ok %}{{ steps.call_2.who }}{% endif %}",
  ],
  [
    "{% for r in steps['call'].rows %}{{ r }}{% endfor %}",
    "{% for r in steps.call_2.rows %}{{ r }}{% endfor %}",
  ],
  [
    "{{ steps.calls.who }} {{ steps.call-x.y }} {{ steps.other.z }}",
    "{{ steps.calls.who }} {{ steps.call-x.y }} {{ steps.other.z }}",
  ],
  ["{{ trigger.steps.call }} {{ 'steps.call' }}", "{{ trigger.steps.call }} {{ 'steps.call' }}"],
  ["steps.call is a word here", "steps.call is a word here"],
])("a text %s", (before, after) => expect(reread(before)).toBe(after));

test.each([
  ["steps.call.who", "field", "steps.call_2.who"],
  ["steps.make.rows.0", "path", "steps.make_3.rows.0"],
  ["customer.id", "path", "customer.id"],
  ["steps.call.who", "value", "steps.call.who"],
])("a bare path %s in %s", (before, field, after) => expect(reread(before, field)).toBe(after));

test("it goes as deep as settings do, and leaves what is no text", () => {
  const when = {
    type: "group",
    items: [{ type: "test", field: "steps.call.n", op: "greater", value: "{{ steps.make.n }}" }],
  };
  const settings = {
    branches: [{ id: "a", when }],
    amount: 3,
    json: '{"a": "{{ steps.call.a }}"}',
    off: null,
  };
  expect(rereading(settings, IDS)).toEqual({
    ...settings,
    branches: [
      {
        id: "a",
        when: {
          ...when,
          items: [{ ...when.items[0], field: "steps.call_2.n", value: "{{ steps.make_3.n }}" }],
        },
      },
    ],
    json: '{"a": "{{ steps.call_2.a }}"}',
  });
});

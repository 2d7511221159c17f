import { expect, test } from "vitest";
import { begin, commit, redo, undo } from "../src/model/history";

test("an edit is undone and done again", () => {
  const edited = commit(begin("a"), "b");
  expect(undo(edited).present).toBe("a");
  expect(redo(undo(edited)).present).toBe("b");
});

test("typing in one field is one step back; a pause or another field begins a new one", () => {
  let history = begin("");
  history = commit(history, "a", "name", 1000);
  history = commit(history, "ab", "name", 1500);
  expect(history.past).toEqual([""]);
  history = commit(history, "abc", "name", 9000);
  history = commit(history, "abcd", "url", 9100);
  expect(history.past).toEqual(["", "ab", "abc"]);
});

test("a hundred edits can be undone", () => {
  let history = begin(0);
  for (let count = 1; count <= 150; count++) history = commit(history, count);
  for (let count = 0; count < 150; count++) history = undo(history);
  expect(history.present).toBe(0);
});

test("an edit after undo forgets what was undone", () => {
  const history = commit(undo(commit(begin("a"), "b")), "c");
  expect(redo(history)).toBe(history);
});

/** The code editor, a bundle of its own: mounted in a shadow root, so that its styles need no exception. */

import {
  autocompletion,
  closeBrackets,
  completionKeymap,
  type Completion,
  type CompletionContext,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  keymap,
  MatchDecorator,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { Editor, EditorOptions } from "./form";

const marks = new MatchDecorator({
  regexp: /\{\{[^{}]*\}\}/g,
  decoration: Decoration.mark({ class: "placeholder" }),
});

const placeholders = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = marks.createDeco(view);
    }
    update(update: ViewUpdate) {
      this.decorations = marks.updateDeco(update, this.decorations);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

// Custom properties of the page reach into the shadow root.
const look = EditorView.theme({
  "&": {
    fontSize: "12.5px",
    color: "var(--ink)",
    border: "1px solid var(--edge)",
    borderRadius: "8px",
    background: "var(--surface)",
    minHeight: "110px",
    maxHeight: "420px",
  },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "0" },
  ".cm-scroller": { fontFamily: "var(--mono)", overflow: "auto" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-content": { padding: "8px 2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 25%, transparent)",
  },
  ".placeholder": {
    color: "var(--accent-2)",
    background: "color-mix(in srgb, var(--accent) 14%, transparent)",
    borderRadius: "4px",
    padding: "1px 2px",
  },
  ".cm-tooltip": {
    color: "var(--ink)",
    background: "var(--surface)",
    border: "1px solid var(--line-2)",
    borderRadius: "8px",
    overflow: "hidden",
  },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--accent)",
    color: "var(--on-accent)",
  },
  ".cm-completionDetail": { marginLeft: "10px", fontStyle: "normal", opacity: "0.8" },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--http)" },
  { tag: tags.string, color: "var(--ok)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--condition)" },
]);

const MOST_CLOSING = 8;

/** Completes `{{ …`; what closes it already is replaced. */
function completing(options: EditorOptions) {
  return (context: CompletionContext) => {
    const begun = context.matchBefore(/\{\{\s*[\w.]*/);
    if (!begun) return null;
    const apply = (path: string) => (view: EditorView, _: Completion, _from: number, to: number) => {
      const after = view.state.sliceDoc(to, to + MOST_CLOSING);
      const closing = /^\s*\}?\}?/.exec(after)![0].length;
      const insert = `{{ ${path} }}`;
      view.dispatch({
        changes: { from: begun.from, to: to + closing, insert },
        selection: { anchor: begun.from + insert.length },
        userEvent: "input.complete",
      });
    };
    return {
      from: begun.from + /^\{\{\s*/.exec(begun.text)![0].length,
      validFor: /^[\w.]*$/,
      options: options.variables().map((one) => ({
        label: one.path,
        detail: one.sample || one.from,
        type: "variable",
        apply: apply(one.path),
      })),
    };
  };
}

/** Chromium puts `<span style>` in when typing replaces a selection over lines, which the content policy forbids. */
function replaceAcrossLines(event: InputEvent, view: EditorView): boolean {
  const { main, ranges } = view.state.selection;
  const lineAt = (position: number) => view.state.doc.lineAt(position).number;
  const isWide = ranges.length === 1 && lineAt(main.from) !== lineAt(main.to);
  const isOurs = event.inputType === "insertText" || event.inputType.startsWith("delete");
  if (!isWide || event.isComposing || !isOurs || !event.cancelable) return false;
  view.dispatch(view.state.replaceSelection(event.data ?? ""), {
    userEvent: event.data ? "input.type" : "delete.selection",
    scrollIntoView: true,
  });
  event.preventDefault();
  return true;
}

export function mount(root: ShadowRoot, options: EditorOptions): Editor {
  let isQuiet = false;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        history(),
        bracketMatching(),
        closeBrackets(),
        syntaxHighlighting(colours),
        options.language === "json" ? json() : [],
        placeholders,
        look,
        EditorView.lineWrapping,
        EditorState.readOnly.of(options.readOnly),
        autocompletion({ override: [completing(options)], activateOnTyping: true }),
        keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap]), // no Tab: it must lead out
        EditorView.domEventHandlers({ beforeinput: replaceAcrossLines }),
        EditorView.contentAttributes.of({ "aria-label": options.label }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged && !isQuiet) options.onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    destroy: () => view.destroy(),
    put(text: string) {
      if (text === view.state.doc.toString()) return;
      isQuiet = true;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } });
      isQuiet = false;
    },
  };
}

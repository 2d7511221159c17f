/** A text into which variables are put from a searched list. */

import { useEffect, useId, useRef, useState, type RefObject } from "react";
import { IconButton } from "../../ui/Icon";
import { useForm, type WidgetProps } from "../context";

type Typed = HTMLInputElement | HTMLTextAreaElement;

const MOST_SHOWN = 100;

/** Types text as a person would: the browser's own undo keeps working, and React hears of it. */
function type(element: Typed, text: string, from: number, to: number): void {
  element.focus();
  element.setSelectionRange(from, to);
  if (document.execCommand("insertText", false, text)) return;
  element.setRangeText(text, from, to, "end");
  element.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Puts `{{ path }}` at the cursor; a `{{` that was begun there is taken into it, with what closes it. */
function insertPlaceholder(element: Typed, path: string): void {
  const end = element.selectionEnd ?? element.value.length;
  const begun = /\{\{\s*[\w.]*$/.exec(element.value.slice(0, end));
  const closing = begun ? /^\s*\}\}/.exec(element.value.slice(end)) : null;
  const from = begun ? begun.index : (element.selectionStart ?? end);
  type(element, `{{ ${path} }}`, from, end + (closing ? closing[0].length : 0));
}

interface PickerProps {
  target: RefObject<Typed | null>;
  whole: boolean;
  close(focus?: boolean): void;
}

function Picker({ target, whole, close }: PickerProps) {
  const { variables } = useForm();
  const [wanted, setWanted] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => box.current?.focus(), []);
  const fits = (words: string) => words.toLowerCase().includes(wanted.toLowerCase());
  const found = variables.filter((one) => fits(`${one.path} ${one.from} ${one.sample}`)).slice(0, MOST_SHOWN);

  const take = (path: string) => {
    const element = target.current;
    if (!element) return;
    if (whole) type(element, path, 0, element.value.length);
    else insertPlaceholder(element, path);
    close();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && found[at]) take(found[at].path);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const leave = (event: React.FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) close(false);
  };
  return (
    <div className="picker" onBlur={leave}>
      <input
        ref={box}
        role="combobox"
        aria-label="Find a variable"
        aria-expanded="true"
        aria-controls={id}
        aria-activedescendant={found[at] && `${id}-${at}`}
        placeholder="Find a variable"
        value={wanted}
        onChange={(event) => {
          setWanted(event.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul role="listbox" id={id} aria-label="Variables" tabIndex={-1}>
        {found.map((one, index) => (
          <li
            key={one.path}
            id={`${id}-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(one.path)}
          >
            <code>{one.path}</code>
            <span>{one.sample}</span>
            <small>{one.from}</small>
          </li>
        ))}
      </ul>
      {!found.length && (
        <p className="hint" role="status">
          {variables.length ? "Nothing is called so." : "Nothing is known yet: give the trigger a sample."}
        </p>
      )}
    </div>
  );
}

interface TextProps extends WidgetProps {
  whole?: boolean;
  lines?: boolean;
}

function WithVariables({ control, value, set, schema, whole = false, lines = false }: TextProps) {
  const element = useRef<Typed>(null);
  const [open, setOpen] = useState(false);
  const Tag = lines ? "textarea" : "input";
  const onChange = (event: React.ChangeEvent<Typed>) => {
    const { value: text, selectionStart } = event.target;
    set(text);
    if (!whole && text.slice(0, selectionStart ?? 0).endsWith("{{")) setOpen(true);
  };
  const close = (focus = true) => {
    setOpen(false);
    if (focus) element.current?.focus();
  };
  return (
    <div className="with-picker">
      <Tag
        {...control}
        ref={element as never}
        className={whole ? "mono" : "template"}
        value={String(value ?? "")}
        maxLength={schema.maxLength}
        spellCheck={false}
        autoComplete="off"
        placeholder={whole ? "Which value" : undefined}
        onChange={onChange}
      />
      {!control.disabled && (
        <IconButton
          icon="braces"
          className="icon-button braces"
          label="Insert a variable"
          aria-expanded={open}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => setOpen(!open)}
        />
      )}
      {open && <Picker target={element} whole={whole} close={close} />}
    </div>
  );
}

export const Template = (props: WidgetProps) => <WithVariables {...props} lines={props.schema["x-lines"]} />;
export const Whole = (props: WidgetProps) => <WithVariables {...props} whole />;

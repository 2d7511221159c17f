import { useEffect, useId, useRef, type ReactNode } from "react";
import { IconButton } from "./Icon";

interface DialogProps {
  title: string;
  close(): void;
  children: ReactNode;
}

/** The browser's own dialog: it keeps the focus inside, closes on Escape, and gives the focus back. */
export function Dialog({ title, close, children }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => element.current?.showModal(), []);
  return (
    <dialog ref={element} aria-labelledby={id} onClose={close}>
      <div className="dialog-head">
        <h2 id={id}>{title}</h2>
        <IconButton icon="x" label="Close" onClick={() => element.current?.close()} />
      </div>
      {children}
    </dialog>
  );
}

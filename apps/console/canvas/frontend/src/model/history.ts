/** Undo and redo of a value that is never changed in place. */

export interface History<T> {
  past: readonly T[];
  present: T;
  future: readonly T[];
  tag: string;
  at: number;
}

const MOST = 200;
const PAUSE_MS = 1200;

export const begin = <T>(present: T): History<T> => ({ past: [], present, future: [], tag: "", at: 0 });

/** Edits with the same tag in quick succession (typing in one field) are one step back. `now` in milliseconds. */
export function commit<T>(history: History<T>, next: T, tag = "", now = 0): History<T> {
  if (next === history.present) return history;
  const goesOn = tag && tag === history.tag && now - history.at < PAUSE_MS && history.past.length > 0;
  if (goesOn) return { ...history, present: next, future: [], at: now };
  return { past: [...history.past, history.present].slice(-MOST), present: next, future: [], tag, at: now };
}

export function undo<T>(history: History<T>): History<T> {
  const last = history.past.at(-1);
  if (last === undefined) return history;
  const future = [history.present, ...history.future];
  return { past: history.past.slice(0, -1), present: last, future, tag: "", at: 0 };
}

export function redo<T>(history: History<T>): History<T> {
  const [next, ...future] = history.future;
  if (next === undefined) return history;
  return { past: [...history.past, history.present], present: next, future, tag: "", at: 0 };
}

/** The smaller dialogs: keys, signed out, go live. */

import { useEffect, useState } from "react";
import { page } from "../page";
import { plural } from "../model/plural";
import { post } from "../server";
import { get, goLive, isDirty, put, save, use } from "../store";
import { Dialog } from "./Dialog";
import { Icon } from "./Icon";

const KEYS = [
  ["Ctrl Z", "Undo"],
  ["Ctrl Shift Z", "Redo"],
  ["Ctrl C, Ctrl V", "Copy, paste; also to another workflow"],
  ["Ctrl D", "Duplicate"],
  ["Ctrl A", "Select all"],
  ["Ctrl S", "Save as Test"],
  ["Delete", "Remove"],
  ["Arrow keys", "Move what is selected"],
  ["Ctrl Arrow", "Go along a connection"],
  ["Enter", "Open the settings"],
  ["Escape", "Back from the settings to the block"],
  ["Shift drag", "Select an area"],
  ["/", "Find a kind of block"],
];

export function Keys({ close }: { close(): void }) {
  return (
    <Dialog title="Keys" close={close}>
      <dl className="keys">
        {KEYS.map(([keys, words]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

export function SignedOut() {
  const signedOut = use((state) => state.signedOut);
  if (!signedOut) return null;
  const close = () => put({ signedOut: false });
  return (
    <Dialog title="You are signed out" close={close}>
      <div className="dialog-body">
        <p>Your session is over. Your work is kept in this browser: sign in in a new tab, then go on here.</p>
      </div>
      <div className="dialog-foot">
        <a className="button" href={page.urls.sign_in} target="_blank" rel="noopener">
          Sign in
          <Icon name="external-link" />
        </a>
        <button
          type="button"
          className="button primary"
          onClick={() => {
            close();
            void save();
          }}
        >
          Save again
        </button>
      </div>
    </Dialog>
  );
}

/** What happens to runs under way: they keep their version. */
function OpenRuns() {
  const [open, setOpen] = useState<[version: number, count: number][] | null>(null);
  useEffect(() => {
    post<{ open: [number, number][] }>(page.urls.under_way, {}).then(
      (answer) => setOpen(answer.open),
      () => {},
    );
  }, []);
  if (!open) return <p className="hint">Runs under way keep the version they began with.</p>;
  if (!open.length) return <p>No run is under way.</p>;
  const words = open.map(
    ([version, count]) => `${count}${count >= MOST_COUNTED ? " or more" : ""} on v${version}`,
  );
  return <p>Runs under way keep the version they began with: {words.join(", ")}.</p>;
}

interface Asking {
  required: number;
  goes_live: boolean;
  comment: string;
  write(comment: string): void;
}

/** Others approve first: how many, and what they should know. */
function Approvals({ required, goes_live, comment, write }: Asking) {
  const people = required === 1 ? "1 other person" : `${required} other people`;
  return (
    <>
      <p>
        {people} must approve it.{" "}
        {goes_live ? "The last approval makes it live." : "After that, somebody presses Go live again."}
      </p>
      <label className="field">
        What they should know
        <textarea rows={3} maxLength={500} value={comment} onChange={(event) => write(event.target.value)} />
      </label>
    </>
  );
}

const MOST_COUNTED = 10_000;

export function GoLive({ close }: { close(): void }) {
  const dirty = use(isDirty);
  const number = use((state) => state.base.number);
  const versions = use((state) => state.versions);
  const errors = use((state) => state.problems.filter((problem) => problem.severity === "error").length);
  const [trouble, setTrouble] = useState("");
  const [busy, setBusy] = useState(false);
  const [comment, setComment] = useState("");
  const { approvals } = page;
  const title = approvals ? "Ask to go live" : "Go live";
  const live = versions.find((version) => version.live);
  const wanted = dirty ? "what you drew, saved as a version" : `v${number}`;
  const go = async () => {
    setBusy(true);
    if (dirty && !(await save())) {
      setBusy(false);
      return close();
    }
    const refused = await goLive(get().base.number, comment);
    setBusy(false);
    if (refused) setTrouble(refused);
    else close();
  };
  return (
    <Dialog title={title} close={close}>
      <div className="dialog-body">
        {approvals && <Approvals {...approvals} comment={comment} write={setComment} />}
        <p>
          {approvals ? "Then" : "From now on"} requests at the Live URL run <b>{wanted}</b>
          {live ? <> in place of v{live.number}</> : null}.
        </p>
        <OpenRuns />
        {errors > 0 && (
          <p className="wrong block">
            <Icon name="circle-alert" />
            {plural(errors, "error")} to fix first: see the problems under the canvas.
          </p>
        )}
        {trouble && (
          <p className="wrong block" role="alert">
            <Icon name="circle-alert" />
            {trouble}
          </p>
        )}
      </div>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={close}>
          Not now
        </button>
        <button
          type="button"
          className="button primary"
          aria-disabled={busy || errors > 0}
          onClick={() => {
            if (!busy && !errors) void go();
          }}
        >
          <Icon name="rocket" />
          {title}
        </button>
      </div>
    </Dialog>
  );
}

/** The versions beside the name: which is open, which is Test and which Live. */

import { useState } from "react";
import { page, type Version } from "../page";
import { isDirty, use } from "../store";
import { Dialog } from "./Dialog";

export const versionWords = (version: Version): string => {
  const states = [version.test && "(Test)", version.live && "(Live)"].filter(Boolean);
  return [`v${version.number}`, ...states, version.name && `· ${version.name}`].filter(Boolean).join(" ");
};

export function Versions() {
  const versions = use((state) => state.versions);
  const number = use((state) => state.base.number);
  const dirty = use(isDirty);
  const [wanted, setWanted] = useState(0);
  if (!versions.length) return <span className="pill">not saved yet</span>;
  const open = (next: number) => location.assign(`${page.urls.canvas}?version=${next}`);
  const choose = (next: number) => (dirty ? setWanted(next) : open(next));
  return (
    <>
      <select
        className="versions"
        aria-label="Version"
        value={number}
        onChange={(event) => choose(Number(event.target.value))}
      >
        {versions.map((version) => (
          <option key={version.number} value={version.number}>
            {versionWords(version)}
          </option>
        ))}
      </select>
      {wanted > 0 && <Leave number={wanted} open={() => open(wanted)} close={() => setWanted(0)} />}
    </>
  );
}

function Leave({ number, open, close }: { number: number; open(): void; close(): void }) {
  return (
    <Dialog title={`Open v${number}?`} close={close}>
      <div className="dialog-body">
        <p>
          You have unsaved changes. They are kept in this browser and come back when you open this version
          again.
        </p>
      </div>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={close}>
          Stay here
        </button>
        <button type="button" className="button primary" onClick={open}>
          Open v{number}
        </button>
      </div>
    </Dialog>
  );
}

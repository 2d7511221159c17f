/** Two people changed one drawing: what collides is chosen here, the rest is put together. */

import { useState } from "react";
import * as graphs from "../model/graph";
import { valueWords, type Collision, type Side } from "../model/merge";
import { wordsOf } from "../model/schema";
import type { Block } from "../model/types";
import { page } from "../page";
import { get, graph, put, settleConflict, use, type Conflict as Collided } from "../store";
import { Dialog } from "./Dialog";

export function Conflict() {
  const conflict = use((state) => state.conflict);
  const saving = use((state) => state.saving);
  return conflict && !saving ? <Screen key={conflict.theirs.base.edition} conflict={conflict} /> : null;
}

function blockNamed(id: string, theirs: Collided["theirs"]): Block | undefined {
  const all = [graph(), theirs.graph, get().saved];
  return all.map((one) => graphs.blockOf(one, id)).find(Boolean);
}

function fieldWords(collision: Collision, block: Block | undefined): string {
  const [first, ...rest] = collision.what.split(".");
  const kind = block && page.kinds[block.kind];
  if (first === "settings" && kind) return wordsOf(kind.schema, block.settings, rest.join(".")) || "settings";
  return collision.what.replace(".", " ");
}

/** Counts of what each side changed, by block. */
function changedBlocks(base: Collided["theirs"]["graph"], other: Collided["theirs"]["graph"]): string[] {
  const before = new Map(base.nodes.map((block) => [block.id, block]));
  const after = new Map(other.nodes.map((block) => [block.id, block]));
  const meaning = ({ position: _, ...rest }: Block) => rest;
  const touched = [...new Set([...before.keys(), ...after.keys()])].filter((id) => {
    const [one, two] = [before.get(id), after.get(id)];
    return !one || !two || !graphs.same(meaning(one), meaning(two));
  });
  return touched.map((id) => (after.get(id) ?? before.get(id))!.name || id);
}

function Screen({ conflict }: { conflict: Collided }) {
  const [choices, setChoices] = useState<Record<string, Side>>({});
  const { theirs, merged } = conflict;
  const version = theirs.versions.find((one) => one.number === theirs.base.number);
  const nameOf = (id: string) => blockNamed(id, theirs)?.name ?? id;
  const close = () => put({ conflict: null });
  const mine = changedBlocks(get().saved, graph());
  const other = changedBlocks(get().saved, theirs.graph);
  return (
    <Dialog title="Somebody else saved this workflow" close={close}>
      <div className="dialog-body">
        <p>
          {version?.by || "Somebody"} saved v{theirs.base.number} while you worked. Your changes and theirs
          are put together{merged.collisions.length ? "; choose for each that collides:" : "."}
        </p>
        <ul className="both">
          <li>
            <b>You changed</b> {mine.join(", ") || "where things lead, or their places"}
          </li>
          <li>
            <b>They changed</b> {other.join(", ") || "where things lead, or their places"}
          </li>
        </ul>
        {merged.collisions.map((collision) => (
          <Choice
            key={collision.key}
            collision={collision}
            title={[nameOf(collision.node), fieldWords(collision, blockNamed(collision.node, theirs))]}
            side={choices[collision.key] ?? "mine"}
            choose={(side) => setChoices({ ...choices, [collision.key]: side })}
            words={(value) =>
              collision.what.startsWith("leads to") ? nameOf(String(value)) : valueWords(value)
            }
          />
        ))}
        {merged.dropped.length > 0 && (
          <p className="hint">
            Left out, as a block is gone:{" "}
            {merged.dropped.map((edge) => `${nameOf(edge.source)} → ${nameOf(edge.target)}`).join(", ")}.
          </p>
        )}
      </div>
      <div className="dialog-foot">
        <button type="button" className="button" onClick={close}>
          Not now
        </button>
        <button type="button" className="button primary" onClick={() => void settleConflict(choices)}>
          Merge and save
        </button>
      </div>
    </Dialog>
  );
}

interface ChoiceProps {
  collision: Collision;
  title: string[];
  side: Side;
  choose(side: Side): void;
  words(value: unknown): string;
}

const SIDES: [Side, string][] = [
  ["mine", "Yours"],
  ["theirs", "Theirs"],
];

function Choice({ collision, title, side, choose, words }: ChoiceProps) {
  return (
    <fieldset className="collision">
      <legend>{title.filter(Boolean).join(" › ")}</legend>
      {SIDES.map(([one, label]) => (
        <label key={one} className="choice">
          <input type="radio" name={collision.key} checked={side === one} onChange={() => choose(one)} />
          <span>
            <b>{label}</b>
            <code>{collision[one] === undefined ? "removed" : words(collision[one])}</code>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** The kinds of blocks to add, and the outline of those that are there. */

import { useState } from "react";
import { useReactFlow } from "@xyflow/react";
import { goTo, place, placeNote, select } from "../actions";
import { DRAGGED } from "../canvas/Canvas";
import type { CardNode } from "../canvas/cards";
import { page } from "../page";
import { use } from "../store";
import { Icon } from "./Icon";

export function Palette({ done }: { done(): void }) {
  const [wanted, setWanted] = useState("");
  const [isOutline, setOutline] = useState(!page.may_edit);
  const label = isOutline ? "Find a block" : "Find a kind of block";
  return (
    <nav className="palette" aria-label="Blocks">
      {page.may_edit && (
        <div className="tabs" role="group" aria-label="Show">
          <button type="button" aria-pressed={!isOutline} onClick={() => setOutline(false)}>
            Add
          </button>
          <button type="button" aria-pressed={isOutline} onClick={() => setOutline(true)}>
            Outline
          </button>
        </div>
      )}
      <div className="with-icon find">
        <Icon name="search" />
        <input
          type="search"
          aria-label={label}
          placeholder={label}
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      </div>
      {isOutline ? <Outline wanted={wanted} done={done} /> : <KindList wanted={wanted} done={done} />}
    </nav>
  );
}

interface ListProps {
  wanted: string;
  done(): void;
}

const fits = (words: string, wanted: string) => words.toLowerCase().includes(wanted.trim().toLowerCase());

function KindList({ wanted, done }: ListProps) {
  const flow = useReactFlow<CardNode>();
  const hasTrigger = use((state) =>
    state.history.present.nodes.some((block) => page.kinds[block.kind]?.trigger),
  );
  const kinds = Object.entries(page.kinds).filter(
    ([, kind]) => fits(`${kind.title} ${kind.about}`, wanted) && !(kind.trigger && hasTrigger),
  );
  const groups = [...new Set(kinds.map(([, kind]) => kind.group))];
  const add = (id: string, byKeyboard: boolean) => {
    const made = place(flow, id);
    done();
    if (made && byKeyboard) goTo(made);
  };
  return (
    <>
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h2>{group}</h2>
          {kinds
            .filter(([, kind]) => kind.group === group)
            .map(([id, kind]) => (
              <button
                key={id}
                type="button"
                className={`kind kind-${id}`}
                draggable
                onDragStart={(event) => {
                  event.dataTransfer.setData(DRAGGED, id);
                  event.dataTransfer.effectAllowed = "copy";
                }}
                onClick={(event) => add(id, event.detail === 0)}
              >
                <span className="tile">
                  <Icon name={kind.icon} />
                </span>
                <span>
                  <b>{kind.title}</b>
                  <small>{kind.about}</small>
                </span>
              </button>
            ))}
        </section>
      ))}
      {fits("note a sticky note", wanted) && (
        <section aria-label="Notes">
          <h2>Notes</h2>
          <button
            type="button"
            className="kind kind-note"
            onClick={() => {
              placeNote(flow);
              done();
            }}
          >
            <span className="tile">
              <Icon name="sticky-note" />
            </span>
            <span>
              <b>Note</b>
              <small>Words for your colleagues; it changes nothing.</small>
            </span>
          </button>
        </section>
      )}
      {!groups.length && <p className="hint">No kind of block fits “{wanted}”.</p>}
    </>
  );
}

function Outline({ wanted, done }: ListProps) {
  const flow = useReactFlow<CardNode>();
  const now = use((state) => state.history.present);
  const selection = use((state) => state.selection);
  const found = now.nodes.filter((block) => fits(`${block.name} ${block.id}`, wanted));
  return (
    <ul className="outline">
      {found.map((block) => (
        <li key={block.id}>
          <button
            type="button"
            className={`kind-${block.kind}`}
            aria-current={selection.includes(block.id) || undefined}
            onClick={() => {
              select(flow, [block.id], true);
              done();
            }}
          >
            <span className="tile small">
              <Icon name={page.kinds[block.kind]?.icon ?? "circle-alert"} />
            </span>
            <span className="clip">{block.name || block.id}</span>
          </button>
        </li>
      ))}
      {!found.length && <li className="hint">No block is called so.</li>}
    </ul>
  );
}

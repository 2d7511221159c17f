/** The keyboard's way to connect: each outlet has a select of the blocks it may lead to, and a button for a new one. */

import { useState } from "react";
import { useReactFlow } from "@xyflow/react";
import { goTo, place } from "../actions";
import type { CardNode } from "../canvas/cards";
import { refusalOf } from "../canvas/Refusal";
import * as graphs from "../model/graph";
import { page } from "../page";
import { edit, graph, say, use } from "../store";
import { Icon, IconButton } from "./Icon";

export function LeadsTo({ id }: { id: string }) {
  const now = use((state) => state.history.present);
  const [adding, setAdding] = useState("");
  const block = graphs.blockOf(now, id);
  const ways = block ? graphs.outlets(block, page.kinds) : [];
  if (!ways.length) return null;
  return (
    <fieldset className="leads">
      <legend>Leads to</legend>
      {ways.map((way) => (
        <Lead
          key={way.id}
          id={id}
          way={way}
          isAdding={adding === way.id}
          setAdding={(open) => setAdding(open ? way.id : "")}
        />
      ))}
    </fieldset>
  );
}

interface LeadProps {
  id: string;
  way: graphs.Outlet;
  isAdding: boolean;
  setAdding(open: boolean): void;
}

function Lead({ id, way, isAdding, setAdding }: LeadProps) {
  const now = use((state) => state.history.present);
  const target = now.edges.find((edge) => edge.source === id && edge.outlet === way.id)?.target ?? "";
  const allowed = now.nodes.filter((block) => block.id === target || !refusalOf(id, way.id, block.id));
  const choose = (next: string) => {
    // Arrow keys pass over options: with one tag they are one step back.
    const changed = next ? graphs.connect(graph(), id, way.id, next) : graphs.disconnect(graph(), id, way.id);
    edit(changed, `${id}/leads/${way.id}`);
    const name = graphs.blockOf(graph(), next)?.name;
    say(name ? `“${way.label}” now leads to “${name}”.` : `“${way.label}” leads nowhere now.`);
  };
  return (
    <div className="lead">
      <label htmlFor={`lead-${way.id}`} title={way.label}>
        {way.label}
      </label>
      <Icon name="arrow-right" />
      <select
        id={`lead-${way.id}`}
        value={target}
        disabled={!page.may_edit}
        onChange={(event) => choose(event.target.value)}
      >
        <option value="">Nowhere: the run ends</option>
        {allowed.map((block) => (
          <option key={block.id} value={block.id}>
            {block.name || block.id}
          </option>
        ))}
      </select>
      {/* No "new block" among the options: an arrow key on a closed select fires change for each option it passes. */}
      <IconButton
        icon="plus"
        label={`New block after ${way.label}`}
        aria-expanded={isAdding}
        disabled={!page.may_edit}
        onClick={() => setAdding(!isAdding)}
      />
      {isAdding && <KindButtons from={{ id, outlet: way.id }} done={() => setAdding(false)} />}
    </div>
  );
}

function KindButtons({ from, done }: { from: { id: string; outlet: string }; done(): void }) {
  const flow = useReactFlow<CardNode>();
  const add = (kind: string, byKeyboard: boolean) => {
    const made = place(flow, kind, undefined, from);
    done();
    if (made && byKeyboard) goTo(made);
  };
  return (
    <div className="new-block" role="group" aria-label="Kind of the new block">
      {Object.entries(page.kinds)
        .filter(([, kind]) => !kind.trigger)
        .map(([id, kind]) => (
          <button
            type="button"
            key={id}
            className={`kind-${id}`}
            onClick={(event) => add(id, event.detail === 0)}
          >
            <span className="tile small">
              <Icon name={kind.icon} />
            </span>
            {kind.title}
          </button>
        ))}
    </div>
  );
}

/** Keys on a card: Enter opens its settings, Ctrl with an arrow walks along the edges. */

import { focusCard, goTo, select, type Flow } from "../actions";
import type { Graph } from "../model/types";
import { graph, say } from "../store";

function neighbour(now: Graph, id: string, key: string): string | undefined {
  const after = (from: string) => now.edges.filter((edge) => edge.source === from).map((edge) => edge.target);
  const ahead = (to: string) => now.edges.filter((edge) => edge.target === to).map((edge) => edge.source);
  if (key === "ArrowRight") return after(id)[0];
  if (key === "ArrowLeft") return ahead(id)[0];
  const row = ahead(id).flatMap(after);
  return row[row.indexOf(id) + (key === "ArrowDown" ? 1 : -1)];
}

export function onCardKey(event: React.KeyboardEvent, flow: Flow): void {
  const id = (event.target as HTMLElement).closest<HTMLElement>(".react-flow__node")?.dataset.id;
  if (!id) return;
  if (event.key === "Enter") {
    select(flow, [id]);
    goTo(id);
    return;
  }
  if (!(event.ctrlKey || event.metaKey) || !event.key.startsWith("Arrow")) return;
  event.preventDefault();
  event.stopPropagation();
  const target = neighbour(graph(), id, event.key);
  if (!target) return say("No block that way.");
  select(flow, [target], true);
  focusCard(target, 260);
}

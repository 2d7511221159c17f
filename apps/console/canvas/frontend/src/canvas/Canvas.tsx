/** React Flow around our graph, which is the truth: it hears of every edit through its props. */

import { useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import {
  applyEdgeChanges,
  applyNodeChanges,
  Background,
  ConnectionLineType,
  MiniMap,
  ReactFlow,
  useReactFlow,
  type Connection,
  type Edge as FlowEdge,
  type EdgeChange,
  type FinalConnectionState,
  type NodeChange,
} from "@xyflow/react";
import { duration, fit, focusCard, place, type Flow } from "../actions";
import * as graphs from "../model/graph";
import { WIDTH } from "../model/size";
import type { Place } from "../model/types";
import { page } from "../page";
import { edit, get, graph, put, say, use } from "../store";
import { BlockCard } from "./BlockCard";
import { fitted, fittedEdges, type CardNode, type Marks } from "./cards";
import { onCardKey } from "./keyboard";
import { NoteCard } from "./NoteCard";
import { Refusal, refusalOf } from "./Refusal";
import { ZoomButtons } from "./ZoomButtons";

// Outside the component: new objects would mount every card again.
const NODE_TYPES = { block: BlockCard, note: NoteCard };
const DELETE_KEYS = ["Delete", "Backspace"];
const MULTI_KEYS = ["Shift", "Meta", "Control"];
const ZOOM_KEYS = ["Meta", "Control"];
const NO_ATTRIBUTION = { hideAttribution: true };
const MINIMAP_FROM = 7;
const A11Y = {
  "node.a11yDescription.default":
    "Enter opens the settings. Arrow keys move it, Control with an arrow goes to the next block, Delete removes it.",
  "edge.a11yDescription.default": "Enter selects the connection, Delete removes it.",
};
export const DRAGGED = "application/x-fynoflow-kind";

const miniMapClass = (node: CardNode) => (node.data.block ? `kind-${node.data.block.kind}` : "kind-note");

function useCards(marks: Marks) {
  const now = use((state) => state.history.present);
  const problems = use((state) => state.problems);
  const selection = use((state) => state.selection);
  const [nodes, setNodes] = useState<CardNode[]>(() =>
    fitted([], { graph: now, problems, selection, marks }),
  );
  const [edges, setEdges] = useState<FlowEdge[]>(() => fittedEdges([], now, marks));
  useLayoutEffect(() => {
    setNodes((old) => fitted(old, { graph: now, problems, selection, marks }));
  }, [now, problems, selection, marks]);
  useLayoutEffect(() => setEdges((old) => fittedEdges(old, now, marks)), [now, marks]);
  return { now, selection, nodes, setNodes, edges, setEdges };
}

/** A place is an edit when a drag ends, or for each arrow key; sixty moves a second are not. */
function commitPlaces(changes: NodeChange<CardNode>[]): void {
  const places = new Map<string, Place>();
  for (const change of changes) {
    if (change.type !== "position" || change.dragging || !change.position) continue;
    places.set(change.id, { x: Math.round(change.position.x), y: Math.round(change.position.y) });
  }
  if (places.size) edit(graphs.move(graph(), places), `move ${[...places.keys()].join()}`);
}

function connect({ source, sourceHandle, target }: Connection): void {
  const outlet = sourceHandle ?? "";
  const nameOf = (id: string) => graphs.blockOf(graph(), id)?.name ?? id;
  const was = graph().edges.find((edge) => edge.source === source && edge.outlet === outlet);
  edit(graphs.connect(graph(), source, outlet, target));
  say(
    `“${nameOf(source)}” now leads to “${nameOf(target)}”${was ? ` instead of “${nameOf(was.target)}”` : ""}.`,
  );
}

/** Gives false: the graph is ours, and React Flow hears of the removal through its props. */
async function removeChosen({ nodes, edges }: { nodes: CardNode[]; edges: FlowEdge[] }): Promise<boolean> {
  const ids = new Set(nodes.map((node) => node.id));
  const before = graph().edges.find((edge) => ids.has(edge.target) && !ids.has(edge.source))?.source;
  const without = (now = graph()) =>
    edges.reduce((left, edge) => graphs.disconnect(left, edge.source, edge.sourceHandle ?? ""), now);
  edit(ids.size ? graphs.remove(graph(), ids) : without());
  const back = before ?? graph().nodes[0]?.id;
  const isInside = document.activeElement?.closest(".canvas");
  if (ids.size && back && isInside) focusCard(back); // else the focus would fall to the body with the card
  say(ids.size ? `${ids.size} removed. Ctrl+Z brings back.` : "Connection removed. Ctrl+Z brings it back.");
  return false;
}

const isValid = (way: Connection | FlowEdge): boolean =>
  !refusalOf(way.source, way.sourceHandle ?? "", way.target);

function sayRefusal(now: FinalConnectionState): void {
  const isOver = !now.isValid && now.fromNode && now.toNode && now.toHandle?.type === "target";
  if (!isOver) return;
  const why = refusalOf(now.fromNode!.id, now.fromHandle?.id ?? "", now.toNode!.id);
  say(why ?? "That connection is not possible.", true);
}

const MARGIN = 24;
const CARD_HEIGHT = 140;

/** How far a card must be moved along one axis to be seen whole, its beginning first. */
function shift(start: number, length: number, room: number): number {
  const end = start + length;
  if (end > room - MARGIN) return Math.max(room - MARGIN - end, MARGIN - start);
  return start < MARGIN ? MARGIN - start : 0;
}

const PANEL_OPENS_MS = 60;

/**
 * The panel takes room: the chosen card stays in sight. Reckoned, as a card out of sight is not in the page; so one that
 * had the focus gets it again.
 */
function useInSight(id: string, flow: Flow, box: React.RefObject<HTMLDivElement | null>): void {
  useEffect(() => {
    if (!id) return;
    const hadFocus = (document.activeElement as HTMLElement | null)?.dataset.id === id;
    const timer = setTimeout(() => {
      bringIn(id, flow, box.current);
      if (hadFocus && document.activeElement === document.body) focusCard(id);
    }, PANEL_OPENS_MS);
    return () => clearTimeout(timer);
  }, [id, flow, box]);
}

function bringIn(id: string, flow: Flow, box: HTMLDivElement | null): void {
  const row = graphs.blockOf(graph(), id) ?? graphs.noteOf(graph(), id);
  if (!row || !box) return;
  const view = flow.getViewport();
  const x = shift(row.position.x * view.zoom + view.x, WIDTH * view.zoom, box.clientWidth);
  const y = shift(row.position.y * view.zoom + view.y, CARD_HEIGHT * view.zoom, box.clientHeight);
  if (x || y) void flow.setViewport({ ...view, x: view.x + x, y: view.y + y }, { duration: duration(120) });
}

const READABLE = 0.5;

/** All of the drawing where that can be read, else its beginning. */
function open(flow: Flow): void {
  if (fit(flow, { smallest: READABLE, milliseconds: 0 })) return;
  const box = document.querySelector(".canvas")!.getBoundingClientRect();
  const first = graph().nodes.find((block) => page.kinds[block.kind]?.trigger) ?? graph().nodes[0];
  const zoom = 0.8;
  const view = { x: 24 - first.position.x * zoom, y: box.height / 3 - first.position.y * zoom, zoom };
  void flow.setViewport(view);
}

export function Canvas({ marks }: { marks: Marks }) {
  const flow = useReactFlow<CardNode>();
  const box = useRef<HTMLDivElement>(null);
  const { now, selection, nodes, setNodes, edges, setEdges } = useCards(marks);
  useInSight(selection.length === 1 ? selection[0] : "", flow, box);
  useEffect(() => {
    requestAnimationFrame(() => open(flow));
  }, [flow]);

  const onNodesChange = useCallback((changes: NodeChange<CardNode>[]) => {
    setNodes((old) => applyNodeChanges(changes, old));
    commitPlaces(changes);
  }, []);
  const onEdgesChange = useCallback((changes: EdgeChange[]) => {
    const own = changes.filter((change) => change.type !== "remove");
    setEdges((old) => applyEdgeChanges(own, old));
  }, []);
  const onSelectionChange = useCallback(({ nodes: chosen }: { nodes: { id: string }[] }) => {
    const ids = chosen.map((node) => node.id);
    if (!graphs.same(ids, get().selection)) put({ selection: ids });
  }, []);
  const onDrop = (event: React.DragEvent) => {
    const kind = event.dataTransfer.getData(DRAGGED);
    if (!kind || !page.may_edit) return;
    event.preventDefault();
    const at = flow.screenToFlowPosition({ x: event.clientX, y: event.clientY });
    place(flow, kind, { x: Math.round(at.x - WIDTH / 2), y: Math.round(at.y - 32) });
  };
  return (
    <div
      className="canvas"
      ref={box}
      data-nodes={now.nodes.length}
      data-edges={now.edges.length}
      onKeyDownCapture={(event) => onCardKey(event, flow)}
      onDrop={onDrop}
      onDragOver={(event) => event.preventDefault()}
    >
      <ReactFlow<CardNode>
        nodes={nodes}
        edges={edges}
        nodeTypes={NODE_TYPES}
        onNodesChange={onNodesChange}
        onEdgesChange={onEdgesChange}
        onSelectionChange={onSelectionChange}
        isValidConnection={isValid}
        onConnect={connect}
        onConnectStart={() => box.current?.classList.add("connecting")}
        onConnectEnd={(_, state) => {
          box.current?.classList.remove("connecting");
          sayRefusal(state);
        }}
        onBeforeDelete={removeChosen}
        nodesDraggable={page.may_edit}
        nodesConnectable={page.may_edit}
        deleteKeyCode={page.may_edit ? DELETE_KEYS : null}
        multiSelectionKeyCode={MULTI_KEYS}
        selectionKeyCode="Shift"
        zoomActivationKeyCode={ZOOM_KEYS}
        panOnScroll
        zoomOnScroll={false}
        minZoom={0.15}
        maxZoom={1.75}
        connectionRadius={36}
        onlyRenderVisibleElements
        elevateNodesOnSelect={false}
        selectNodesOnDrag={false}
        edgesFocusable={false}
        connectionLineType={ConnectionLineType.Bezier}
        ariaLabelConfig={A11Y}
        aria-label="Workflow"
        proOptions={NO_ATTRIBUTION}
      >
        <Background gap={20} size={1.4} />
        <ZoomButtons />
        {now.nodes.length >= MINIMAP_FROM && (
          <MiniMap pannable ariaLabel="Overview" nodeClassName={miniMapClass} />
        )}
        <Refusal />
      </ReactFlow>
      {now.nodes.length <= 1 && page.may_edit && (
        <div className="nothing">
          <h2>{now.nodes.length ? "What happens next?" : "Start with a trigger"}</h2>
          <p>Choose a block on the left, or drag it here.</p>
        </div>
      )}
    </div>
  );
}

/** What the server's checks say about the drawing; a click goes to the place. */

import { useReactFlow } from "@xyflow/react";
import { goTo, select } from "../actions";
import type { CardNode } from "../canvas/cards";
import * as graphs from "../model/graph";
import { wordsOf } from "../model/schema";
import type { Problem } from "../model/types";
import { page } from "../page";
import { graph, use } from "../store";
import { plural } from "../model/plural";
import { Icon } from "./Icon";

export function ProblemList() {
  const problems = use((state) => state.problems);
  const flow = useReactFlow<CardNode>();
  const goToProblem = ({ node, field }: Problem) => {
    if (!graphs.blockOf(graph(), node)) return;
    select(flow, [node], true);
    goTo(node, field);
  };
  if (!problems.length) return <p className="hint">No problems: this drawing can go live.</p>;
  return (
    <ul className="problem-list">
      {problems.map((problem, index) => (
        <li key={index}>
          <button type="button" className={problem.severity} onClick={() => goToProblem(problem)}>
            <Icon name={problem.severity === "error" ? "circle-alert" : "triangle-alert"} />
            <Words problem={problem} />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Words({ problem }: { problem: Problem }) {
  const block = graphs.blockOf(graph(), problem.node);
  const kind = block && page.kinds[block.kind];
  const field = kind ? wordsOf(kind.schema, block.settings, problem.field) : problem.field;
  return (
    <span>
      {block && <b>{block.name || block.id}</b>} {field && `${field}: `}
      {problem.message}
    </span>
  );
}

/** One line: how many errors and warnings there are. */
export function ProblemCount() {
  const problems = use((state) => state.problems);
  const checked = use((state) => state.checked);
  const errors = problems.filter((problem) => problem.severity === "error").length;
  const warnings = problems.length - errors;
  if (!checked) return <span className="muted">Checking…</span>;
  return (
    <>
      <span className={errors ? "dot bad" : "dot"} />
      {errors ? plural(errors, "error") : "Ready to go live"}
      {warnings > 0 && <span className="muted">{plural(warnings, "warning")}</span>}
    </>
  );
}

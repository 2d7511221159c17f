/** Tests of the drawing on the screen: a dry run, one call, and a run for the test list. */

import { edgeId, type Marks } from "./canvas/cards";
import * as graphs from "./model/graph";
import type { DryRun } from "./model/types";
import { page, type Payload } from "./page";
import { post } from "./server";
import { edit, failed, get, graph, isDirty, put, save, say } from "./store";

export interface Given {
  status: number;
  body: string;
  lost: boolean;
}

export interface Tried {
  status: number;
  body: string;
  seconds: number;
  trouble: string;
}

const trigger = () => graph().nodes.find((block) => page.kinds[block.kind]?.trigger);

/** The trigger's sample as it stands in the drawing. */
export const sampleText = (): string => String(trigger()?.settings.sample ?? "") || "{}";

export function keepAsSample(text: string): void {
  const block = trigger();
  if (!block) return say("There is no trigger to keep it.", true);
  keepSampleOf(block.id, text);
}

export function keepSampleOf(id: string, text: string): void {
  const block = graphs.blockOf(graph(), id);
  if (!block) return;
  edit(graphs.settle(graph(), page.kinds, id, { ...block.settings, sample: text }));
  say(`Kept as the sample of “${block.name}”.`);
}

export async function loadPayloads(): Promise<Payload[]> {
  try {
    const { payloads } = await post<{ payloads: Payload[] }>(page.urls.payloads, {});
    const asked = page.payload;
    return asked && !payloads.some((one) => one.id === asked.id) ? [asked, ...payloads] : payloads;
  } catch (trouble) {
    failed(trouble, "Received payloads are not shown");
    return [];
  }
}

export async function dryRun(payload: string, answers: Record<string, Given>): Promise<void> {
  try {
    const dryRun = await post<DryRun>(page.urls.dry_run, { graph: graph(), payload, answers });
    put({ dryRun });
  } catch (trouble) {
    put({ dryRun: null });
    failed(trouble, "No dry run");
  }
}

/** What a dry run passed, for the canvas. */
export function marksOf(dryRun: DryRun | null): Marks {
  const passed = (dryRun?.steps ?? []).flatMap((step): [string, "passed"][] => [
    [step.node, "passed"],
    [edgeId(step.node, step.outlet), "passed"],
  ]);
  const start = trigger();
  const entered: [string, "passed"][] = start ? [[start.id, "passed"]] : [];
  const leaves = graph().edges.find((edge) => edge.source === start?.id);
  if (start && leaves) entered.push([edgeId(start.id, leaves.outlet), "passed"]);
  return passed.length ? Object.fromEntries([...entered, ...passed]) : {};
}

export async function tryCall(node: string): Promise<Tried | null> {
  try {
    return await post<Tried>(page.urls.try_call, { graph: graph(), node });
  } catch (trouble) {
    failed(trouble, "Not called");
    return null;
  }
}

/** Saves first: what runs is the Test version. Gives where the run is found. */
export async function fireForReal(payload: string): Promise<string> {
  const now = get();
  const isTest = now.versions.some((version) => version.test && version.number === now.base.number);
  if ((isDirty(now) || !isTest) && !(await save())) return "";
  try {
    const { url } = await post<{ url: string }>(page.urls.fire, { payload });
    say("A real run has begun. Its messages reach only the test list.");
    return url;
  } catch (trouble) {
    failed(trouble, "Not sent");
    return "";
  }
}

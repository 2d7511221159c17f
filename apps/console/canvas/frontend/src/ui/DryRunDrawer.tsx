/** Under the canvas: a payload, the dry run's path with every input, output and reason, and a real run. */

import { useEffect, useState } from "react";
import { useReactFlow } from "@xyflow/react";
import { fit, select } from "../actions";
import type { CardNode } from "../canvas/cards";
import * as graphs from "../model/graph";
import { page, type Payload } from "../page";
import { get, graph, put, use } from "../store";
import type { DryRun, Passed } from "../model/types";
import { dryRun, fireForReal, keepAsSample, loadPayloads, marksOf, sampleText, type Given } from "../dryRun";
import { Icon, IconButton } from "./Icon";

const HAND = "hand";
const SAMPLE = "sample";

export function DryRunDrawer() {
  const flow = useReactFlow<CardNode>();
  const result = use((state) => state.dryRun);
  const [payload, setPayload] = useState(() => page.payload?.body || sampleText());
  const [answers, setAnswers] = useState<Record<string, Given>>({});
  const [busy, setBusy] = useState(false);
  const [runUrl, setRunUrl] = useState("");

  const run = async (given: Record<string, Given>) => {
    setBusy(true);
    setAnswers(given);
    await dryRun(payload, given);
    setBusy(false);
    const ids = new Set(Object.keys(marksOf(get().dryRun)));
    if (!ids.size) return;
    select(flow, []);
    setTimeout(() => fit(flow, { ids }), 60);
  };
  const fire = async () => {
    setBusy(true);
    setRunUrl(await fireForReal(payload));
    setBusy(false);
  };
  return (
    <div className="dryRun">
      <div className="testing-input">
        <PayloadPicker payload={payload} setPayload={setPayload} />
        <div className="testing-buttons">
          <button
            type="button"
            className="button primary"
            aria-disabled={busy}
            onClick={() => {
              if (!busy) void run(answers);
            }}
          >
            <Icon name="play" />
            Dry run
          </button>
          {page.may_edit && (
            <button
              type="button"
              className="button"
              aria-disabled={busy}
              onClick={() => {
                if (!busy) void fire();
              }}
            >
              <Icon name="send" />
              Send for real to the test list
            </button>
          )}
        </div>
        <p className="hint">
          {runUrl ? (
            <a href={runUrl}>Open the run</a>
          ) : (
            "A dry run sends nothing: calls get their samples, delays are skipped."
          )}
        </p>
      </div>
      <div className="testing-result" aria-live="polite">
        {result ? (
          <Result result={result} answers={answers} goOn={run} />
        ) : (
          <p className="hint">
            The path will be drawn on the canvas, and listed here with every input and output.
          </p>
        )}
      </div>
    </div>
  );
}

function PayloadPicker({ payload, setPayload }: { payload: string; setPayload(text: string): void }) {
  const [received, setReceived] = useState<Payload[]>(page.payload ? [page.payload] : []);
  const [chosen, setChosen] = useState(page.payload?.body ? page.payload.id : SAMPLE);
  useEffect(() => {
    void loadPayloads().then(setReceived);
  }, []);
  const choose = (id: string) => {
    setChosen(id);
    if (id === SAMPLE) setPayload(sampleText());
    const found = received.find((one) => one.id === id);
    if (found) setPayload(found.body);
  };
  const write = (text: string) => {
    setChosen(HAND);
    setPayload(text);
  };
  return (
    <>
      <label className="testing-label">
        Payload
        <select value={chosen} onChange={(event) => choose(event.target.value)}>
          <option value={SAMPLE}>The trigger’s sample</option>
          {received.map((one) => (
            <option key={one.id} value={one.id} disabled={!one.body}>
              {`Received ${one.words}${one.body ? "" : " (too long to show)"}`}
            </option>
          ))}
          <option value={HAND}>Written by hand</option>
        </select>
      </label>
      <textarea
        className="mono"
        rows={7}
        aria-label="The payload as JSON"
        spellCheck={false}
        value={payload}
        onChange={(event) => write(event.target.value)}
      />
      {page.may_edit && payload !== sampleText() && (
        <button type="button" className="add" onClick={() => keepAsSample(payload)}>
          <Icon name="copy" />
          Keep as the trigger’s sample
        </button>
      )}
    </>
  );
}

const ENDINGS = {
  completed: "Completed",
  failed: "Failed",
  asks: "Waits for an answer from you",
  unknown: "A person would have to decide here",
};

interface ResultProps {
  result: DryRun;
  answers: Record<string, Given>;
  goOn(answers: Record<string, Given>): void;
}

function Result({ result, answers, goOn }: ResultProps) {
  const [open, setOpen] = useState(-1);
  const last = result.steps.at(-1);
  const detail = result.steps[open];
  return (
    <>
      <div className="testing-head">
        <b className={`ending ${result.ending}`}>{ENDINGS[result.ending]}</b>
        <span className="muted">{result.error || (result.code && `with the code ${result.code}`)}</span>
        <IconButton icon="x" label="Take the dry run off the canvas" onClick={() => put({ dryRun: null })} />
      </div>
      <ol className="steps">
        {result.steps.map((step, index) => (
          <Step
            key={index}
            step={step}
            isOpen={index === open}
            toggle={() => setOpen(index === open ? -1 : index)}
          />
        ))}
      </ol>
      {detail && <Detail step={detail} />}
      {result.ending === "asks" && last && (
        <Ask key={last.node} node={last.node} give={(given) => goOn({ ...answers, [last.node]: given })} />
      )}
    </>
  );
}

function Step({ step, isOpen, toggle }: { step: Passed; isOpen: boolean; toggle(): void }) {
  const flow = useReactFlow<CardNode>();
  const block = graphs.blockOf(graph(), step.node);
  const way = block && graphs.outlets(block, page.kinds).find((one) => one.id === step.outlet);
  const show = () => {
    if (block && !isOpen) select(flow, [step.node], true);
    toggle();
  };
  return (
    <li>
      <button type="button" className={`step ${step.outcome}`} aria-expanded={isOpen} onClick={show}>
        <b>{block?.name || step.node}</b>
        {way && <span className="pill">{way.label}</span>}
        <span className="why">{step.why}</span>
      </button>
    </li>
  );
}

interface Message {
  channel: string;
  address: string;
  fate: string;
  reason: string;
  subject?: string;
  text?: string;
}

function Detail({ step }: { step: Passed }) {
  const sent = step.messages as unknown as Message[];
  return (
    <div className="detail">
      {sent.map((message) => (
        <div className="message" key={message.channel}>
          <p>
            <b>{message.channel}</b> {message.fate}
            {message.address && ` to ${message.address}`}
            {message.reason && `: ${message.reason}`}
          </p>
          {message.subject && <p className="subject">{message.subject}</p>}
          {message.text && <p className="text">{message.text}</p>}
        </div>
      ))}
      <Document title="Input" text={step.input} />
      <Document title="Output" text={step.output} />
    </div>
  );
}

/** A document as the server wrote it: a browser would round its long numbers. */
function Document({ title, text }: { title: string; text: string }) {
  if (!text) return null;
  return (
    <section>
      <h3>{title}</h3>
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}

function Ask({ node, give }: { node: string; give(given: Given): void }) {
  const [status, setStatus] = useState("200");
  const [body, setBody] = useState("{}");
  const name = graphs.blockOf(graph(), node)?.name ?? node;
  const number = Number(status);
  const isStatus = Number.isInteger(number) && number >= 100 && number <= 599;
  return (
    <fieldset className="ask">
      <legend>What does “{name}” get as its answer?</legend>
      <label>
        Status
        <input
          className="short"
          inputMode="numeric"
          aria-invalid={!isStatus || undefined}
          value={status}
          onChange={(event) => setStatus(event.target.value)}
        />
      </label>
      <label>
        Body
        <textarea className="mono" rows={4} value={body} onChange={(event) => setBody(event.target.value)} />
      </label>
      <span className="testing-buttons">
        <button
          type="button"
          className="button primary"
          aria-disabled={!isStatus}
          onClick={() => {
            if (isStatus) give({ status: number, body, lost: false });
          }}
        >
          Go on
        </button>
        <button type="button" className="button" onClick={() => give({ status: 200, body: "", lost: true })}>
          No answer comes
        </button>
      </span>
    </fieldset>
  );
}

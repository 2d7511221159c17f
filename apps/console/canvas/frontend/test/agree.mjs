// Says of each connection on standard input whether the canvas refuses it: {kinds, cases: [{graph, source, outlet, target}]}.
import { build } from "esbuild";
import { readFileSync } from "node:fs";

const model = await build({
  absWorkingDir: new URL("..", import.meta.url).pathname,
  bundle: true,
  entryPoints: ["src/model/graph.ts"],
  format: "esm",
  write: false,
});
const { outlets, refusal } = await import(
  `data:text/javascript,${encodeURIComponent(model.outputFiles[0].text)}`
);
const { kinds, cases } = JSON.parse(readFileSync(0, "utf8"));
const verdicts = cases.map(({ graph, source, outlet, target }) => ({
  refused: refusal(graph, kinds, source, outlet, target) !== null,
  outlets: graph.nodes.map((block) => outlets(block, kinds).map((way) => way.id)),
}));
process.stdout.write(JSON.stringify(verdicts));

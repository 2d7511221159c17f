// Builds the canvas into a folder (default: static/builder): two bundles, their notices, and one sprite of icons.
import { build } from "esbuild";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../../../../static/builder");
mkdirSync(out, { recursive: true });

const common = {
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  define: { "process.env.NODE_ENV": '"production"' },
  external: ["*.svg"],
  format: "esm",
  jsx: "automatic",
  legalComments: "linked",
  logLevel: "warning",
  minify: true,
  outdir: out,
  target: "es2022",
};
await build({ ...common, entryPoints: { builder: "src/main.tsx" } });
await build({ ...common, entryPoints: { editor: "src/editor.ts" } });

// Those that the source names; those of blocks and triggers, with some for kinds to come.
const OWN = `arrow-left arrow-right braces chevron-down chevron-up circle-alert copy copy-plus external-link flask-conical
  history key-round keyboard layout-dashboard maximize play plus redo-2 rocket search send sticky-note trash-2
  triangle-alert undo-2 x zoom-in zoom-out`;
const KINDS = `activity bell calendar-clock circle-stop clock flag gauge git-branch globe hand hourglass layers mail reply
  repeat route shuffle split
  timer user-pen webhook workflow zap`;
const ICONS = [...OWN.split(/\s+/), ...KINDS.split(/\s+/)];
const symbol = (name) => {
  const file = readFileSync(join(here, `node_modules/lucide-static/icons/${name}.svg`), "utf8");
  const shapes = file.replace(/[\s\S]*?<svg[^>]*>/, "").replace("</svg>", "");
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s*\n\s*/g, "").trim()}</symbol>`;
};
const sprite = ICONS.map(symbol).join("\n");
writeFileSync(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">\n${sprite}\n</svg>\n`);
const chevron = '<path d="m6 9 6 6 6-6" fill="none" stroke="#6b7585" stroke-width="3"/>';
writeFileSync(
  join(out, "chevron.svg"),
  `<svg xmlns="http://www.w3.org/2000/svg" width="12" height="12" viewBox="0 0 24 24">${chevron}</svg>\n`,
);

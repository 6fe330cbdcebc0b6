// Builds the front end into the Python package: hashed file names, a manifest, icons. `--watch` builds again on change.
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { ICONS } from "./icons.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "node_modules");
const out = join(here, "../src/kalends/web/static");
const scratch = join(here, "node_modules/.kalends");
const FONTS = ["inter-latin-wght-normal.woff2", "inter-latin-ext-wght-normal.woff2"];
// Gzipped bytes of script that a page without calendar and charts may load.
const APP_BUDGET = 150_000;

/** FullCalendar injects its styles by script, which our content security policy forbids: collect them into a file. */
function collectCalendarStyles(collected) {
  return {
    name: "collect-calendar-styles",
    setup(build) {
      build.onLoad({ filter: /@fullcalendar\/.*\.js$/ }, ({ path }) => {
        const source = readFileSync(path, "utf8");
        const sheet = /var css_248z = ("(?:[^"\\]|\\.)*");/.exec(source);
        if (sheet) collected.set(path, JSON.parse(sheet[1]));
        return { contents: source.replace(/^injectStyles\(css_248z\);$/m, "").replace(/^ {4}registerStylesRoot\(document\);$/m, "")
            .replace(/^ {8}registerStylesRoot\(el\.getRootNode\(\)\);$/m, ""), loader: "js" };
      });
    },
  };
}

async function bundleScripts() {
  const calendarStyles = new Map();
  const { metafile } = await esbuild.build({
    entryPoints: ["theme", "app", "calendar", "charts"].map((name) => join(here, `src/${name}.ts`)),
    outdir: scratch,
    bundle: true,
    metafile: true,
    format: "esm",
    // One htmx, one set of listeners: what the scripts share is a part of its own.
    splitting: true,
    chunkNames: "part-[hash]",
    target: ["es2022"],
    minify: true,
    legalComments: "none",
    logLevel: "warning",
    plugins: [collectCalendarStyles(calendarStyles)],
  });
  if (calendarStyles.size === 0) throw new Error("FullCalendar's styles were not found: has its build changed?");
  return { styles: [...calendarStyles.values()].join("\n"), outputs: metafile.outputs };
}

function bundleStyles(calendarStyles) {
  const tailwind = join(modules, "@tailwindcss/cli/dist/index.mjs");
  const run = (source, name) =>
    execFileSync(process.execPath, [tailwind, "-i", source, "-o", join(scratch, name), "--minify"], { cwd: here, stdio: ["ignore", "ignore", "inherit"] });
  run(join(here, "src/styles/app.css"), "app.css");
  const own = ["calendar", "boards"].map((name) => readFileSync(join(here, `src/styles/${name}.css`), "utf8")).join("\n");
  const { code } = esbuild.transformSync(`${calendarStyles}\n${own}`, { loader: "css", minify: true });
  writeFileSync(join(scratch, "calendar.css"), code);
}

/** The inner markup of each icon that we use, so that a page can draw it without a request. */
function collectIcons() {
  const inner = (name) =>
    readFileSync(join(modules, "lucide-static/icons", `${name}.svg`), "utf8")
      .replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "").replace(/\s+/g, " ").trim();
  return Object.fromEntries(Object.entries(ICONS).map(([ours, theirs]) => [ours, inner(theirs)]));
}

function publish(name, bytes, manifest) {
  const mark = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  const hashed = `${basename(name, extname(name))}-${mark}${extname(name)}`;
  writeFileSync(join(out, hashed), bytes);
  manifest[name] = hashed;
}

function publishAll() {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(join(out, "fonts"), { recursive: true });
  const manifest = {};
  for (const name of ["theme.js", "app.js", "calendar.js", "charts.js", "app.css", "calendar.css"])
    publish(name, readFileSync(join(scratch, name)), manifest);
  for (const part of readdirSync(scratch).filter((name) => name.startsWith("part-"))) cpSync(join(scratch, part), join(out, part));
  publish("mark.svg", readFileSync(join(here, "src/mark.svg")), manifest);
  for (const font of FONTS) cpSync(join(modules, "@fontsource-variable/inter/files", font), join(out, "fonts", font));
  writeFileSync(join(out, "icons.json"), JSON.stringify(collectIcons(), null, 1));
  writeFileSync(join(out, "manifest.json"), JSON.stringify(manifest, null, 1));
}

/** Gzipped bytes of a script and of the parts that it imports at once. */
function weightOf(name, outputs) {
  const size = (file) => gzipSync(readFileSync(join(scratch, file))).length;
  const imports = Object.entries(outputs).find(([file]) => basename(file) === name)?.[1].imports ?? [];
  return [name, ...imports.map(({ path }) => basename(path))].reduce((sum, file) => sum + size(file), 0);
}

function weigh(outputs) {
  for (const name of ["theme.js", "app.js", "calendar.js", "charts.js", "app.css", "calendar.css"])
    console.log(`${name.padEnd(14)} ${(weightOf(name, outputs) / 1000).toFixed(1).padStart(7)} kB gzipped`);
  if (weightOf("app.js", outputs) + weightOf("theme.js", outputs) > APP_BUDGET)
    throw new Error(`app.js is over its budget of ${APP_BUDGET} bytes`);
}

async function build() {
  rmSync(scratch, { recursive: true, force: true });
  mkdirSync(scratch, { recursive: true });
  const { styles, outputs } = await bundleScripts();
  bundleStyles(styles);
  publishAll();
  weigh(outputs);
}

await build();
if (process.argv.includes("--watch")) {
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => build().catch((error) => console.error(error.message)), 150);
  };
  watch(join(here, "src"), { recursive: true }, again);
  watch(join(here, "../src/kalends"), { recursive: true }, (_, file) => file?.endsWith(".html") && again());
}

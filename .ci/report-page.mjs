// Builds the page of the HTML report: one file without requests, with the hashes of its script and style in its content security
// policy. Each report fills the places <!--title-->, <!--plain-->, and <!--data-->.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const FOLDER = fileURLToPath(new URL('../src/report/html/page/', import.meta.url));
/** In the order of the cascade. */
const STYLES = ['base', 'hero', 'overview', 'table', 'detail', 'narrow', 'print'];

/** Returns the page, and the paths of the packages in it. */
export async function reportPage() {
  const missing = readdirSync(path.join(FOLDER, 'style')).filter((file) => !STYLES.includes(file.replace('.css', '')));
  if (missing.length > 0) throw new Error(`style/${missing.join(', ')} is not in the list of styles`);
  const { script, style, modules } = await bundle();
  const template = readFileSync(path.join(FOLDER, 'index.html'), 'utf8');
  if (!/<style><!--style--><\/style>.*<script><!--script--><\/script>/s.test(template))
    throw new Error('index.html has text around the script or the style, so their hashes would not match');
  const parts = { 'script-hash': hashOf(script), 'style-hash': hashOf(style), style, script };
  const page = Object.entries(parts).reduce(
    (text, [name, part]) => replaceOnce(text, `<!--${name}-->`, part),
    template,
  );
  for (const name of ['title', 'plain', 'data']) replaceOnce(page, `<!--${name}-->`, '');
  return { page, modules };
}

const START = '\0start';

async function bundle() {
  const { output } = await build({
    configFile: false,
    root: FOLDER,
    logLevel: 'warn',
    plugins: [startPlugin()],
    build: {
      write: false,
      target: 'esnext',
      cssTarget: 'esnext',
      cssCodeSplit: false,
      cssMinify: 'esbuild',
      modulePreload: { polyfill: false },
      rollupOptions: { input: START, output: { format: 'iife', entryFileNames: 'page.js', codeSplitting: false } },
    },
    // Vite reads NODE_ENV, with which the page could contain the paths of its sources.
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact', development: false } },
  });
  const script = output.find(({ type }) => type === 'chunk');
  const style = output.find(({ fileName }) => fileName.endsWith('.css'));
  if (output.length !== 2 || script === undefined || style === undefined)
    throw new Error(
      `the page has ${output.map(({ fileName }) => fileName).join(', ')} instead of a script and a style`,
    );
  const code = script.code.trim();
  // In a script element, either would need another meaning.
  if (/<\/script|<!--/i.test(code)) throw new Error('the script of the page contains "</script" or "<!--"');
  return { script: code, style: String(style.source).trim(), modules: script.moduleIds };
}

/** The entry: the styles in their order, then the script. */
function startPlugin() {
  return {
    name: 'start',
    resolveId: (id) => (id === START ? id : undefined),
    load: (id) =>
      id === START
        ? [...STYLES.map((name) => `style/${name}.css`), 'main.tsx']
            .map((file) => `import ${JSON.stringify(path.join(FOLDER, file))};\n`)
            .join('')
        : undefined,
  };
}

function hashOf(text) {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** Not String.replace, which gives "$&" a meaning. */
function replaceOnce(text, place, part) {
  const pieces = text.split(place);
  if (pieces.length !== 2) throw new Error(`the page has ${place} ${pieces.length - 1} times`);
  return pieces.join(part);
}

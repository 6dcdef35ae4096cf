// Generates the committed files that derive from rules and schemas: docs/rules.md, the
// keys in docs/configuration.md, docs/schemas/ for editors, manifests/install, and the chart.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { defaultText, optionOf, variableOf } from '../src/config/key.ts';
import { ROWS } from '../src/config/keys.ts';
import { schemaText, SCHEMA_NAMES } from '../src/cli/schema.ts';
import { generatedManifests } from './manifests.ts';
import { RULES } from '../src/policy/rules/index.ts';
import { rulesMarkdown } from '../src/report/rule-markdown.ts';

const ROOT = path.resolve(import.meta.dirname, '..');

/** Paths from the root of the repository, with the text that belongs there. */
export const GENERATED: ReadonlyMap<string, string> = new Map([
  ['docs/rules.md', rulesMarkdown(RULES)],
  ['docs/configuration.md', withConfigTable(readFileSync(path.join(ROOT, 'docs/configuration.md'), 'utf8'))],
  ...generatedManifests(),
  ...SCHEMA_NAMES.map((name) => [`docs/schemas/${name}.json`, schemaText(name) ?? ''] as const),
]);

if (process.argv[1] === import.meta.filename) {
  for (const [file, text] of GENERATED) {
    const full = path.join(ROOT, file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
}

/** The first table of the text has a row for each key. */
function withConfigTable(text: string): string {
  const rows = [...ROWS].map(([key, { schema, variable, flag }]) => {
    const separator = variable === undefined || variable === true ? '' : ` (${code(variable)} between)`;
    const byDefault = defaultText(schema);
    return [
      code(key),
      variable === undefined ? '' : `${code(variableOf(key))}${separator}`,
      flag === undefined ? '' : code(optionOf(flag)),
      byDefault === undefined ? '' : code(byDefault),
      [schema.description, schema.hint].filter(Boolean).join('; '),
    ];
  });
  const lines = [['Key', 'Variable', 'Flag', 'Default', 'Meaning'], Array(5).fill('---'), ...rows].map(
    (cells) => `|${cells.map((cell) => (cell === '' ? ' |' : ` ${cell} |`)).join('')}\n`,
  );
  return text.replace(/(?:^\|.*\n)+/m, lines.join(''));
}

function code(text: string): string {
  return `\`${text}\``;
}

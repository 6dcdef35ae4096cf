// Makes what is generated from the rules and schemas and committed all the same: docs/rules.md, and docs/schemas/ for editors.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { schemaText, SCHEMA_NAMES } from '../src/cli/schema.ts';
import { RULES } from '../src/policy/rules/index.ts';
import { rulesMarkdown } from '../src/report/rule-markdown.ts';

/** Paths from the root of the repository, with the text that belongs there. */
export const GENERATED: ReadonlyMap<string, string> = new Map([
  ['docs/rules.md', rulesMarkdown(RULES)],
  ...SCHEMA_NAMES.map((name) => [`docs/schemas/${name}.json`, schemaText(name) ?? ''] as const),
]);

if (process.argv[1] === import.meta.filename) {
  for (const [file, text] of GENERATED) {
    const full = path.resolve(import.meta.dirname, '..', file);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
}

/** `tidewaiter schema`: JSON Schemas for editors. */
import { CONFIG_SCHEMA } from '../config-schema.ts';
import { quoteValue } from '../image/quote.ts';
import { anyDocumentSchema, DOCUMENT_SCHEMAS, publish } from '../policy/published-schema.ts';
import { RULES } from '../policy/rules/index.ts';
import { didYouMean } from '../policy/schema-faults.ts';
import type { Terminal } from './terminal.ts';

/** By name; `all` accepts every kind of document that a folder of policies can hold. */
const SCHEMAS: ReadonlyMap<string, () => object> = new Map([
  ['all', () => publish('all', 'A document of tidewaiter', anyDocumentSchema(RULES))],
  ...DOCUMENT_SCHEMAS.map(
    ({ name, title, schema }) => [name, (): object => publish(name, title, schema(RULES))] as const,
  ),
  ['config', () => publish('config', 'The configuration of tidewaiter (tidewaiter.yaml)', CONFIG_SCHEMA)],
]);

export const SCHEMA_NAMES: readonly string[] = [...SCHEMAS.keys()];

export function schemaText(name: string): string | undefined {
  const schema = SCHEMAS.get(name);
  return schema === undefined ? undefined : `${JSON.stringify(schema(), null, 2)}\n`;
}

export function printSchema(name: string, terminal: Terminal): number {
  const text = schemaText(name);
  if (text === undefined) {
    terminal.note(
      `unknown schema ${quoteValue(name)}${didYouMean(name, SCHEMA_NAMES)} (all schemas: ${SCHEMA_NAMES.join(', ')})\n`,
    );
    return 2;
  }
  terminal.out(text);
  return 0;
}

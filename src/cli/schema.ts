/** `tidewaiter schema`: JSON Schemas for editors. */
import { CONFIG_SCHEMA } from '../config/keys.ts';
import { UserError } from '../error/user-error.ts';
import { quoteValue } from '../image/quote.ts';
import { anyDocumentSchema, DOCUMENT_SCHEMAS, publish } from '../policy/published-schema.ts';
import type { Rule } from '../policy/rule.ts';
import { RULES } from '../policy/rules/index.ts';
import { didYouMean } from '../image/suggestion.ts';
import { type PluginFlags, rulesFrom } from './rules.ts';
import { RECORDING_SCHEMA } from '../recording/schema.ts';
import type { Terminal } from './terminal.ts';

/** Schemas by name; `all` accepts every kind of document in a policy directory. */
const SCHEMAS: ReadonlyMap<string, (rules: readonly Rule[]) => object> = new Map([
  ['all', (rules: readonly Rule[]) => publish('all', 'A document of tidewaiter', anyDocumentSchema(rules))],
  ...DOCUMENT_SCHEMAS.map(
    ({ name, title, schema }) =>
      [name, (rules: readonly Rule[]): object => publish(name, title, schema(rules))] as const,
  ),
  ['recording', () => publish('recording', 'A line of a recording of tidewaiter', RECORDING_SCHEMA)],
  ['config', () => publish('config', 'The configuration of tidewaiter (tidewaiter.yaml)', CONFIG_SCHEMA)],
]);

export const SCHEMA_NAMES: readonly string[] = [...SCHEMAS.keys()];

/** Returns a schema that includes the parameters of the rules. */
export function schemaText(name: string, rules: readonly Rule[] = RULES): string | undefined {
  const schema = SCHEMAS.get(name);
  return schema === undefined ? undefined : `${JSON.stringify(schema(rules), null, 2)}\n`;
}

export async function printSchema(name: string, flags: PluginFlags, terminal: Terminal): Promise<number> {
  const text = schemaText(name, await rulesFrom(flags, terminal));
  if (text === undefined) {
    const all = SCHEMA_NAMES.join(', ');
    throw new UserError(`unknown schema ${quoteValue(name)}${didYouMean(name, SCHEMA_NAMES)} (all schemas: ${all})`);
  }
  terminal.out(text);
  return 0;
}

/** The key `webhookKinds`: custom kinds of operators that the webhook reviews. */
import { UserError } from '../error/user-error.ts';
import { quoteValue } from '../image/quote.ts';
import type { KindEntry } from '../pod/kinds.ts';
import type { Key } from './key.ts';
import type { Value } from './values.ts';

type Given = (key: string) => Value;

export const WEBHOOK_KINDS = {
  schema: {
    type: 'array',
    items: { type: 'string', minLength: 1 },
    default: [],
    description:
      'API groups of operators whose kinds the webhook reviews next to those that kinds or a policy names, or all; for registration self and for manifests',
  },
  variable: ',',
  flag: {
    name: 'webhookKinds',
    value: 'GROUP|all',
    help: 'Also review the custom resources with Pod templates in this API group, or in all groups that tidewaiter knows; repeatable',
    isRepeatable: true,
  },
  uses: ['kinds'],
  read: { webhookKinds: knownGroups },
} as const satisfies Key;

async function knownGroups({ value, from }: Value, given: Given): Promise<readonly string[]> {
  const choices = value as readonly string[];
  if (choices.length === 0) return choices;
  const { kindTable } = await import('../pod/kinds.ts');
  const { all } = kindTable(given('kinds').value as readonly KindEntry[]);
  const groups = new Set(all.map(({ group }) => group).filter((group) => group.includes('.')));
  const unknown = choices.find((choice) => choice !== 'all' && !groups.has(choice));
  if (unknown === undefined) return choices;
  const { didYouMean } = await import('../image/suggestion.ts');
  const hint = didYouMean(unknown, [...groups]);
  throw new UserError(
    `${from}: no custom kinds are known in the API group ${quoteValue(unknown)}${hint}; use a known group, or all`,
  );
}

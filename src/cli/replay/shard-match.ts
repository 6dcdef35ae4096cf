/** Reports which shard was evaluated with other policies, options, or recordings than the first one. */
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ShardFile } from './shard-result.ts';

/** What must be the same, in the order in which a difference is explained. */
const ALIKE: readonly {
  readonly what: string;
  readonly textOf: (file: ShardFile) => string;
  /** Of values that say nothing to people, such as hashes. */
  readonly isOpaque?: true;
}[] = [
  { what: 'recordings', textOf: ({ head }) => head.basis.paths.join(', ') },
  { what: 'policies', textOf: ({ head }) => head.basis.policies },
  { what: 'content of the policies', textOf: ({ head }) => head.basis.generations.join(' '), isOpaque: true },
  { what: 'options', textOf: ({ head }) => head.basis.options.join(' ') || 'none' },
  { what: 'content of the recordings', textOf: ({ end }) => end.inputs, isOpaque: true },
];

export function requireAlike([first, ...others]: readonly ShardFile[]): void {
  if (first === undefined) return;
  for (const { what, textOf, isOpaque } of ALIKE) {
    const expected = textOf(first);
    for (const file of others) {
      const found = textOf(file);
      if (found === expected) continue;
      const values = isOpaque ? '' : `: ${quoteValue(expected)} and ${quoteValue(found)}`;
      throw new UserError(
        `${file.file}: shard ${file.head.shard} has other ${what} than shard ${first.head.shard}${values}; run the shards with the same input`,
      );
    }
  }
}

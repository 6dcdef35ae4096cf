/** Reports kinds that cannot occur: a policy with such a kind silently never applies. */
import { compileGlobs } from '../image/glob.ts';
import { quoteValue } from '../image/quote.ts';
import type { KindTable } from '../pod/kinds.ts';
import { didYouMean } from '../image/suggestion.ts';

export function kindFault(text: string, table: KindTable): string | undefined {
  if (matchesSome(text, table)) return undefined;
  return `kind ${quoteValue(text)} is unknown or has no images${nearest(text, table)} (add custom kinds under "kinds" in the configuration)`;
}

function matchesSome(glob: string, { names, fullNames }: KindTable): boolean {
  const matches = compileGlobs([glob]);
  return names.some(matches) || fullNames.some(matches);
}

function nearest(text: string, table: KindTable): string {
  if (text.trim().startsWith('!'))
    return '; "!" does not negate; list the kinds that are meant, here or under the opposite key';
  const meant = mended(text, table);
  if (meant !== undefined) return `; did you mean "${meant}"?`;
  const { names, fullNames } = table;
  const dot = text.indexOf('.');
  const name = dot < 0 ? text : text.slice(0, dot);
  return names.includes(name) ? didYouMean(text, fullNames) : didYouMean(name, names);
}

/** Finds a kind that differs only in case, whitespace, the syntax of another pattern language, or an API version prefix. */
function mended(text: string, { names, fullNames }: KindTable): string | undefined {
  const plain = text
    .trim()
    .replace(/^[/^]+|[/$]+$/g, '')
    .replaceAll(/\.\*|\?/g, '*')
    .toLowerCase();
  for (const glob of [plain, plain.slice(plain.lastIndexOf('/') + 1)]) {
    const matches = compileGlobs([glob]);
    const meant = [...names, ...fullNames].find((name) => matches(name.toLowerCase()));
    if (meant !== undefined) return meant;
  }
  return undefined;
}

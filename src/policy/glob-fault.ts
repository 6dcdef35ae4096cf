/**
 * Reports globs that cannot match any name: a policy with such a glob looks like a policy without violations. Patterns of other
 * tools (`!x`, `x?`, `[ab]`, `{a,b}`, regular expressions) get a suggestion.
 */
import { quoteValue } from '../image/quote.ts';
import type { GlobField } from './glob-field.ts';

/** `opposite`: the key with the opposite effect. */
export function globFault(glob: string, field: GlobField, opposite?: string): string | undefined {
  if (field.canMatch(glob)) return undefined;
  return `${shown(glob)} cannot match any ${field.noun}: ${negationIn(glob, field, opposite) ?? reasonOf(glob, field)}`;
}

function negationIn(glob: string, field: GlobField, opposite: string | undefined): string | undefined {
  const text = glob.trim();
  if (!text.startsWith('!')) return undefined;
  if (opposite === undefined) return `"!" does not negate; list the ${field.noun}s that are meant`;
  const meant = nearest(text.replace(/^[!\s]+/u, ''), field);
  return `"!" does not negate; put ${meant === undefined ? 'the name' : shown(meant)} under ${opposite}`;
}

function reasonOf(glob: string, field: GlobField): string {
  const entries = alternatives(glob.trim()).flatMap((one) => nearest(one, field) ?? []);
  if (entries.length > 1) return `${STAR_ONLY}; use ${entries.length} entries: ${entries.map(shown).join(', ')}`;
  const near = nearest(glob, field);
  return `${whyNot(glob, field)}${near === undefined ? '' : `; use ${shown(near)}`}`;
}

const STAR_ONLY = 'only "*" is a special character';

function whyNot(glob: string, field: GlobField): string {
  const trimmed = glob.trim();
  if (glob !== trimmed && field.canMatch(trimmed)) return 'there is whitespace around it';
  if (field.isLowercase && field.canMatch(glob.toLowerCase())) return `${field.noun}s have no uppercase letters`;
  if (/[?^$[\](){}|\\+]|^\/.*\/$|\.\*/u.test(glob)) return STAR_ONLY;
  const odd = /[^\x20-\x7e]/u.exec(glob)?.[0];
  return odd === undefined ? field.formOf(glob) : `${field.formOf(glob)} (found ${codePoint(odd)})`;
}

function codePoint(character: string): string {
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return `${quoteValue(character)}, U+${code}`;
}

function shown(text: string): string {
  return quoteValue(text, 80);
}

const MAX_ALTERNATIVES = 8;

/** `a-{b,c}` -> `a-b`, `a-c`; also `a-(b|c)`, `b|c` and `b,c`. Text without alternatives is returned as it is. */
function alternatives(text: string): readonly string[] {
  const [whole] = /\{[^{}]*,[^{}]*\}|\([^()]*\|[^()]*\)/u.exec(text) ?? [];
  if (whole === undefined) return text.split(/[,|]/u).slice(0, MAX_ALTERNATIVES);
  const at = text.indexOf(whole);
  const choices = whole.slice(1, -1).split(/[,|]/u).slice(0, MAX_ALTERNATIVES);
  return choices.map((choice) => `${text.slice(0, at)}${choice.trim()}${text.slice(at + whole.length)}`);
}

/** Returns the first corrected glob that can match. A result without letters or digits would match everything and is dropped. */
function nearest(glob: string, field: GlobField): string | undefined {
  let text = glob;
  for (const mend of [undefined, ...MENDS]) {
    text = mend === undefined ? text : mend(text);
    if (field.canMatch(text)) return /[\p{L}\p{N}]/u.test(text) || EVERYTHING.test(glob) ? text : undefined;
  }
  return undefined;
}

const EVERYTHING = /^[\s/^]*(?:\.\*|\.\+|%|\[.*\][*+])[\s/$]*$/u;

const MENDS: readonly ((text: string) => string)[] = [
  (text) => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ').trim(),
  (text) => text.replace(/^\/(.*)\/$/u, '$1'),
  (text) => (text.startsWith('^') && !text.endsWith('$') ? `${text}*` : text),
  (text) => (text.endsWith('$') && !text.startsWith('^') ? `*${text}` : text),
  (text) => text.replace(/^\^/u, '').replace(/\$$/u, ''),
  (text) => text.replaceAll(/\[[^\]]*\][*+?]?|\\[dwsDWS][*+?]?|\.[*+]|[?()+%]/gu, '*'),
  (text) => text.replaceAll('\\', '').replaceAll(/\*+/gu, '*'),
  (text) => text.toLowerCase(),
  (text) => text.replaceAll(/[_\s]+/gu, '-'),
  (text) => text.replace(/^[-.]+/u, '').replace(/[-.]+$/u, ''),
  // A ServiceAccount by its namespace alone, or in the form of kubectl.
  (text) => text.replaceAll('/', ':'),
  (text) => `${text}:*`,
];

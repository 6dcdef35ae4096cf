/** Removes what was redacted in a review from the texts of its response: expressions and plugins can quote any value. */
import { quoteValue } from '../../image/quote.ts';
import { MARKER } from './secret-texts.ts';

export interface Scrub {
  /** What was redacted. */
  readonly secrets: ReadonlySet<string>;
  /** The JSON of the redacted review; what it contains is recorded anyway. */
  readonly kept: string;
  readonly hashUser: (name: string) => string;
}

/** Also hashes the user names of credentials. */
export function scrubbed<T>(value: T, { secrets, kept, hashUser }: Scrub): T {
  const text = JSON.stringify(value);
  const hasUsers = text.includes('(user ');
  const quoted = secrets.size === 0 ? NO_QUOTES : quotedSecrets(value, secrets, kept);
  if (!hasUsers && quoted.short.length + quoted.parts.size === 0) return value;
  return mapTexts(value, (one) => withoutQuotes(hasUsers ? withoutUsers(one, hashUser) : one, quoted)) as T;
}

/**
 * Rules can cut a value, change its case, or quote a part of it, so parts of this length count. Shorter values are also parts of
 * words, so they are removed only where they are whole words, and the shortest only in quotes.
 */
const PART = 8;
const WORD = 4;

interface Quotes {
  readonly short: readonly string[];
  /** In lowercase. */
  readonly parts: ReadonlySet<string>;
}

const NO_QUOTES: Quotes = { short: [], parts: new Set() };

function quotedSecrets(value: unknown, secrets: ReadonlySet<string>, kept: string): Quotes {
  const texts: string[] = [];
  mapTexts(value, (text) => {
    texts.push(text.toLowerCase());
    return text;
  });
  const inTexts = new Set(texts.flatMap((text) => partsOf(text)));
  const known = kept.toLowerCase();
  const short: string[] = [];
  const parts = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < PART) short.push(secret);
    else addParts(secret, inTexts, parts);
  }
  for (const part of parts) if (isIn(known, part)) parts.delete(part);
  const isQuoted = (one: string): boolean => texts.some((text) => text.includes(one.toLowerCase()));
  return { short: short.filter((one) => isQuoted(one) && !isIn(kept, one)), parts };
}

function partsOf(text: string): readonly string[] {
  return Array.from({ length: Math.max(0, text.length - PART + 1) }, (_, at) => text.slice(at, at + PART));
}

/** Also of the secret as messages quote it. */
function addParts(secret: string, inTexts: ReadonlySet<string>, parts: Set<string>): void {
  if (inTexts.size === 0) return;
  for (const spelling of new Set([secret, quoteValue(secret, Number.POSITIVE_INFINITY).slice(1, -1)])) {
    const lower = spelling.toLowerCase();
    for (let at = 0; at + PART <= lower.length; at += 1) {
      const part = lower.slice(at, at + PART);
      if (inTexts.has(part)) parts.add(part);
    }
  }
}

function isIn(json: string, text: string): boolean {
  return json.includes(JSON.stringify(text).slice(1, -1));
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((child) => mapTexts(child, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, mapTexts(child, change)]));
}

function withoutQuotes(text: string, { short, parts }: Quotes): string {
  const long = parts.size === 0 ? text : withoutParts(text, parts);
  return short.reduce((result, one) => result.replaceAll(shortPattern(one), MARKER), long);
}

function shortPattern(secret: string): RegExp {
  const text = secret.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const [before, after] = secret.length < WORD ? [`(?<=["'])`, `(?=["'])`] : [`(?<![A-Za-z0-9])`, `(?![A-Za-z0-9])`];
  return new RegExp(before + text + after, 'gi');
}

function withoutParts(text: string, parts: ReadonlySet<string>): string {
  const lower = text.toLowerCase();
  // Its case changes the length of some letters.
  if (lower.length !== text.length) return [...parts].some((part) => lower.includes(part)) ? MARKER : text;
  let result = '';
  let done = 0;
  for (let at = 0; at + PART <= text.length; at += 1) {
    if (!parts.has(lower.slice(at, at + PART))) continue;
    const start = Math.max(at, done);
    if (at > done || at === 0) result += text.slice(done, start) + MARKER;
    done = at + PART;
  }
  return result + text.slice(done);
}

/** As `shownUser` and `quoteValue` write them. */
const USER = /\(user (?:([\w.@+|$-]{1,100})|"((?:[^"\\]|\\.)*)")\)/g;
const SAME = '<same as password>';

function withoutUsers(text: string, hashUser: Scrub['hashUser']): string {
  return text.replace(USER, (whole: string, plain: string | undefined, quoted: string | undefined) => {
    if (plain !== undefined) return `(user ${hashUser(plain)})`;
    return quoted === SAME || quoted === undefined ? whole : `(user "${hashUser(quoted)}")`;
  });
}

/** The parts of YAML, JSON, and templates of YAML that can be shown: keys, indicators, and values that address something. */
import { TOKEN, type Token } from '../../files/yaml/cursor.ts';
import { tokensOf } from '../../files/yaml/scanner.ts';
import { type Blanked, withoutExpressions } from '../../files/yaml/templates.ts';
import { follow, type Frame, isPrivateIn, rootFrame } from './frames.ts';
import type { Part } from './parts.ts';
import { keyParts, scalarParts } from './scalar-parts.ts';

/** `from`, `to`: a document. Text that is not YAML is skipped up to the next line. */
export function yamlParts(text: string, from: number, to: number): readonly Part[] {
  const own = text.slice(from, to);
  const source = withoutExpressions(own);
  const parts: Part[] = expressionParts(source);
  const anchors: Part[] = [];
  let isWhole = true;
  for (let at = 0, faults = 0; at < source.text.length && faults <= MAX_FAULTS; faults += 1) {
    const tokens = tokensOf(source.text.slice(at));
    addParts({ parts, anchors }, tokens, { text: own, at, isKnown: faults === 0 });
    const end = at + (tokens.at(-1)?.at ?? 0);
    isWhole &&= end >= source.text.length;
    // All of the rest is in a quote that is not closed.
    if (/["']/.test(source.text.charAt(end))) break;
    at = restartAfter(source.text, end);
  }
  // With a quote too many, a text in quotes can look like an anchor or alias.
  return [...parts, ...(isWhole ? anchors : [])]
    .toSorted((one, other) => one.from - other.from)
    .map((part) => ({ ...part, from: part.from + from, to: part.to + from }));
}

/** Of a text with more faults, nothing more is shown. */
const MAX_FAULTS = 20;

/** A fault in the indentation, such as a tab, does not concern the rest of its line. */
function restartAfter(text: string, fault: number): number {
  const lineStart = text.lastIndexOf('\n', fault - 1) + 1;
  const isIndentation = text.slice(lineStart, fault).trim() === '' && /[\t ]/.test(text.charAt(fault));
  const next = text.indexOf('\n', fault);
  if (!isIndentation) return next === -1 ? text.length : next + 1;
  return fault + (/^[\t ]*/.exec(text.slice(fault, fault + MAX_INDENT))?.[0].length ?? 1);
}

const MAX_INDENT = 1000;

const BRANCH = /^\{\{-?\s*(?:if|else if|else|end|with|range|define|block|template|include)?\b/;
/** A path of values, and no text. */
const PATH_ONLY = /^\{\{-?\s*(?:(?:if|else if|with|range|else|end)\b)?\s*(?:not\s+)?(?:[$.][\w$.]*)?\s*-?\}\}$/;

/** An expression on a line of its own has its first word and its braces, or all of it if it refers to values only. */
function expressionParts({ text, lines }: Blanked): Part[] {
  return lines.flatMap(({ from, source }) => {
    const to = from + source.length;
    if (PATH_ONLY.test(source)) return [{ from, to }];
    const head = from + (BRANCH.exec(source)?.[0].length ?? 0);
    return source.endsWith('}}') && head > from && head < to - 2 && text.length >= to
      ? [
          { from, to: head },
          { from: to - 2, to },
        ]
      : [];
  });
}

interface Scanned {
  /** With its template expressions. */
  readonly text: string;
  /** Where the tokens begin. */
  readonly at: number;
  /** False after a fault: the objects around the text are unknown. */
  readonly isKnown: boolean;
}

interface FoundParts {
  readonly parts: Part[];
  readonly anchors: Part[];
}

function addParts(
  { parts, anchors }: FoundParts,
  tokens: readonly Token[],
  { text, at: base, isKnown }: Scanned,
): void {
  const root = rootFrame(!isKnown);
  const frames = [root];
  let isKey = false;
  let end = base;
  for (const [index, token] of tokens.entries()) {
    const frame = frames.at(-1) ?? root;
    const at = base + token.at;
    const to = at + lengthOf(token);
    if (token.kind === TOKEN.scalar) {
      if (isKey) frame.key = token.text;
      const next = base + (tokens[index + 1]?.at ?? token.at);
      const found = isKey ? keyParts(text, at, token) : scalarParts(text, { token, at, before: end, next }, frame);
      parts.push(...found);
    } else if (to > at) {
      listOf(token, frame, { parts, anchors })?.push({ from: at, to });
      end = to;
    }
    isKey = follow(token, frames, frame, isKey);
  }
}

/** A secret without quotes can begin with the sign of an anchor or alias. */
function listOf(token: Token, frame: Frame, { parts, anchors }: FoundParts): Part[] | undefined {
  if (!isAnchor(token)) return parts;
  return isPrivateIn(frame) ? undefined : anchors;
}

/** 0: nothing of it can be shown. */
function lengthOf(token: Token): number {
  return isAnchor(token) ? 1 + token.text.length : (INDICATORS[token.kind] ?? 0);
}

function isAnchor({ kind }: Token): boolean {
  return kind === TOKEN.anchor || kind === TOKEN.alias;
}

/** The lengths of tokens that have no text. */
const INDICATORS: { readonly [kind in Token['kind']]?: number } = {
  [TOKEN.documentStart]: 3,
  [TOKEN.documentEnd]: 3,
  [TOKEN.flowListStart]: 1,
  [TOKEN.flowListEnd]: 1,
  [TOKEN.flowMapStart]: 1,
  [TOKEN.flowMapEnd]: 1,
  [TOKEN.blockEntry]: 1,
  [TOKEN.flowEntry]: 1,
  [TOKEN.value]: 1,
};

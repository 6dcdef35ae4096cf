/** Finds the places for a digest and for another name in the text of a YAML or JSON scalar. */
import type { ImageReference } from '../../image/reference.ts';
import { type EditTarget, nameLength, type NameTarget, taggedText } from '../../pinning/image-location.ts';

/** The characters of a scalar, without its quotes. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** True if the text equals the value, without escapes and folding. */
  readonly literal: boolean;
}

/**
 * `offset` is the position of a value (positionOf): its quote, or the first letter of a plain or block scalar. Returns undefined
 * if the text spans several lines.
 */
export function spanOf(text: string, offset: number, value: string): Span | undefined {
  const quote = text.charAt(offset);
  if (quote !== '"' && quote !== "'") {
    return text.startsWith(value, offset) ? { from: offset, to: offset + value.length, literal: true } : undefined;
  }
  const from = offset + 1;
  const to = closingQuote(text, from, quote);
  return { from, to, literal: text.slice(from, to) === value };
}

/** Images contain no quotes, so doubled single quotes need no handling. */
export function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && quote === '"') at += 1;
    else if (character === quote) return at;
  }
  return text.length;
}

const SEVERAL_LINES = 'it spans several lines; write it on one line';

/**
 * `value` is `lead` followed by the reference. A scalar with escapes is rewritten as a whole, because a reference needs no
 * escapes.
 */
export function imageTarget(
  { text, offset }: { readonly text: string; readonly offset: number },
  { value, reference }: { readonly value: string; readonly reference: ImageReference },
): EditTarget {
  const lead = value.length - reference.text.length;
  const span = value.endsWith(reference.text) ? spanOf(text, offset, value) : undefined;
  if (span === undefined) return { ok: false, reason: SEVERAL_LINES };
  if (!span.literal) {
    return {
      ok: true,
      from: span.from,
      to: span.to,
      before: `${value.slice(0, lead)}${taggedText(reference)}@`,
      after: '',
    };
  }
  return literalTarget(span.from + lead, reference);
}

/** Like `imageTarget`, for another name. */
export function nameTarget(
  { text, offset }: { readonly text: string; readonly offset: number },
  { value, reference }: { readonly value: string; readonly reference: ImageReference },
): NameTarget {
  const lead = value.length - reference.text.length;
  const span = value.endsWith(reference.text) ? spanOf(text, offset, value) : undefined;
  if (span === undefined) return { ok: false, reason: SEVERAL_LINES };
  const end = lead + nameLength(reference);
  return span.literal
    ? namePlace({ from: span.from + lead, to: span.from + end })
    : namePlace({ from: span.from, to: span.to, before: value.slice(0, lead), after: value.slice(end) });
}

export function namePlace({
  from,
  to,
  before = '',
  after = '',
}: Pick<Span, 'from' | 'to'> & { readonly before?: string; readonly after?: string }): NameTarget {
  return { ok: true, pieces: [{ part: 'name', from, to, before, after }] };
}

/** Creates the target for a reference whose text starts at `from`. */
export function literalTarget(from: number, reference: ImageReference): EditTarget {
  return digestTarget(from + reference.text.length, reference);
}

/** Creates the target for a reference whose tag or digest ends at `end`. */
export function digestTarget(end: number, reference: ImageReference): EditTarget {
  const { digest } = reference;
  if (digest !== undefined) return { ok: true, from: end - digest.length, to: end, before: '', after: '' };
  const before = `${taggedText(reference).slice(reference.text.length)}@`;
  return { ok: true, from: end, to: end, before, after: '' };
}

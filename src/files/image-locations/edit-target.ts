/** Where the digest of an image goes in the text of a YAML or JSON scalar. */
import type { ImageReference } from '../../image/reference.ts';
import { type EditTarget, taggedText } from '../../pinning/image-location.ts';

/** The characters of a scalar, without its quotes. */
export interface Span {
  readonly from: number;
  readonly to: number;
  /** Whether the text between is the value itself: no escapes, no folding. */
  readonly literal: boolean;
}

/**
 * `offset` is where a value stands (positionOf): at its quote, at the first letter of a plain or block scalar. Undefined where
 * the text between does not end on the same line as it began.
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

/** No image has a quote in it, so that of a single-quoted text is not doubled. */
function closingQuote(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '\\' && quote === '"') at += 1;
    else if (character === quote) return at;
  }
  return text.length;
}

/**
 * `value` is the scalar's: `lead` and then the reference. Of a scalar with escapes all is written anew, which needs none: a
 * reference has only letters, digits and `.-_/:@`.
 */
export function imageTarget(
  { text, offset }: { readonly text: string; readonly offset: number },
  { value, reference }: { readonly value: string; readonly reference: ImageReference },
): EditTarget {
  const lead = value.length - reference.text.length;
  const span = value.endsWith(reference.text) ? spanOf(text, offset, value) : undefined;
  if (span === undefined) return { ok: false, reason: 'it spans several lines; write it on one line' };
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

/** For a reference that stands at `from` just as it is. */
export function literalTarget(from: number, reference: ImageReference): EditTarget {
  return digestTarget(from + reference.text.length, reference);
}

/** For a reference whose tag, or digest, ends at `end`. */
export function digestTarget(end: number, { digest, ...rest }: ImageReference): EditTarget {
  if (digest !== undefined) return { ok: true, from: end - digest.length, to: end, before: '', after: '' };
  const reference = { digest, ...rest };
  const before = `${taggedText(reference).slice(reference.text.length)}@`;
  return { ok: true, from: end, to: end, before, after: '' };
}

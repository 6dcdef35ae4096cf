/** Messages that programs print into the same pipe as manifests. */
import { quoteValue } from '../../image/quote.ts';

/**
 * kubectl and helm print these on standard error, and `2>&1` mixes them in; `Pulled:` and `Digest:` come from charts in
 * registries, `W1129 …` is klog, `coalesce.go:237: …` is helm's own log.
 */
const MESSAGE =
  /^(?:(?:WARNING|Warning|warning|Error|error|ERROR|Pulled|Digest|Release|Hang tight)\b|[IWEF]\d{4} \d|[\w/.-]+\.go:\d+:|time="|level=|Error from server)/;

export interface OutputFault {
  readonly offset: number;
  /** A sentence fragment. */
  readonly problem: string;
}

/** Returns the program message at the start of a text that is not a manifest. */
export function messageIn(text: string): OutputFault | undefined {
  for (const { index, 0: line } of text.matchAll(/[^\n]+/g)) {
    if (/^\s*(?:#|---|$)/.test(line)) continue;
    return MESSAGE.test(line) ? { offset: index, problem: messageWords(line) } : undefined;
  }
  return undefined;
}

/** Returns the program message that parsed as a value without apiVersion. */
export function messageOf(value: unknown): string | undefined {
  if (typeof value === 'string') return MESSAGE.test(value) ? messageWords(value) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const [entry] = Object.entries(value);
  const line = entry === undefined ? '' : `${entry[0]}: ${String(entry[1])}`;
  return MESSAGE.test(line) ? messageWords(line) : undefined;
}

function messageWords(line: string): string {
  return `${quoteValue(line.trim(), 80)} is a message from a program, not a manifest; pass only its standard output (without 2>&1)`;
}

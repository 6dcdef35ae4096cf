/** What programs print around manifests: into the same pipe, or above and below them. */
import { quoteValue } from '../image/quote.ts';

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

/** For a text that is no manifest: the message of a program that it starts with. */
export function messageIn(text: string): OutputFault | undefined {
  for (const { index, 0: line } of text.matchAll(/[^\n]+/g)) {
    if (/^\s*(?:#|---|$)/.test(line)) continue;
    return MESSAGE.test(line) ? { offset: index, problem: messageWords(line) } : undefined;
  }
  return undefined;
}

/** The same for what can be read, and has no apiVersion. */
export function messageOf(value: unknown): string | undefined {
  if (typeof value === 'string') return MESSAGE.test(value) ? messageWords(value) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const [entry] = Object.entries(value);
  const line = entry === undefined ? '' : `${entry[0]}: ${String(entry[1])}`;
  return MESSAGE.test(line) ? messageWords(line) : undefined;
}

function messageWords(line: string): string {
  return `${quoteValue(line.trim(), 80)} is a message of a program, not a manifest: pass only its standard output (without 2>&1)`;
}

const REPORT = /^(?:[^\n]*\n){0,20}?NAME: \S+[^\n]*\n(?:CHART: [^\n]*\n|VERSION: [^\n]*\n)*LAST DEPLOYED: /;
const START = /^(?:HOOKS|MANIFEST):[ \t]*\r?$/m;

/**
 * `helm install --dry-run` and `helm get all` print manifests between `HOOKS:`, `MANIFEST:` and `NOTES:`. All but the
 * manifests becomes space, so that each line stays where it is. Other texts stay as they are.
 */
export function withoutHelmReport(text: string): string {
  if (!REPORT.test(text)) return text;
  const start = START.exec(text);
  if (start === null) return text;
  const notes = text.lastIndexOf('\nNOTES:');
  const end = notes < start.index ? text.length : notes;
  const manifests = text.slice(start.index, end).replaceAll(/^(?:HOOKS|MANIFEST):[ \t]*\r?$/gm, blank);
  return blank(text.slice(0, start.index)) + manifests + blank(text.slice(end));
}

function blank(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ');
}

/** The lines of an object that lead to an image, made from its pointer: a recording shows no other values. */
import type { ReplayRow } from '../../recording/replay-row.ts';
import { maskPassword } from '../../image/password.ts';
import { CUT } from '../../image/quote.ts';
import type { Excerpt, ExcerptLine, ReportFinding } from './report-data.ts';

type Value = Pick<ReportFinding, 'pointer' | 'image' | 'container'>;

const MAX_SEGMENTS = 20;
const MAX_IMAGE = 300;

/** null: the value is not an image, so it is not known. */
export function pointerExcerpt(
  { apiVersion, kind }: Pick<ReplayRow, 'apiVersion' | 'kind'>,
  { pointer, image, container }: Value,
): Excerpt | null {
  if (pointer === null || image === null || !/\/(?:image|reference)$/.test(pointer)) return null;
  const segments = pointer.slice(1).split('/').map(unescaped);
  if (segments.length > MAX_SEGMENTS) return null;
  const { lines, lead } = outline(segments, container);
  const key = `${lead}${segments.at(-1) ?? ''}: `;
  const shown = maskPassword(image.slice(0, MAX_IMAGE));
  const all = [`apiVersion: ${apiVersion}`, `kind: ${kind}`, ...lines, `${key}${shown}`];
  const numbered = all.map((text, index): ExcerptLine => [index + 1, text]);
  return { lines: numbered, marked: all.length - 1, from: key.length, to: key.length + shown.length };
}

interface Outline {
  readonly lines: readonly string[];
  /** What is before the last key. */
  readonly lead: string;
}

/** The lines above the last key. An item that is not the first has a line for those before it. */
function outline(segments: readonly string[], container: string | null): Outline {
  const lines: string[] = [];
  let indent = '';
  let lead = '';
  for (const [at, segment] of segments.slice(0, -1).entries()) {
    if (!/^\d+$/.test(segment)) {
      lines.push(`${lead}${segment}:`);
      indent += lead === indent ? '  ' : '    ';
      lead = indent;
      continue;
    }
    if (segment !== '0') lines.push(`${indent}${CUT}`);
    lead = `${indent}- `;
    if (at < segments.length - 2 || container === null) continue;
    lines.push(`${lead}name: ${container}`);
    lead = `${indent}  `;
  }
  return { lines, lead };
}

function unescaped(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

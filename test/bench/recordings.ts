/** Generated recordings: lines as `serve --record` writes them, with the response of the built-in policy. Always the same bytes. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { constants, zstdCompressSync } from 'node:zlib';
import { answerText, decisionReview, readReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { loadConfig } from '../../src/config/config.ts';
import { noteFacts } from '../../src/recording/noted-facts.ts';
import { recordedSecret } from '../../src/recording/secret.ts';
import { lineContent } from '../../src/server/recording/recorded-lines.ts';
import { compose } from '../../src/wiring.ts';
import { reviewBodies } from './reviews.ts';

/** Different reviews; the others differ from one of them in UIDs, times, and generated names. */
const KINDS = 200;
/** Every hundredth review was recorded with another response. */
const EVERY = 100;
const BEGIN = Date.parse('2027-03-01T00:00:00Z');
const STEP_MS = 250;
const FRAME_LINES = 500;

interface Written {
  readonly bytes: number;
  /** Reviews whose response differs. */
  readonly different: number;
}

/** Texts of a review, and what each review has instead of them; `NUMBER` is its number. */
type Distinct = Readonly<Record<string, string>>;

/** Each review has a Deployment of its own. */
export const DISTINCT_OWNERS: Distinct = { 'shop-7d9f8b6c5': 'shop-NUMBER-7d9f8b6c5' };
/** Each review has images of its own, which are in the messages about it. */
export const DISTINCT_IMAGES: Distinct = { 'registry.example.com/shop/': 'registry.example.com/shop-NUMBER/' };

/** Writes `count` reviews of 10 KB, compressed with zstd in frames, or plain. */
export async function writeRecording(
  file: string,
  count: number,
  isCompressed: boolean,
  distinct: Distinct = {},
): Promise<Written> {
  const templates = await lineTemplates(distinct);
  const output = openSync(file, 'w');
  let bytes = 0;
  for (let first = 0; first < count; first += FRAME_LINES) {
    const lines = Array.from({ length: Math.min(FRAME_LINES, count - first) }, (_, index) =>
      lineOf(templates, first + index),
    );
    const text = Buffer.from(lines.join(''));
    bytes += text.length;
    const params = { [constants.ZSTD_c_compressionLevel]: 1 };
    writeSync(output, isCompressed ? zstdCompressSync(text, { params }) : text);
  }
  closeSync(output);
  return { bytes, different: Math.ceil(count / EVERY) };
}

function lineOf(templates: readonly string[], index: number): string {
  const template = templates[index % templates.length] ?? '';
  const number = String(index).padStart(12, '0');
  const line = template.replaceAll('NUMBER', number).replace('TIME', new Date(BEGIN + index * STEP_MS).toISOString());
  return index % EVERY === 0 ? line.replace('"response":{"allowed":true', '"response":{"allowed":false') : line;
}

async function lineTemplates(distinct: Distinct): Promise<readonly string[]> {
  const { config } = await loadConfig({}, {});
  const { context } = await compose(config);
  const text = reviewBodies().find(({ name }) => name === '10 KB')?.text ?? '';
  const { signal } = new AbortController();
  const hashUser = (name: string): string => name;
  const templates = Array.from({ length: KINDS }, async (_, kind) => {
    const body = text
      .replaceAll('2b7a1f6e-5c1d-4f0e-9a53-7c8e1d2f3a4b', '2b7a1f6e-5c1d-4f0e-9a53-NUMBER')
      .replaceAll('"namespace":"shop"', `"namespace":"shop-${kind % 40}"`)
      .replaceAll(/(sha256:[0-9a-f]{60})[0-9a-f]{4}/g, `$1${String(kind).padStart(4, '0')}`);
    const own = Object.entries(distinct).reduce((all, [from, to]) => all.replaceAll(from, to), body);
    const read = readReview(JSON.parse(own));
    if (!read.ok) throw new Error(read.problem);
    const noted = noteFacts(context, BEGIN, { hashUser, secretOf: (secret) => recordedSecret(secret, hashUser) });
    const decision = await validate(read.review.request, noted.context, signal);
    const answer = answerText(decisionReview(read.review, decision, '0123456789ab'));
    const note = {
      time: BEGIN,
      endpoint: 'validate',
      durationMs: 1,
      answer,
      facts: noted.facts(),
      dropped: 0,
    } as const;
    const content = lineContent({ note, body: Buffer.from(own) }, { version: '0.1.0', fields: new Set(), hashUser });
    if (typeof content === 'string') throw new Error(content);
    const { format, type, ...rest } = content;
    return `${JSON.stringify({ format, type, id: 'bench-NUMBER', ...rest, time: 'TIME', dropped: 0 })}\n`;
  });
  return Promise.all(templates);
}

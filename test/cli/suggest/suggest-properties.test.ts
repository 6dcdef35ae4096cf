/** What `suggest` claims is true for the engine: the policies deny nothing, and each step denies what it says. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { readReview } from '../../../src/admission/review.ts';
import { validate } from '../../../src/admission/validate.ts';
import { parseDocuments } from '../../../src/files/yaml/yaml.ts';
import { kindTable } from '../../../src/pod/kinds.ts';
import { readPolicy } from '../../../src/policy/document.ts';
import type { Policy } from '../../../src/policy/policy.ts';
import { RULES } from '../../../src/policy/rules/index.ts';
import type { RecordedRepeats, RecordedReview } from '../../../src/recording/format.ts';
import { recordedWorld } from '../../../src/recording/recorded-world.ts';
import type { SuggestReport } from '../../../src/report/suggest.ts';
import { runCommand } from '../../support/command.ts';
import { recordings } from '../../recording/random-recordings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-suggest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const kinds = kindTable();
type Lines = readonly (RecordedReview | RecordedRepeats)[];

function policyOf(document: unknown): Policy {
  const read = readPolicy(document, { rules: RULES, kinds });
  if (!read.ok) throw new Error(JSON.stringify(read.faults));
  return read.policy;
}

interface Denials {
  readonly denied: number;
  readonly first: string | null;
  readonly last: string | null;
}

/** The reviews that policies deny, of those that were allowed, for the validating webhook. */
async function denials(documents: readonly unknown[], lines: Lines): Promise<Denials> {
  const policies = documents.map(policyOf);
  const times: string[] = [];
  let denied = 0;
  for (const line of lines) {
    if (line.type !== 'review' || line.endpoint !== 'validate' || line.response?.allowed !== true) continue;
    const read = readReview(line.review);
    if (!read.ok) throw new Error(read.problem);
    const context = { kinds, policies, world: recordedWorld(line.facts), now: () => Date.parse(line.time) };
    const decision = await validate(read.review.request, context, new AbortController().signal);
    if (decision.allowed) continue;
    const more = lines.filter((one) => one.type === 'repeats' && one.of === line.id) as readonly RecordedRepeats[];
    denied += more.reduce((sum, { count }) => sum + count, 1);
    times.push(line.time, ...more.flatMap(({ first, last }) => [first, last]));
  }
  const sorted = times.toSorted();
  return { denied, first: sorted[0] ?? null, last: sorted.at(-1) ?? null };
}

function nameOf(document: object): string {
  return (document as { readonly metadata: { readonly name: string } }).metadata.name;
}

async function suggested(lines: Lines, ...more: readonly string[]): Promise<string | undefined> {
  const file = path.join(folder, 'r.ndjson');
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const { code, out, note } = await runCommand(['suggest', '--from', file, '--steps', '1000', ...more]);
  if (code === 2 && note.includes('no review with images')) return undefined;
  expect({ code, note }).toEqual({ code: 0, note: '' });
  return out;
}

describe('the suggestion', () => {
  test('denies nothing of the recording, and each step denies what it says', async () => {
    await fc.assert(
      fc.asyncProperty(recordings, fc.constantFrom('registry', 'repository'), async (lines, allow) => {
        const out = await suggested(lines, '-o', 'json', '--allow', allow);
        if (out === undefined) return;
        const { policies, steps } = JSON.parse(out) as SuggestReport;
        expect(await denials(policies, lines)).toMatchObject({ denied: 0 });
        for (const { policy, change, denied, first, last } of steps) {
          const others = policies.filter((one) => nameOf(one) !== nameOf(policy));
          expect({ change, ...(await denials([...others, policy], lines)) }).toEqual({ change, denied, first, last });
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  test('is the same in YAML, whatever the names in the recording are', async () => {
    await fc.assert(
      fc.asyncProperty(recordings, async (lines) => {
        const out = await suggested(lines, '-o', 'yaml');
        if (out === undefined) return;
        const json = JSON.parse((await suggested(lines, '-o', 'json')) ?? '') as SuggestReport;
        expect(parseDocuments(out).map((document) => (document.ok ? document.value : document.problem))).toEqual(
          json.policies,
        );
      }),
      { numRuns: 15 },
    );
  }, 60_000);

  test('suggests no rule whose facts are unknown', async () => {
    await fc.assert(
      fc.asyncProperty(recordings, async (lines) => {
        const withoutFacts = lines.map((line) => (line.type === 'review' ? { ...line, facts: { sources: [] } } : line));
        const out = await suggested(withoutFacts, '-o', 'json');
        if (out === undefined) return;
        const { policies, unknown } = JSON.parse(out) as SuggestReport;
        expect(policies.flatMap((document) => [...policyOf(document).needs])).toEqual([]);
        expect(unknown.map(({ rule }) => rule)).toEqual(
          expect.arrayContaining(['image-exists', 'image-platform', 'image-age', 'pull-secret-usable']),
        );
      }),
      { numRuns: 20 },
    );
  }, 60_000);
});

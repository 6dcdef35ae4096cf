/** Shards of a replay: together they report what a single replay reports, and results that do not belong together are rejected. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { run } from '../../../src/cli/program.ts';
import { chosenShard, isInShard } from '../../../src/cli/replay/shard.ts';
import { lineIdentity } from '../../../src/cli/replay/shard-lines.ts';
import { formatsFor } from '../../../src/report/index.ts';
import type { ReplayReport } from '../../../src/report/replay/report.ts';
import { recordedReview, repeats } from '../../recording/lines.ts';
import { runCommand } from '../../support/command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { createReview } from '../../support/review.ts';

inOwnFolders('replay-shards');

const policy = (rules: string): string =>
  `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: team}\nspec: {rules: [${rules}]}\n`;

const POLICIES = {
  'today.yaml': policy('{rule: image-tag, action: warn, parameters: {deny: [latest]}}'),
  'tomorrow.yaml': policy(
    '{rule: image-tag, parameters: {deny: [latest]}}, {rule: image-registry, parameters: {allow: [registry.example.com/**]}}',
  ),
};

const IMAGES = ['nginx', 'nginx:1.27', 'registry.example.com/shop/web:1.4.2', 'evil.io/web'];

const pod = (name: string, namespace: string, image: string): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace },
  spec: { containers: [{ name: 'web', image }] },
});

const hour = (at: number): string => `2027-03-01T${String(at).padStart(2, '0')}:00:00.000Z`;

const SAID = { by: 'kyverno', policy: 'tags', rule: 'latest', result: 'fail', action: 'deny' } as const;

const ids = fc.integer({ min: 0, max: 30 }).map((number) => `a-${number}`);
const reviews = fc.record({
  image: fc.constantFrom(...IMAGES),
  namespace: fc.constantFrom('shop', 'shop-2', 'pay'),
  name: fc.constantFrom('web', 'api', 'job'),
});

const reviewLine = fc
  .record({
    review: reviews,
    id: ids,
    at: fc.integer({ min: 0, max: 23 }),
    allowed: fc.boolean(),
    endpoint: fc.constantFrom('validate', 'mutate'),
    isAnswered: fc.boolean(),
    dropped: fc.constantFrom(0, 0, 2),
    said: fc.constantFrom(undefined, [SAID]),
  })
  .map(({ review: { image, namespace, name }, id, at, allowed, isAnswered, ...rest }) =>
    JSON.stringify(
      recordedReview({
        ...rest,
        id,
        time: hour(at),
        review: createReview(pod(name, namespace, image), { uid: `uid-${id}` }),
        response: isAnswered ? { allowed, auditAnnotations: { decision: allowed ? 'allow' : 'deny' } } : undefined,
      }),
    ),
  );
const repeatsLine = fc
  .record({ of: ids, count: fc.integer({ min: 1, max: 5 }), at: fc.integer({ min: 0, max: 22 }) })
  .map(({ of, count, at }) => JSON.stringify({ ...repeats(count), of, first: hour(at), last: hour(at + 1) }));
const lines = fc.oneof(
  { weight: 6, arbitrary: reviewLine },
  { weight: 3, arbitrary: repeatsLine },
  { weight: 1, arbitrary: fc.constantFrom('', '{"a":1}', '{"type":"review","id":"a-1"', '[]') },
);

const recording = fc
  .record({ lines: fc.array(lines, { maxLength: 25 }), cut: fc.constantFrom('', '{"format":"tidewaiter') })
  .map(({ lines: all, cut }) => `${recordingStart}\n${all.map((line) => `${line}\n`).join('')}${cut}`);
const recordingStart = JSON.stringify(recordedReview({ id: 'first' }));

/** Files that are not recordings are read whole. */
const document = fc
  .array(fc.oneof(reviews, fc.constant(undefined)), { maxLength: 8 })
  .map((all) =>
    JSON.stringify(
      all.map((review, index) =>
        review === undefined
          ? { kind: 'Pod' }
          : createReview(pod(review.name, review.namespace, review.image), { uid: `uid-${index}` }),
      ),
    ),
  );

const OPTIONS = [
  [],
  ['--against', 'tomorrow.yaml'],
  ['--against', 'tomorrow.yaml', '--only', 'image-registry'],
  ['--namespace', 'shop*', '--until', hour(12)],
  ['--namespace', 'absent'],
  ['--compare-annotations'],
  ['--all'],
];

const VIEWS = [
  ['--group-by', 'rule', '--verbose'],
  ['--fail-on', 'newly-denied'],
];

interface Input {
  readonly recordings: readonly string[];
  readonly documents: readonly string[];
}

function write(folder: string, { recordings, documents }: Input): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'recording'), { recursive: true });
  mkdirSync(path.join(folder, 'documents'));
  for (const [name, text] of Object.entries(POLICIES)) writeFileSync(path.join(folder, name), text);
  recordings.forEach((text, index) => writeFileSync(path.join(folder, 'recording', `${index}.ndjson`), text));
  documents.forEach((text, index) => writeFileSync(path.join(folder, 'documents', `${index}.json`), text));
}

/** A message about the whole HTML report would be as long. */
function differs(one: string, other: string): readonly string[] {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return [one, other].map((text) => text.slice(Math.max(0, at - 200), at + 200));
}

async function evaluateShards(argv: readonly string[], count: number, out: string): Promise<readonly number[]> {
  rmSync(out, { recursive: true, force: true });
  const codes: number[] = [];
  // In any order, such as that of the Pods of a Job.
  for (let index = count; index > 0; index -= 1) {
    const { code } = await runCommand(['replay', ...argv, '--shard', `${index}/${count}`, '--out', out]);
    codes.push(code);
  }
  return codes;
}

async function compare(
  single: readonly string[],
  merge: readonly string[],
): Promise<{ readonly out: string; readonly different: readonly unknown[] }> {
  const expected = await runCommand(single);
  const merged = await runCommand(merge);
  const { out, ...rest } = expected;
  const [one = '', other = ''] = [expected, merged].map((result) => withoutCommand(result.out));
  const isSame = merged.code === expected.code && withoutProgress(merged.note) === withoutProgress(expected.note);
  return {
    out,
    different: [...(isSame ? [] : [rest, merged.code, merged.note]), ...(one === other ? [] : differs(one, other))],
  };
}

/** A replay that takes seconds, for example on a machine with much other load, tells its progress. */
function withoutProgress(note: string): string {
  return note.replaceAll(/^[\d,]+ reviews evaluated, .*\n/gm, '');
}

/** The HTML report, compressed if it is large, says which command wrote it. */
function withoutCommand(out: string): string {
  const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(out)?.[1] ?? '{';
  const text = data.startsWith('{') ? out : out.replace(data, inflateRawSync(Buffer.from(data, 'base64')).toString());
  return text.replace(/"command":"[^"]*"/, '');
}

describe('the report of all shards', () => {
  // More than reports list: 5,000 groups and test cases, and 50,000 findings.
  test('is that of a single replay if reviews are not listed', { timeout: 240_000 }, async () => {
    const containers = Array.from({ length: 10 }, (_, at) => ({ name: `c-${at}`, image: `evil.io/web-${at}:1` }));
    const lineAt = (index: number): string => {
      const metadata = { name: `web-${index}`, namespace: 'shop' };
      const object = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } };
      return JSON.stringify(
        recordedReview({ id: `a-${index}`, review: createReview(object, { uid: `uid-${index}` }) }),
      );
    };
    write('input', {
      recordings: [Array.from({ length: 5060 }, (_, index) => `${lineAt(index)}\n`).join('')],
      documents: [],
    });
    process.chdir('input');
    try {
      const argv = ['recording', '--policy', 'today.yaml', '--against', 'tomorrow.yaml', '--now', '2027-03-02'];
      await evaluateShards(argv, 3, 'results');
      const outs = new Map<string, string>();
      for (const format of formatsFor('replay')) {
        const single = ['replay', ...argv, '-o', format];
        const { out, different } = await compare(single, ['replay', '--merge', 'results', '-o', format]);
        expect(different).toEqual([]);
        outs.set(format, out);
      }
      expect(outs.get('pretty')).toContain('(others: 60 workloads)  60 reviews');
      expect(outs.get('markdown')).toMatch(/\| \(others: [\d,]+ workloads\) \|/);
      expect(outs.get('junit')).toContain('(others: 60 cases) (60 reviews)');
      expect(outs.get('html')).toContain('60 more reviews, 60 of them newly denied, are counted but not listed');
      const { otherGroups } = JSON.parse(outs.get('json') ?? '') as ReplayReport;
      expect(otherGroups.owner).toEqual({ 'newly-denied': { groups: 60, reviews: 60 } });
    } finally {
      process.chdir('..');
    }
  });

  test('is that of a single replay, in every format', { timeout: 120_000 }, async () => {
    const inputs = fc.record({
      recordings: fc.array(recording, { maxLength: 3 }),
      documents: fc.array(document, { maxLength: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(
        inputs,
        fc.constantFrom(...OPTIONS),
        fc.constantFrom([], ...VIEWS),
        fc.integer({ min: 1, max: 7 }),
        async (input, options, view, count) => {
          write('input', input);
          process.chdir('input');
          try {
            const argv = ['recording', 'documents', '--policy', 'today.yaml', '--now', '2027-03-02', ...options];
            await evaluateShards(argv, count, 'results');
            const all = options.includes('--all') ? ['--all'] : [];
            for (const format of formatsFor('replay')) {
              const single = ['replay', ...argv, ...view, '-o', format];
              const merge = ['replay', '--merge', 'results', ...view, ...all, '-o', format];
              expect((await compare(single, merge)).different).toEqual([]);
            }
          } finally {
            process.chdir('..');
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

describe('the shard of a review', () => {
  test('is the same in every file and on every machine', () => {
    const shardOf = (identity: string, count: number): number =>
      Array.from({ length: count }, (_, at) => at + 1).filter((index) => isInShard(identity, { index, count }))[0] ?? 0;
    expect(['a-1', 'a-2', 'a-3', 'b-1', 'ü'].map((identity) => shardOf(identity, 4))).toEqual([3, 1, 3, 2, 3]);
  });

  test('is exactly one of them, and each has about as many', () => {
    const count = 7;
    const sizes = Array.from({ length: count }, () => 0);
    for (let review = 0; review < 7000; review += 1) {
      const shards = sizes.map((_, at) => isInShard(`a-${review}`, { index: at + 1, count }));
      expect(shards.filter(Boolean)).toHaveLength(1);
      sizes[shards.indexOf(true)] = (sizes[shards.indexOf(true)] ?? 0) + 1;
    }
    for (const size of sizes) expect(Math.abs(size - 1000)).toBeLessThan(120);
  });

  test.each([
    ['the id of a review', '{"format":"f","type":"review","id":"a-1","review":{"request":{"uid":"u"}}}', 'a-1'],
    ['the review of a line of type repeats', '{"type":"repeats","of":"a-1","id":"b"}', 'a-1'],
    ['keys in another order', '{"id":"a-1","review":{"id":"x","type":"y"},"type":"review"}', 'a-1'],
    ['blanks and escapes', ' { "\\u0069d" : "a\\u002d1" , "type" : "review" }', 'a-1'],
    ['a key that is inside of a text', '{"type":"review","note":"\\"id\\":\\"b\\"","id":"a-1"}', 'a-1'],
    ['no id', '{"type":"review"}', '7'],
    ['an id that is not text', '{"type":"review","id":1}', '7'],
    ['no type', '{"id":"a-1"}', '7'],
    ['a line that is cut', '{"type":"review","id":"a-', '7'],
    ['no JSON', 'id: a-1', '7'],
  ])('comes from %s', (_name, text, identity) => {
    expect(lineIdentity(Buffer.from(text), 7)).toBe(identity);
  });

  test('is known of a line that names itself twice, which is an error', async () => {
    const twice = JSON.stringify(recordedReview()).replace('"id":"a-1"', '"id":"a-1","id":"a-2"');
    writeFileSync('a.ndjson', `${JSON.stringify(recordedReview({ id: 'b' }))}\n${twice}\n`);
    await evaluateShards(['a.ndjson'], 4, 'results');
    const { code, out } = await runCommand(['replay', '--merge', 'results']);
    expect(code).toBe(2);
    expect(out).toContain('a.ndjson:2:1  error  the line has "id", "of", or "type" twice; remove one of them');
  });
});

describe('--shards', () => {
  test.each([
    ['the first Pod of an Indexed Job', { JOB_COMPLETION_INDEX: '0' }, 1],
    ['its last Pod', { JOB_COMPLETION_INDEX: '7' }, 8],
    ['the first job of GitLab', { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '8' }, 1],
    ['its last job', { CI_NODE_INDEX: '8', CI_NODE_TOTAL: '8' }, 8],
    ['a job without the number of jobs', { CI_NODE_INDEX: '2' }, 2],
  ])('is the shard of %s', (_name, variables, index) => {
    expect(chosenShard({ shards: 8 }, variables)).toEqual({ index, count: 8 });
  });

  test.each([
    [
      'no index',
      {},
      '--shards 8: JOB_COMPLETION_INDEX (Indexed Job) and CI_NODE_INDEX (GitLab) are not set; name the shard with --shard I/8',
    ],
    [
      'two indexes',
      { JOB_COMPLETION_INDEX: '0', CI_NODE_INDEX: '1' },
      '--shards 8: JOB_COMPLETION_INDEX and CI_NODE_INDEX are both set; name the shard with --shard I/8',
    ],
    [
      'an index after the last Pod',
      { JOB_COMPLETION_INDEX: '8' },
      'JOB_COMPLETION_INDEX: invalid value "8" (expected 0 to 7, by --shards 8)',
    ],
    [
      'an index before the first job',
      { CI_NODE_INDEX: '0' },
      'CI_NODE_INDEX: invalid value "0" (expected 1 to 8, by --shards 8)',
    ],
    ['text', { JOB_COMPLETION_INDEX: 'x' }, 'JOB_COMPLETION_INDEX: invalid value "x" (expected 0 to 7, by --shards 8)'],
    [
      'another number of jobs',
      { CI_NODE_INDEX: '1', CI_NODE_TOTAL: '4' },
      '--shards 8: CI_NODE_TOTAL is "4"; both must be equal',
    ],
  ])('is an error with %s', (_name, variables, message) => {
    expect(() => chosenShard({ shards: 8 }, variables)).toThrow(message);
  });

  test('does not use the environment with --shard', () => {
    expect(chosenShard({ shard: { index: 2, count: 3 } }, { JOB_COMPLETION_INDEX: '0' })).toEqual({
      index: 2,
      count: 3,
    });
    expect(() => chosenShard({ shard: { index: 2, count: 3 }, shards: 4 }, {})).toThrow(
      '--shards 4 contradicts --shard 2/3; leave one of them out',
    );
  });

  test('is the shard of the environment that the command has', async () => {
    writeFileSync('a.ndjson', `${JSON.stringify(recordedReview())}\n`);
    vi.stubEnv('JOB_COMPLETION_INDEX', '1');
    const { out } = await runCommand(['replay', 'a.ndjson', '--shards', '2', '--out', 'results']);
    vi.unstubAllEnvs();
    expect(out).toContain('policy: built-in; shard 2 of 2');
    expect(readdirSync('results')).toEqual(['shard-2-of-2.ndjson']);
  });
});

describe('wrong options', () => {
  const shard = ['--shard', '1/2'];
  test.each([
    [['a.ndjson', '--shard', '0/2'], 'expected I/N with I from 1 to N, and N up to 1000, such as 1/8'],
    [['a.ndjson', '--shard', '3/2'], 'expected I/N with I from 1 to N, and N up to 1000, such as 1/8'],
    [['a.ndjson', '--shard', '1'], 'expected I/N with I from 1 to N, and N up to 1000, such as 1/8'],
    [['a.ndjson', '--shards', '0'], 'expected a number from 1 to 1000'],
    [['a.ndjson', '--out', 'results'], '--out requires --shard I/N, or --shards N'],
    [
      ['a.ndjson', ...shard, '--since', '24h'],
      '--since: shards start at different times; use a date, or a time such as',
    ],
    [[], 'expected recordings to evaluate, or --merge <DIR> without recordings'],
    [['a.ndjson', '--merge', 'results'], 'expected recordings to evaluate, or --merge <DIR> without recordings'],
    [['--merge', 'results', '-p', 'policies'], '--merge and --policy are both set; remove one of them'],
    [['--merge', 'results', ...shard], '--merge and --shard are both set; remove one of them'],
  ])('%j are an error', async (argv, message) => {
    writeFileSync('a.ndjson', `${JSON.stringify(recordedReview())}\n`);
    const { code, out, note } = await runCommand(['replay', ...argv]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toContain(message);
  });
});

describe('the result of a shard', () => {
  const different = recordedReview({ response: { allowed: false } });
  const recordings = (count: number): string =>
    Array.from({ length: count }, (_, at) => `${JSON.stringify({ ...different, id: `a-${at}` })}\n`).join('');

  test('is one file, which only its owner can read and which a second run replaces', async () => {
    writeFileSync('a.ndjson', recordings(9));
    const argv = ['a.ndjson', '--shard', '2/3', '--out', 'deep/results'];
    await runCommand(['replay', ...argv]);
    await runCommand(['replay', ...argv]);
    expect(readdirSync('deep/results')).toEqual(['shard-2-of-3.ndjson']);
    const file = 'deep/results/shard-2-of-3.ndjson';
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const [head, ...rest] = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(head ?? '')).toMatchObject({ format: 'tidewaiter.dev/replay-shard/v1', shard: 2, shards: 3 });
    expect(rest.map((line) => Object.keys(JSON.parse(line) as object)[0])).toEqual([
      ...rest.slice(1).map(() => 'source'),
      'end',
    ]);
  });

  test('has exit code 1 if something differs in the shard, and 0 with --exit-zero', async () => {
    writeFileSync('a.ndjson', recordings(20));
    const argv = ['replay', 'a.ndjson', '--shard', '1/2', '--out', 'results'];
    expect(await runCommand(argv)).toMatchObject({ code: 1 });
    expect(await runCommand([...argv, '--exit-zero'])).toMatchObject({ code: 0 });
    writeFileSync('bad.ndjson', `${recordings(1)}[]\n`);
    expect(await evaluateShards(['bad.ndjson', '--exit-zero'], 2, 'bad')).toContain(2);
  });

  test('is no error if the other shards have all reviews of a file', async () => {
    writeFileSync('a.json', JSON.stringify([createReview(pod('web', 'shop', 'nginx'))]));
    expect(await evaluateShards(['a.json'], 4, 'results')).toEqual([0, 0, 0, 0]);
  });

  test('can be empty: not every shard has a review', async () => {
    writeFileSync('a.ndjson', recordings(1));
    const codes = await evaluateShards(['a.ndjson'], 5, 'results');
    expect(codes.filter((code) => code === 1)).toHaveLength(1);
    expect(codes.filter((code) => code === 0)).toHaveLength(4);
    expect(await runCommand(['replay', '--merge', 'results'])).toMatchObject({ code: 1 });
  });

  test('is not written if it cannot be complete', async () => {
    writeFileSync('a.ndjson', recordings(9));
    writeFileSync('file', '');
    const { code, note } = await runCommand(['replay', 'a.ndjson', '--shard', '1/2', '--out', 'file']);
    expect(code).toBe(2);
    expect(note).toMatch(/^cannot write the result of the shard to "file": .* \(set by --out\)\n$/);
    expect(readdirSync('.')).toEqual(['a.ndjson', 'file']);
  });

  test('is not kept after Ctrl-C', async () => {
    let note = '';
    const terminal = {
      out: () => undefined,
      note: (text: string) => void (note += text),
      isTerminal: false,
      colors: false,
      async *input() {
        yield recordings(1);
        process.emit('SIGINT');
        yield recordings(1);
      },
    };
    expect(await run(['replay', '-', '--shard', '1/1', '--out', 'results'], terminal)).toBe(2);
    expect(note).toBe('the result of the shard is not kept, because it is not complete\n');
    expect(readdirSync('results')).toEqual([]);
  });
});

describe('--merge', () => {
  const result = (index: number, count = 3): string => `results/shard-${index}-of-${count}.ndjson`;
  const review = (id: string): string => `${JSON.stringify(recordedReview({ id }))}\n`;
  const again = async (index: number, ...argv: readonly string[]): Promise<void> => {
    await runCommand(['replay', 'a.ndjson', '--shard', `${index}/3`, '--out', 'results', ...argv]);
  };
  const changed = (file: string, from: string, to: string): void =>
    writeFileSync(file, readFileSync(file, 'utf8').replace(from, to));

  const CASES: readonly (readonly [string, () => Promise<void> | void, string])[] = [
    ['a missing shard', () => rmSync(result(2)), 'results: shard 2 of 3 is missing'],
    [
      'missing shards',
      () => {
        rmSync(result(1));
        rmSync(result(3));
      },
      'results: shards 1, 3 of 3 are missing',
    ],
    [
      'a shard that is there twice',
      () => {
        mkdirSync('results/more');
        copyFileSync(result(2), 'results/more/shard-2-of-3.ndjson');
      },
      'results: shard 2 is there twice: results/more/shard-2-of-3.ndjson and results/shard-2-of-3.ndjson; remove one of them',
    ],
    [
      'a copy under the name of another shard',
      () => copyFileSync(result(2), result(3)),
      'results/shard-3-of-3.ndjson: contains shard 2 of 3, and not that of its name',
    ],
    [
      'a shard of another number of shards',
      async () => {
        await runCommand(['replay', 'a.ndjson', '--shard', '1/2', '--out', 'results']);
      },
      'results: results of different replays: results/shard-1-of-2.ndjson is one of 2 shards, results/shard-1-of-3.ndjson one of 3; remove the others',
    ],
    [
      'other policies',
      async () => {
        writeFileSync('p.yaml', POLICIES['today.yaml']);
        await again(2, '-p', 'p.yaml');
      },
      'results/shard-2-of-3.ndjson: shard 2 has other policies than shard 1: "policy: built-in" and "policy: p.yaml"; run the shards with the same input',
    ],
    [
      'policies with another content',
      async () => {
        writeFileSync('p.yaml', POLICIES['today.yaml']);
        for (const index of [1, 2]) await again(index, '-p', 'p.yaml');
        writeFileSync('p.yaml', POLICIES['tomorrow.yaml']);
        await again(3, '-p', 'p.yaml');
      },
      'results/shard-3-of-3.ndjson: shard 3 has other content of the policies than shard 1; run the shards with the same input',
    ],
    [
      'other options',
      async () => again(3, '--only', 'image-tag', '--namespace', 'shop'),
      'results/shard-3-of-3.ndjson: shard 3 has other options than shard 1: "none" and "--only image-tag --namespace shop"; run the shards with the same input',
    ],
    [
      'other recordings',
      async () => {
        copyFileSync('a.ndjson', 'b.ndjson');
        await runCommand(['replay', 'a.ndjson', 'b.ndjson', '--shard', '2/3', '--out', 'results']);
      },
      'results/shard-2-of-3.ndjson: shard 2 has other recordings than shard 1: "a.ndjson" and "a.ndjson, b.ndjson"; run the shards with the same input',
    ],
    [
      'a recording that has grown',
      async () => {
        writeFileSync('a.ndjson', review('a-9'), { flag: 'a' });
        await again(2);
      },
      'results/shard-2-of-3.ndjson: shard 2 has other content of the recordings than shard 1; run the shards with the same input',
    ],
    [
      'another version',
      () => changed(result(3), '"tidewaiter":"', '"tidewaiter":"9'),
      'results/shard-3-of-3.ndjson: the result is from tidewaiter "90.1.0", and this is 0.1.0; merge with the version of the shards',
    ],
    [
      'another format',
      () => changed(result(3), 'replay-shard/v1', 'replay-shard/v2'),
      'results/shard-3-of-3.ndjson: expected "tidewaiter.dev/replay-shard/v1", found "tidewaiter.dev/replay-shard/v2"',
    ],
    [
      'a result that is cut',
      () => writeFileSync(result(1), readFileSync(result(1), 'utf8').slice(0, -200)),
      'results/shard-1-of-3.ndjson: the file is not complete; run shard 1 again',
    ],
    [
      'a result that was changed',
      () => changed(result(2), '"paths":["a', '"paths":["b'),
      'results/shard-2-of-3.ndjson: the file was changed after it was written; run shard 2 again',
    ],
    [
      'an empty file',
      () => writeFileSync(result(2), ''),
      'results/shard-2-of-3.ndjson: the file is empty; run shard 2 again',
    ],
    [
      'something else',
      () => writeFileSync(result(2), 'hello\n'),
      'results/shard-2-of-3.ndjson: expected "tidewaiter.dev/replay-shard/v1", found no result of a shard',
    ],
    [
      'a pipe',
      () => {
        rmSync(result(2));
        execFileSync('mkfifo', [result(2)]);
      },
      'results/shard-2-of-3.ndjson: not a regular file',
    ],
    [
      'a file instead of a directory',
      () => {
        rmSync('results', { recursive: true });
        writeFileSync('results', '');
      },
      'results: expected a directory, found a file (set by --merge)',
    ],
    ['no directory', () => renameSync('results', 'others'), 'results: no such file or directory (set by --merge)'],
    [
      'no results',
      () => {
        rmSync('results', { recursive: true });
        mkdirSync('results');
      },
      'results: no results of shards found (shard-1-of-N.ndjson and others); write them with --shard I/N --out DIR',
    ],
  ];

  test.each(CASES)('says which shard is wrong: %s', async (_name, prepare, message) => {
    writeFileSync('a.ndjson', review('a-1') + review('a-2') + review('a-3'));
    await evaluateShards(['a.ndjson'], 3, 'results');
    expect(await runCommand(['replay', '--merge', 'results'])).toMatchObject({ note: '' });
    await prepare();
    expect(await runCommand(['replay', '--merge', 'results'])).toEqual({ code: 2, out: '', note: `${message}\n` });
  });

  test('needs the responses for --all, and finds results in directories of artifacts', async () => {
    writeFileSync('a.ndjson', review('a-1') + review('a-2'));
    for (const index of [1, 2])
      await runCommand(['replay', 'a.ndjson', '--shard', `${index}/2`, '--out', `results/${index}`]);
    expect(await runCommand(['replay', '--merge', 'results'])).toMatchObject({ code: 1, note: '' });
    expect(await runCommand(['replay', '--merge', 'results', '--all'])).toEqual({
      code: 2,
      out: '',
      note: 'results: --all needs the responses of all reviews; run the shards with --all\n',
    });
  });
});

/** `explain image --resolve`: the trace of a pull, from a fake tracer. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ImageLookup } from '../../../src/admission/context.ts';
import { explainImages } from '../../../src/cli/explain/image.ts';
import type { RegistryCause, RegistryDetails, RegistryFact } from '../../../src/policy/registry-fact.ts';
import type { PullAttempt, PullTrace } from '../../../src/lookup/trace.ts';
import { pullText, sizeText } from '../../../src/report/pull-trace.ts';
import { parseReference } from '../../../src/image/reference.ts';
import { runCommand } from '../../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-resolve-'));
afterAll(() => rmSync(folder, { recursive: true }));

function secretFile(name: string, config: string): string {
  const file = path.join(folder, `${name}.yaml`);
  writeFileSync(
    file,
    `apiVersion: v1\nkind: Secret\nmetadata: {name: ${name}}\ntype: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: '${config}'\n`,
  );
  return file;
}
const good = secretFile('regcred', '{"auths": {"reg.io": {"username": "ci", "password": "hunter2"}}}');
const bad = secretFile('bad', '{"auths": 7}');

const D = `sha256:${'a'.repeat(64)}`;
const INDEX = 'application/vnd.oci.image.index.v1+json';
const CREDENTIAL = 'pull secret "regcred", key "reg.io" (user ci)';
const failed = (cause: RegistryCause, message: string, remedy?: string): RegistryFact<never> => ({
  state: cause === 'notFound' ? 'no' : 'unknown',
  failure: { cause, message, remedy },
});
const refused: PullAttempt = {
  credential: 'anonymous',
  mirror: 'mirror.io/hub',
  answer: failed('unauthenticated', 'mirror.io answered 401'),
};
const accepted: PullAttempt = {
  credential: CREDENTIAL,
  mirror: undefined,
  answer: { state: 'yes', value: { digest: D, mediaType: INDEX } },
};
const DETAILS: RegistryDetails = {
  digest: D,
  mediaType: INDEX,
  platforms: [
    { os: 'linux', architecture: 'amd64', variant: undefined },
    { os: 'linux', architecture: 'arm64', variant: 'v8' },
  ],
  createdMs: Date.UTC(2026, 0, 3, 12),
  sizeBytes: 27_345_678,
};
const PULLED: PullTrace = {
  attempts: [refused, accepted],
  image: {
    state: 'yes',
    value: {
      digest: D,
      mediaType: INDEX,
      credential: CREDENTIAL,
      mirror: undefined,
      provesPull: true,
      stale: undefined,
    },
  },
  details: { state: 'yes', value: DETAILS },
};
const failing = (cause: RegistryCause, message: string, remedy?: string): PullTrace => {
  const answer = failed(cause, message, remedy);
  return { attempts: [{ credential: 'anonymous', mirror: undefined, answer }], image: answer, details: undefined };
};

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly note: string;
  readonly lookups: readonly ImageLookup[];
  readonly closed: number;
}

interface Options {
  readonly pullSecret?: readonly string[];
  readonly output?: 'text' | 'json';
  readonly stdin?: string;
}

async function resolved(
  images: readonly string[],
  trace: PullTrace,
  { pullSecret = [], output = 'text', stdin = '' }: Options = {},
): Promise<Ran> {
  let [out, note, closed] = ['', '', 0];
  const lookups: ImageLookup[] = [];
  const terminal = {
    out: (text: string): void => void (out += text),
    note: (text: string): void => void (note += text),
    isTerminal: false,
    colors: false,
    async *input() {
      yield stdin;
    },
  };
  const tracer = {
    trace: (question: ImageLookup): Promise<PullTrace> => {
      lookups.push(question);
      return Promise.resolve(trace);
    },
  };
  const close = (): Promise<void> => Promise.resolve(void (closed += 1));
  const openRegistry = () => Promise.resolve({ sources: {}, tracer, close });
  const code = await explainImages(images, { output, resolve: true, pullSecret, openRegistry }, terminal);
  return { code, out, note, lookups, closed };
}

const reference = (text: string) => {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(text);
  return parsed.reference;
};

describe('an image that can be pulled', () => {
  test('is reported with every step and its details', () => {
    const traced = { reference: reference('reg.io/x:1'), faults: [], trace: PULLED };
    expect(pullText(traced, Date.UTC(2026, 10, 24))).toBe(`"reg.io/x:1"
  looked up as  reg.io/x
  pulled as     reg.io/x:1
  attempts
    1. mirror mirror.io/hub, anonymous: mirror.io answered 401
    2. reg.io, ${CREDENTIAL}: has it, ${D}
  digest        ${D}
  media type    ${INDEX}
  platforms     linux/amd64, linux/arm64/v8
  size          27.3 MB compressed, for linux/amd64
  built on      2026-01-03, 324 days ago
  The image can be pulled`);
  });

  test('is looked up with the credentials in the files, and exits with 0', async () => {
    const { code, lookups, closed, note } = await resolved(['reg.io/x:1'], PULLED, { pullSecret: [good] });
    expect(lookups.map(({ candidates }) => candidates.map(({ secret, key }) => `${secret} ${key}`))).toEqual([
      ['regcred reg.io'],
    ]);
    expect([code, closed, note]).toEqual([0, 1, '']);
    const behind = await resolved([], PULLED, { pullSecret: [good, 'reg.io/y'] });
    expect(behind.lookups.map(({ reference: { text } }) => text)).toEqual(['reg.io/y']);
  });

  test('is one object as JSON, without any password', async () => {
    const { out } = await resolved(['reg.io/x:1'], PULLED, { pullSecret: [good], output: 'json' });
    expect(out).not.toContain('hunter2');
    expect(JSON.parse(out)).toEqual({
      input: 'reg.io/x:1',
      valid: true,
      error: null,
      domain: 'reg.io',
      path: 'x',
      tag: '1',
      digest: null,
      normalized: 'reg.io/x:1',
      familiar: 'reg.io/x:1',
      runtimeRef: 'reg.io/x:1',
      pull: {
        repository: 'reg.io/x',
        resolved: 'yes',
        attempts: [
          {
            credential: 'anonymous',
            mirror: 'mirror.io/hub',
            answer: 'unknown',
            digest: null,
            mediaType: null,
            failure: { cause: 'unauthenticated', message: 'mirror.io answered 401', remedy: null },
          },
          { credential: CREDENTIAL, mirror: null, answer: 'yes', digest: D, mediaType: INDEX, failure: null },
        ],
        digest: D,
        mediaType: INDEX,
        credential: CREDENTIAL,
        mirror: null,
        platforms: ['linux/amd64', 'linux/arm64/v8'],
        sizeBytes: 27_345_678,
        created: '2026-01-03T12:00:00.000Z',
        failure: null,
        errors: [],
      },
    });
  });

  test.each<[string, RegistryFact<RegistryDetails>, readonly string[]]>([
    [
      'has no details',
      failed('rateLimited', 'reg.io answered 429'),
      ['  cannot determine its platforms, size, and age: reg.io answered 429'],
    ],
    [
      'says little of itself',
      { state: 'yes', value: { ...DETAILS, platforms: [], createdMs: undefined, sizeBytes: 999 } },
      ['  platforms     not specified', '  size          999 bytes compressed', '  built on      no creation date'],
    ],
    [
      'is of one platform, and of tomorrow',
      { state: 'yes', value: { ...DETAILS, platforms: DETAILS.platforms.slice(1), createdMs: Date.UTC(2026, 10, 25) } },
      [
        '  platforms     linux/arm64/v8',
        '  size          27.3 MB compressed',
        '  built on      2026-11-25, in the future',
      ],
    ],
  ])('is reported, although it %s', (_what, details, lines) => {
    const text = pullText(
      { reference: reference('reg.io/x:1'), faults: [], trace: { ...PULLED, details } },
      Date.UTC(2026, 10, 24),
    );
    expect(text.split('\n').slice(8, -1)).toEqual(lines);
  });
});

describe('an image that cannot be pulled', () => {
  test.each<[RegistryCause, number, readonly string[]]>([
    ['notFound', 1, ['  The image does not exist: reg.io answered', '    do this']],
    [
      'forbidden',
      1,
      [
        '  The image cannot be pulled with these credentials: reg.io answered',
        '    do this',
        '    A node may have its own credentials',
      ],
    ],
    [
      'unauthenticated',
      1,
      [
        '  The image cannot be pulled with these credentials: reg.io answered',
        '    do this',
        '    A node may have its own credentials',
      ],
    ],
    ['rateLimited', 2, ['  Cannot determine whether the image can be pulled: reg.io answered', '    do this']],
    ['timeout', 2, ['  Cannot determine whether the image can be pulled: reg.io answered', '    do this']],
    ['blocked', 2, ['  Cannot determine whether the image can be pulled: reg.io answered', '    do this']],
  ])('for the cause %s exits with %i', async (cause, code, lines) => {
    const ran = await resolved(['reg.io/x:1'], failing(cause, 'reg.io answered', 'do this'));
    expect(ran.code).toBe(code);
    expect(ran.out).toBe(
      [
        '"reg.io/x:1"',
        '  looked up as  reg.io/x',
        '  pulled as     reg.io/x:1',
        '  attempts',
        '    1. reg.io, anonymous: reg.io answered',
        ...lines,
        '',
      ].join('\n'),
    );
    const json = JSON.parse((await resolved(['reg.io/x:1'], failing(cause, 'm'), { output: 'json' })).out) as {
      pull: { resolved: string; failure: object };
    };
    expect(json.pull.resolved).toBe(code === 1 ? 'no' : 'unknown');
    expect(json.pull.failure).toEqual({ cause, message: 'm', remedy: null });
  });

  test('is not looked up if a pull secret is malformed', async () => {
    const { code, out, lookups } = await resolved(['reg.io/x:1'], PULLED, { pullSecret: [good, bad] });
    expect(lookups).toEqual([]);
    expect(code).toBe(1);
    expect(out).toMatch(
      /\n {2}The kubelet pulls no images for the Pod: a pull secret is malformed\n {4}pull secret "bad", key "\.dockerconfigjson": .+\n$/,
    );
    const json = JSON.parse(
      (await resolved(['reg.io/x:1'], PULLED, { pullSecret: [bad], output: 'json' })).out,
    ) as object;
    expect(json).toMatchObject({ pull: { resolved: 'no', attempts: [], failure: null, errors: [{ secret: 'bad' }] } });
  });
});

describe('several images', () => {
  test('are reported one after the other, and the worst decides the exit code', async () => {
    const { code, out, lookups } = await resolved(['-', 'UPPER:'], PULLED, { stdin: 'reg.io/x\n"reg.io/y\n' });
    expect(lookups.map(({ reference: { text } }) => text)).toEqual(['reg.io/x']);
    expect(out.split('\n').filter((line) => !line.startsWith(' '))).toEqual([
      '"reg.io/x"',
      `"\\"reg.io/y": a line that begins with '"' must be one JSON string`,
      '"UPPER:" is not an image reference',
      '',
    ]);
    expect(code).toBe(2);
    expect((await resolved(['UPPER:'], PULLED)).code).toBe(1);
  });
});

describe('the command line', () => {
  test.each<[readonly string[], string]>([
    [['explain', 'image'], 'no image given; usage: tidewaiter explain image REF\n'],
    [['explain', 'image', '--resolve', '--pull-secret', good], 'no image given; usage: tidewaiter explain image REF\n'],
    [['explain', 'image', 'nginx', '--pull-secret', good], '--pull-secret and --config require --resolve\n'],
    [['explain', 'image', 'nginx', '--resolve', '--pull-secret', path.join(folder, 'nowhere.yaml')], 'nowhere.yaml: '],
  ])('%j says what is missing, and exits with 2', async (argv, message) => {
    const { code, note } = await runCommand(argv);
    expect(note).toContain(message);
    expect(code).toBe(2);
  });
});

test.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [27_345_678, '27.3 MB'],
  [5e15, '5000.0 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

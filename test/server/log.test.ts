import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { readReview } from '../../src/admission/review.ts';
import { validate } from '../../src/admission/validate.ts';
import { compose } from '../../src/wiring.ts';
import { createLog, type ServerLog, REDACTED } from '../../src/server/log.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { change, digestOf, no, registryOf } from '../admission/pinning.ts';
import { policyOf } from '../policy/fixtures.ts';
import { createReview } from '../support/review.ts';
import { pullSecret } from '../../src/credential/pull-secret.ts';

function logInto(lines: string[]): ServerLog {
  return createLog('info', { write: (line) => void lines.push(line) });
}

describe('the log', () => {
  test('has ten lines of rejections in a second, and says how many were left out before the next one', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const lines: string[] = [];
    const log = logInto(lines);
    for (const left of [0, 25, 0]) {
      vi.advanceTimersByTime(1000);
      for (let count = 0; count < 10 + left; count += 1) log.rejected(400, 'the body is not valid JSON');
    }
    log.failed(new Error('a bug'), 'u-1');
    const written = lines.map((line) => JSON.parse(line) as { readonly level: string; readonly unwritten?: number });
    expect(written.filter(({ level }) => level === 'warn')).toHaveLength(30);
    expect(written.map(({ unwritten }) => unwritten).filter((some) => some !== undefined)).toEqual([25]);
    expect(written.at(-1)?.level).toBe('error');
  });

  test('has one JSON object for a review, with the documented keys', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { containers: [{ name: 'web', image: 'nginx' }] },
    };
    const read = readReview(createReview(pod));
    if (!read.ok) throw new Error(read.problem);
    const { context } = await compose({ kinds: kindTable(), policies: [] });
    const decision = await validate(read.review.request, context, new AbortController().signal);
    const lines: string[] = [];
    const log = logInto(lines);
    log.review({ endpoint: 'validate', review: read.review, decision, durationMs: 1.23456 });
    log.flush();
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      endpoint: 'validate',
      uid: '5d6f3c1e-8f5b-4a53-9e0b-0f2d9f7d3c11',
      operation: 'CREATE',
      kind: 'Pod',
      namespace: 'shop',
      name: 'web',
      user: 'jane',
      allowed: false,
      findings: ['baseline/image-tag: deny', 'baseline/image-digest: warn'],
      excused: [],
      images: ['nginx'],
      pinned: [],
      unknown: 0,
      durationMs: 1.235,
      dryRun: false,
      msg: 'review',
    });
  });

  test('says of a mutation what was pinned, and what could not be', async () => {
    const containers = ['nginx:1', 'gone:1'].map((image, index) => ({ name: `c${index}`, image }));
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } };
    const read = readReview(createReview(pod));
    if (!read.ok) throw new Error(read.problem);
    const images = registryOf({ 'docker.io/library/gone:1': no('notFound') });
    const mutation = await change(read.review.request, [policyOf('{pin: {}}')], { images });
    const denied = { ...mutation, allowed: false };
    const lines: string[] = [];
    const log = logInto(lines);
    const record = { endpoint: 'mutate', review: read.review, decision: undefined, durationMs: 0 } as const;
    for (const each of [mutation, denied]) log.review({ ...record, mutation: each });
    log.flush();
    const entries = lines.join('').trimEnd().split('\n');
    expect(entries.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      {
        endpoint: 'mutate',
        allowed: true,
        findings: ['test/pin: warn'],
        images: ['nginx:1', 'gone:1'],
        pinned: [`nginx:1 -> ${digestOf('1')}`],
        unknown: 0,
      },
      { allowed: false },
    ]);
  });

  test('says of a mutation which names, pull secrets, and pull policies were written', async () => {
    const containers = [{ name: 'web', image: 'nginx:1' }];
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers } };
    const read = readReview(createReview(pod));
    if (!read.ok) throw new Error(read.problem);
    const spec =
      '{rewrite: [{from: "docker.io/**", to: "m.example.com/**", when: always}], pullSecrets: [{images: ["m.example.com/**"], add: [pull]}], pullPolicy: [{set: Always}]}';
    const data = new Map([
      ['.dockerconfigjson', Buffer.from('{"auths":{"m.example.com":{"username":"u","password":"p"}}}')],
    ]);
    const value = pullSecret({ name: 'pull', type: 'kubernetes.io/dockerconfigjson', data });
    const secrets = { secret: () => ({ state: 'yes' as const, value }) };
    const mutation = await change(read.review.request, [policyOf(spec)], { secrets });
    const lines: string[] = [];
    const log = logInto(lines);
    log.review({ endpoint: 'mutate', review: read.review, decision: undefined, durationMs: 0, mutation });
    log.flush();
    expect(JSON.parse(lines.join(''))).toMatchObject({
      rewritten: ['nginx:1 -> m.example.com/library/nginx:1'],
      pullSecrets: ['/spec: pull'],
      pullPolicies: ['container "web": Always'],
      pinned: [],
    });
  });

  test.each([
    ['quotation marks and backslashes', 'a"b\\c'],
    ['control characters and line breaks', 'a\u0000\n\r\u001b[31m\u007f\u2028b'],
    ['letters of all kinds', 'böse-ж-漢-😀'],
    ['half of a surrogate pair', 'a\ud800b'],
  ])('has %s in any text of a review, and stays one line of JSON', async (_what, odd) => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: odd },
      spec: { containers: [{ name: 'web', image: odd }] },
    };
    const { request, ...envelope } = createReview(pod) as { request: object };
    const { context } = await compose({ kinds: kindTable(), policies: [] });
    const lines: string[] = [];
    const log = logInto(lines);
    const requests = [{ uid: odd }, { namespace: odd }, { userInfo: { username: odd } }, {}];
    for (const one of requests) {
      const read = readReview({ ...envelope, request: { ...request, name: '', ...one } });
      if (!read.ok) throw new Error(read.problem);
      const decision = await validate(read.review.request, context, new AbortController().signal);
      log.review({ endpoint: 'validate', review: read.review, decision, durationMs: 0 });
    }
    log.flush();
    const entries = lines.join('').trimEnd().split('\n');
    const parsed = entries.map((line) => JSON.parse(line) as { [key: string]: unknown });
    expect(parsed.map(({ name, images }) => ({ name, images }))).toEqual(
      requests.map(() => ({ name: odd, images: [odd] })),
    );
    expect(parsed[0]?.['uid']).toBe(odd);
    expect(parsed[1]?.['namespace']).toBe(odd);
    expect(parsed[2]?.['user']).toBe(odd);
  });

  test('keeps the order of reviews and other lines', async () => {
    const lines: string[] = [];
    const log = logInto(lines);
    const read = readReview(createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a"b\n' } }));
    if (!read.ok) throw new Error(read.problem);
    const record = { endpoint: 'mutate', review: read.review, decision: undefined, durationMs: 0 } as const;
    log.review(record);
    log.review(record);
    log.rejected(400, 'no');
    log.review(record);
    log.flush();
    const entries = lines
      .join('')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { readonly msg: string; readonly name?: string; readonly time: string });
    expect(entries.map(({ msg }) => msg)).toEqual(['review', 'review', 'no', 'review']);
    expect(entries[0]?.name).toBe('a"b\n');
    expect(Math.abs(Date.parse(entries[0]?.time ?? '') - Date.now())).toBeLessThan(5000);
  });

  test('keeps nothing of an object while its line waits to be written', async () => {
    const lines: string[] = [];
    // However long the collections take, nothing is written meanwhile.
    vi.useFakeTimers({ toFake: ['setInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const log = logInto(lines);
    const { context } = await compose({ kinds: kindTable(), policies: [] });
    const logged = async (): Promise<WeakRef<object>> => {
      const containers = [{ name: 'web', image: 'nginx' }];
      const read = readReview(createReview({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers } }));
      if (!read.ok || read.review.request.object === undefined) throw new Error('it was not read');
      const decision = await validate(read.review.request, context, new AbortController().signal);
      log.review({ endpoint: 'validate', review: read.review, decision, durationMs: 0 });
      return new WeakRef(read.review.request.object);
    };
    const object = await logged();
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    for (let round = 0; round < 3; round++) {
      await new Promise((resolve) => setImmediate(resolve));
      collect();
    }
    expect(object.deref()).toBeUndefined();
    expect(lines).toEqual([]);
    log.flush();
    expect(lines.join('')).toContain('"images":["nginx"]');
  });

  test('writes no line twice when its destination fails, and goes on', () => {
    const lines: string[] = [];
    let failures = 1;
    const write = (line: string): void => {
      if (failures-- > 0) throw new Error('gone');
      lines.push(line);
    };
    const log = createLog('info', { write });
    const read = readReview(createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } }));
    if (!read.ok) throw new Error(read.problem);
    const record = { endpoint: 'mutate', review: read.review, decision: undefined } as const;
    const attempt = (durationMs: number): void => {
      try {
        log.review({ ...record, durationMs });
      } catch {
        // As a server would.
      }
    };
    for (let n = 0; n < 200; n++) attempt(n);
    expect(lines.length).toBeGreaterThan(1);
    log.flush();
    const entries = lines
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { durationMs: number }).durationMs);
    expect(entries).toEqual([...new Set(entries)]);
    expect(entries.slice(-100)).toEqual(Array.from({ length: 100 }, (_, n) => n + 100));
  });

  test('is written in blocks under load, each line whole', () => {
    const blocks: string[] = [];
    const log = logInto(blocks);
    const read = readReview(createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' } }));
    if (!read.ok) throw new Error(read.problem);
    for (let n = 0; n < 1000; n++)
      log.review({ endpoint: 'mutate', review: read.review, decision: undefined, durationMs: n });
    log.flush();
    expect(blocks.length).toBeLessThan(100);
    for (const block of blocks) expect(block.endsWith('\n')).toBe(true);
    const durations = blocks
      .join('')
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { durationMs: number }).durationMs);
    expect(durations).toEqual(Array.from({ length: 1000 }, (_, n) => n));
  });

  test.each(REDACTED.flatMap((key) => [{ [key]: 'hunter2' }, { request: { [key]: 'hunter2' } }]))(
    'never writes the value of %j',
    (fields) => {
      const lines: string[] = [];
      const log = logInto(lines);
      log.info(fields, 'x');
      log.error(fields, 'x');
      expect(lines).toHaveLength(2);
      expect(lines.join('')).not.toContain('hunter2');
      expect(lines.join('')).toContain('[redacted]');
    },
  );
});

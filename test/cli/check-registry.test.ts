/** `check` with registries: concurrent lookups, ordered reports, and no lookups with `--offline` or without a rule that needs them. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { OpenRegistry } from '../../src/cli/open-registry.ts';
import { check, type CheckFlags } from '../../src/cli/check.ts';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';
import type { RegistrySource } from '../../src/admission/context.ts';
import type { RegistryImage } from '../../src/policy/registry-fact.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-registry-'));
afterAll(() => rmSync(folder, { recursive: true }));

const COUNT = 100;
const pods = Array.from({ length: COUNT }, (_, index) =>
  [
    'apiVersion: v1',
    'kind: Pod',
    `metadata: {name: p${index}}`,
    'spec:',
    '  containers:',
    `    - {name: c, image: "reg.io/x:${index}"}`,
    '',
  ].join('\n'),
);
const manifests = path.join(folder, 'pods.yaml');
writeFileSync(manifests, pods.join('---\n'));

function policyWith(rule: string): string {
  const file = path.join(folder, `${rule}.yaml`);
  writeFileSync(
    file,
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec:\n  rules: [{rule: ${rule}}]\n`,
  );
  return file;
}

interface World {
  readonly openRegistry: OpenRegistry;
  readonly calls: string[];
}

function world(lookUp: RegistrySource<RegistryImage>['lookUp']): World {
  const calls: string[] = [];
  return {
    calls,
    openRegistry() {
      calls.push('made');
      const close = (): Promise<void> => Promise.resolve(void calls.push('closed'));
      return Promise.resolve({ sources: { images: { lookUp } }, tracer: undefined, close });
    },
  };
}

async function checked(
  flags: Partial<CheckFlags>,
): Promise<{ readonly report: CheckReport; readonly note: string; readonly code: number }> {
  let [out, note] = ['', ''];
  const terminal = {
    out: (text: string): void => void (out += text),
    note: (text: string): void => void (note += text),
    isTerminal: false,
    colors: false,
    input: () => process.stdin,
  };
  const code = await check([manifests], { namespace: 'default', output: 'json', failOn: ['deny'], ...flags }, terminal);
  return { report: JSON.parse(out) as CheckReport, note, code };
}

const gone = (message: string) =>
  ({ state: 'no', failure: { cause: 'notFound', message, remedy: undefined } }) as const;

describe('check', () => {
  test('looks up several objects concurrently, and reports findings in the order of the files', async () => {
    let most = 0;
    let left = COUNT;
    const open: (() => void)[] = [];
    const { openRegistry, calls } = world(({ reference }) => {
      left -= 1;
      return new Promise((resolve) => {
        open.push(() => resolve(gone(`no ${reference.tag}`)));
        most = Math.max(most, open.length);
        // The last lookup gets its response first; the first response waits until many lookups are running.
        if (open.length === 32 || left === 0) for (const answer of open.splice(0).toReversed()) answer();
      });
    });
    const { report, code, note } = await checked({ policy: [policyWith('image-exists')], openRegistry });
    expect(report.findings.map(({ name, message }) => `${name}: ${message}`)).toEqual(
      Array.from({ length: COUNT }, (_, index) => `p${index}: image "reg.io/x:${index}" does not exist: no ${index}`),
    );
    expect(report.images.map(({ image }) => image)).toEqual(
      Array.from({ length: COUNT }, (_, index) => `reg.io/x:${index}`),
    );
    expect([most, code, note, calls]).toEqual([32, 1, '', ['made', 'closed']]);
  });

  test('reports an outage once as text, and each image as JSON', async () => {
    const message = 'reg.io answered 503';
    const unknown = { state: 'unknown', failure: { cause: 'serverError', message, remedy: undefined } } as const;
    const { openRegistry } = world(() => unknown);
    const policy = [policyWith('image-exists')];
    expect((await checked({ policy, openRegistry })).report.findings).toHaveLength(COUNT);
    let text = '';
    const terminal = {
      out: (more: string) => void (text += more),
      note: () => {},
      isTerminal: false,
      colors: false,
      input: () => process.stdin,
    };
    await check(
      [manifests],
      { namespace: 'default', output: 'pretty', failOn: ['deny'], policy, openRegistry },
      terminal,
    );
    expect(text.split('\n').slice(0, -2)).toEqual([
      'warn  cannot determine whether 100 images can be pulled: reg.io answered 503 ("reg.io/x:0", "reg.io/x:1", "reg.io/x:2" and 97 more: see -o json)  image-exists, unknown',
      '',
    ]);
  });

  describe('Ctrl-C', () => {
    /** Ten objects get a response, then the user interrupts. */
    const interruptedWorld = (): ReturnType<typeof world> => {
      let number = 0;
      return world(() => {
        number += 1;
        if (number <= 10) return gone('x');
        // 32 objects are evaluated at the same time, so ten are done when the lookup for number 42 begins.
        if (number === 42) setImmediate(() => process.emit('SIGINT'));
        return new Promise(() => {});
      });
    };
    const policy = (): readonly string[] => [policyWith('image-exists')];

    test('reports what is evaluated, names the first object that is not, and exits with 2', async () => {
      const { openRegistry, calls } = interruptedWorld();
      const { report, code } = await checked({ policy: policy(), openRegistry });
      expect({ code, calls, findings: report.findings.map(({ name }) => name) }).toEqual({
        code: 2,
        calls: ['made', 'closed'],
        findings: Array.from({ length: 10 }, (_, index) => `p${index}`),
      });
      expect(report.errors.map(({ line, document, message }) => ({ line, document, message }))).toEqual([
        {
          line: expect.any(Number) as number,
          document: 11,
          message: `interrupted: ${COUNT - 10} of ${COUNT} objects are not evaluated; this is the first of them`,
        },
      ]);
      expect(report.summary.workloads).toBe(10);
      expect(process.listenerCount('SIGINT')).toBe(0);
    });

    test('writes no baseline and no exceptions', async () => {
      for (const flags of [
        { writeBaseline: path.join(folder, 'no-baseline.json') },
        { writeExceptions: path.join(folder, 'no-exceptions.yaml'), expires: '2999-01-01', owner: 'a' },
      ]) {
        const { openRegistry } = interruptedWorld();
        const { report } = await checked({ policy: policy(), openRegistry, ...flags });
        expect(report.summary).toMatchObject({ denied: 10, known: 0, excused: 0, errors: 1 });
      }
      expect(readdirSync(folder).filter((name) => name.startsWith('no-'))).toEqual([]);
    });

    test('of a known finding says nothing about those that are gone', async () => {
      const known = path.join(folder, 'known.json');
      const all = world(() => gone('x'));
      await checked({ policy: policy(), openRegistry: all.openRegistry, writeBaseline: known });
      const { openRegistry } = interruptedWorld();
      const { report } = await checked({ policy: policy(), openRegistry, baseline: known });
      expect(report.summary).toMatchObject({ denied: 0, known: 10 });
      expect(report.notices).toEqual([]);
    });
  });

  test('reports progress while the first lookup still runs', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const { openRegistry } = world(() => promise.then(() => gone('x')));
    const terminal = {
      out: () => {},
      note: (text: string): void => {
        expect(text).toBe(`0 of ${COUNT} objects evaluated\n`);
        resolve();
      },
      isTerminal: false,
      colors: false,
      input: () => process.stdin,
    };
    const flags = {
      namespace: 'default',
      output: 'json',
      failOn: ['deny'],
      policy: [policyWith('image-exists')],
    } as const;
    expect(await check([manifests], { ...flags, openRegistry }, terminal)).toBe(1);
  });

  test('sends no requests with --offline, and reports unknown results', async () => {
    const { openRegistry, calls } = world(() => gone('never'));
    const { report } = await checked({ policy: [policyWith('image-exists')], openRegistry, offline: true });
    expect(new Set(report.findings.map(({ outcome, action }) => `${outcome} ${action}`))).toEqual(
      new Set(['unknown warn']),
    );
    expect(report.findings[0]?.message).toBe(
      'cannot determine whether image "reg.io/x:0" can be pulled: registry lookups are disabled',
    );
    expect(calls).toEqual([]);
    const { out } = await runCommand(['check', manifests, '-p', policyWith('image-exists'), '--offline', '-o', 'json']);
    expect((JSON.parse(out) as CheckReport).findings).toEqual(report.findings);
  });

  test('creates no registry client for policies without lookups', async () => {
    const { openRegistry, calls } = world(() => gone('never'));
    await checked({ policy: [policyWith('image-digest')], openRegistry });
    expect(calls).toEqual([]);
  });

  test('rejects on a bug, and closes the registry', async () => {
    const { openRegistry, calls } = world(() => Promise.reject(new TypeError('a bug')));
    await expect(checked({ policy: [policyWith('image-exists')], openRegistry })).rejects.toThrow(
      new TypeError('a bug'),
    );
    expect(calls).toEqual(['made', 'closed']);
  });
});

/** `spec.pin`: what is accepted, what it means, and what is said of mistakes. */
import { describe, expect, test } from 'vitest';
import { parseReference } from '../../src/image/reference.ts';
import type { Pin } from '../../src/policy/pin.ts';
import { REGISTRY_CAUSES } from '../../src/policy/registry-fact.ts';
import { read } from './fixtures.ts';

function pinOf(pin: string): Pin {
  const result = read(`{pin: ${pin}}`);
  if (!result.ok) throw new Error(result.faults.map(({ pointer, problem }) => `${pointer}: ${problem}`).join('\n'));
  const { policy } = result;
  if (policy.pin === undefined) throw new Error('no pin');
  return policy.pin;
}

function faultsOf(spec: string): readonly string[] {
  const result = read(spec);
  return result.ok ? [] : result.faults.map(({ pointer, problem, at }) => `${at} ${pointer}: ${problem}`);
}

describe('a policy that pins', () => {
  test('needs no rules, and without any key pins every image of workloads, warns of failures and takes nothing stale', () => {
    const pin = pinOf('{}');
    expect(covered(pin)).toEqual(['nginx', 'registry.example.com/shop/web:7']);
    expect(REGISTRY_CAUSES.map((cause) => pin.onFailure(cause))).toEqual(REGISTRY_CAUSES.map(() => 'warn'));
    expect(pin).toMatchObject({ staleMs: 0, mode: 'workload', annotate: false });
  });

  test.each([
    ['{images: ["registry.example.com/**"]}', ['registry.example.com/shop/web:7']],
    ['{exclude: ["registry.example.com/**"]}', ['nginx']],
    ['{images: ["registry.example.com/**"], exclude: ["registry.example.com/shop/*"]}', []],
  ])('%s covers %j', (pin, images) => {
    expect(covered(pinOf(pin))).toEqual(images);
  });

  test.each([
    ['deny', { notFound: 'deny', timeout: 'deny' }],
    ['{notFound: deny}', { notFound: 'deny', timeout: 'warn', blocked: 'warn' }],
    ['{notFound: deny, other: allow}', { notFound: 'deny', timeout: 'allow', blocked: 'allow' }],
    ['{other: deny, timeout: warn}', { notFound: 'deny', timeout: 'warn', dns: 'deny' }],
  ])('onFailure: %s', (onFailure, expected) => {
    const pin = pinOf(`{onFailure: ${onFailure}}`);
    const actions = Object.fromEntries(REGISTRY_CAUSES.map((cause) => [cause, pin.onFailure(cause)]));
    expect(actions).toMatchObject(expected);
  });

  test.each([
    ['24h', 86_400_000],
    ['1h30m', 5_400_000],
    ['0s', 0],
  ])('stale: %s', (stale, ms) => {
    expect(pinOf(`{stale: ${stale}}`).staleMs).toBe(ms);
  });

  test('takes rules beside it', () => {
    expect(read('{rules: [{rule: image-digest}], pin: {mode: pod}}')).toMatchObject({
      ok: true,
      policy: { bindings: [{ rule: 'image-digest' }], pin: { mode: 'pod' } },
    });
  });
});

describe('what is wrong', () => {
  test.each([
    ['{}', ['value /spec: set "rules", "rewrite", "pin", "pullSecrets", or "pullPolicy"']],
    ['{pin: }', ['value /spec/pin: expected an object, found null']],
    [
      '{pin: {modus: pod}}',
      ['key /spec/pin/modus: unknown key "modus" (expected images, exclude, onFailure, stale, mode, or annotate)'],
    ],
    [
      '{pin: {mode: pods}}',
      ['value /spec/pin/mode: invalid value "pods"; did you mean "pod"? (expected "workload", "pod", or "warn")'],
    ],
    [
      '{pin: {onFailure: {notfound: deny}}}',
      [`key /spec/pin/onFailure/notfound: unknown key "notfound"; did you mean "notFound"?`],
    ],
    [
      '{pin: {onFailure: {timeout: denny}}}',
      [
        'value /spec/pin/onFailure/timeout: invalid value "denny"; did you mean "deny"? (expected "allow", "warn", or "deny")',
      ],
    ],
    [
      '{pin: {onFailure: denny}}',
      [
        'value /spec/pin/onFailure: invalid value "denny": expected "allow", "warn", "deny", or a map from cause to action such as {notFound: deny, other: warn}',
      ],
    ],
    [
      '{pin: {onFailure: []}}',
      [
        'value /spec/pin/onFailure: expected "allow", "warn", "deny", or a map from cause to action such as {notFound: deny, other: warn}, found a list',
      ],
    ],
    [
      '{pin: {stale: 24}}',
      ['value /spec/pin/stale: expected a duration in h, m, and s, for example 24h or 1h30m, found a number'],
    ],
    [
      '{pin: {stale: 1d}}',
      ['value /spec/pin/stale: "1d" is not a duration; use the units h, m, and s, for example 24h or 1h30m'],
    ],
    ['{pin: {images: []}}', ['value /spec/pin/images: must not be empty']],
    [
      '{pin: {exclude: ["https://example.com"]}}',
      [
        'value /spec/pin/exclude/0: "https://example.com" is not a pattern: remove "https://"; use, for example, example.com/**',
      ],
    ],
  ])('%s', (spec, faults) => {
    expect(faultsOf(spec)).toEqual(faults);
  });

  test.each(['{exclude: ["**"]}', '{images: ["a.io/**", "b.io/**"], exclude: ["b.io/**", "a.io/**"]}'])(
    '%s pins nothing, and the loader says so',
    (pin) => {
      expect(read(`{pin: ${pin}}`)).toMatchObject({
        ok: true,
        deadClauses: [
          {
            pointer: '/spec/pin/exclude',
            problem: 'pins nothing: "exclude" removes every image in "images"',
          },
        ],
      });
    },
  );
});

function covered(pin: Pin): readonly string[] {
  return ['nginx', 'registry.example.com/shop/web:7'].filter((image) => {
    const parsed = parseReference(image);
    return parsed.ok && pin.covers(parsed.reference);
  });
}

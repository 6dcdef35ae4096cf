import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { saidIn } from '../../../src/files/audit/said-in-event.ts';
import { saidInDenial } from '../../../src/files/said/denial.ts';

const DENIED = { result: 'fail', action: 'deny' };

const kyverno = (text: string, name = 'validate.kyverno.svc-fail'): string =>
  `admission webhook "${name}" denied the request: ${text}`;
const gatekeeper = (text: string): string => `admission webhook "validation.gatekeeper.sh" denied the request: ${text}`;

describe('the message of a denial', () => {
  const cases: readonly (readonly [string, string, readonly object[]])[] = [
    [
      'by Kyverno: policy, rule, and a folded message',
      kyverno(
        "\n\nresource Pod/shop/web was blocked due to the following policies \n\ndisallow-latest-tag:\n  require-image-tag: 'validation error: An image tag is required. rule require-image-tag\n    failed at path /image/'\n",
      ),
      [
        {
          by: 'kyverno',
          policy: 'disallow-latest-tag',
          rule: 'require-image-tag',
          ...DENIED,
          message: 'validation error: An image tag is required. rule require-image-tag failed at path /image/',
        },
      ],
    ],
    [
      'by Kyverno: several policies and rules',
      kyverno(
        '\n\nresource Deployment/shop/web was blocked due to the following policies\n\na:\n  autogen-one: first\n  two: |-\n    second\n    line\nb:\n  three: third\n',
      ),
      [
        { by: 'kyverno', policy: 'a', rule: 'autogen-one', ...DENIED, message: 'first' },
        { by: 'kyverno', policy: 'a', rule: 'two', ...DENIED, message: 'second\nline' },
        { by: 'kyverno', policy: 'b', rule: 'three', ...DENIED, message: 'third' },
      ],
    ],
    [
      'by Kyverno: policies in CEL',
      kyverno(
        'Policy tags failed: no tag; use one; Policy digests error: no such key: a',
        'vpol.validate.kyverno.svc-fail',
      ),
      [
        { by: 'kyverno', policy: 'tags', ...DENIED, message: 'no tag; use one' },
        { by: 'kyverno', policy: 'digests', result: 'error', action: 'deny', message: 'no such key: a' },
      ],
    ],
    ['by Kyverno: another text', kyverno('timeout'), [{ by: 'kyverno', ...DENIED, message: 'timeout' }]],
    [
      'by Kyverno: YAML that is cut',
      kyverno('\n\nresource Pod/a/b was blocked due to the following policies\n\na:\n  b: "c'),
      [{ by: 'kyverno', ...DENIED, message: expect.stringContaining('was blocked') as string }],
    ],
    [
      'by Gatekeeper: several constraints',
      gatekeeper('[repo-is-openpolicyagent] container <web> has an invalid image repo <nginx>\n[no-latest] one\ntwo'),
      [
        {
          by: 'gatekeeper',
          policy: 'repo-is-openpolicyagent',
          ...DENIED,
          message: 'container <web> has an invalid image repo <nginx>',
        },
        { by: 'gatekeeper', policy: 'no-latest', ...DENIED, message: 'one\ntwo' },
      ],
    ],
    ['by Gatekeeper: another text', gatekeeper('[] x'), [{ by: 'gatekeeper', ...DENIED, message: '[] x' }]],
    [
      'by another webhook',
      'admission webhook "policy.example.com" denied the request: no: really',
      [{ by: 'policy.example.com', ...DENIED, message: 'no: really' }],
    ],
    [
      'by a webhook without an explanation',
      'admission webhook "policy.example.com" denied the request without explanation',
      [{ by: 'policy.example.com', ...DENIED, message: '' }],
    ],
    [
      'by tidewaiter',
      'admission webhook "validate.tidewaiter.dev" denied the request: Pod shop/web: 1 problem',
      [{ by: 'tidewaiter', ...DENIED, message: 'Pod shop/web: 1 problem' }],
    ],
    [
      'by a ValidatingAdmissionPolicy',
      `deployments.apps "web" is forbidden: ValidatingAdmissionPolicy 'tags' with binding 'all' denied request: no tag`,
      [{ by: 'validating-admission-policy', policy: 'tags', rule: 'all', ...DENIED, message: 'no tag' }],
    ],
    ['of a quota', 'pods "web" is forbidden: exceeded quota: q', []],
    ['of nothing', '', []],
  ];

  test.each(cases)('tells who denied it: %s', (_name, message, expected) => {
    expect(saidInDenial(message)).toEqual(expected);
  });

  test('is bounded', () => {
    const rules = Array.from({ length: 5000 }, (_, index) => `  rule-${index}: ${'x'.repeat(2000)}\n`).join('');
    const message = kyverno(`\n\nresource Pod/a/b was blocked due to the following policies \n\np:\n${rules}`);
    const said = saidIn({ message, annotations: new Map() }) ?? [];
    expect(said.length).toBeLessThanOrEqual(50);
    expect(JSON.stringify(said).length).toBeLessThan(60_000);
  });

  test('is read without an error, whatever it contains', () => {
    const parts = fc.constantFrom(
      'Policy a failed: ',
      '; ',
      '[a] ',
      '\n',
      'a:',
      '  ',
      '"',
      ' was blocked due to the following policies\n',
    );
    const text = fc.array(fc.oneof(parts, fc.string())).map((all) => all.join(''));
    fc.assert(
      fc.property(text, (one) => {
        expect([kyverno(one), gatekeeper(one)].map((message) => saidInDenial(message).length > 0)).toEqual([
          true,
          true,
        ]);
      }),
    );
  });
});

describe('the annotations of an event', () => {
  const cases: readonly (readonly [string, string, readonly object[] | undefined])[] = [
    [
      'failed-open.validating.webhook.admission.k8s.io/round_0_index_2',
      'validation.gatekeeper.sh',
      [{ by: 'gatekeeper', result: 'error', message: 'the webhook failed and was ignored' }],
    ],
    [
      'validation.policy.admission.k8s.io/validation_failure',
      '[{"message":"no tag","policy":"tags","binding":"all","expressionIndex":1,"validationActions":["Audit"]}]',
      [
        {
          by: 'validating-admission-policy',
          policy: 'tags',
          rule: 'all',
          result: 'fail',
          action: 'audit',
          message: 'no tag',
        },
      ],
    ],
    ['validation.policy.admission.k8s.io/validation_failure', '[{"policy":1},7]', undefined],
    ['validation.policy.admission.k8s.io/validation_failure', 'no JSON', undefined],
    ['validate.tidewaiter.dev/decision', 'allow', [{ by: 'tidewaiter', result: 'pass' }]],
    ['validate.tidewaiter.dev/decision', 'warn', [{ by: 'tidewaiter', result: 'warn', action: 'warn' }]],
    ['validate.tidewaiter.dev/findings', 'deny x', undefined],
    ['policy.example.com/decision', 'allow', undefined],
    [
      'mutation.webhook.admission.k8s.io/round_0_index_0',
      '{"configuration":"c","webhook":"w","mutated":true}',
      undefined,
    ],
  ];

  test.each(cases)('tell what policies said: %s %s', (key, value, expected) => {
    expect(saidIn({ message: '', annotations: new Map([[key, value]]) })).toEqual(expected);
  });
});

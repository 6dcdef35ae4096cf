/** What is said about a rule must be true: its example passes and fails as it says. */
import { describe, expect, test } from 'vitest';
import { RULES } from '../../src/policy/rules/index.ts';
import { checkText, testText } from '../support/check-text.ts';

describe.each(RULES.map((rule) => [rule.name, rule] as const))('the documentation of %s', (name, { docs }) => {
  if (docs === undefined) throw new Error(`${name} has no documentation`);
  const policy = {
    apiVersion: 'tidewaiter.dev/v1alpha1',
    kind: 'ImagePolicy',
    metadata: { name: 'example' },
    spec: {
      rewrite: docs.example.rewrite,
      rules: [{ rule: name, onUnknown: 'deny', parameters: docs.example.parameters }],
    },
  };

  test('has an example that passes and one that fails', async () => {
    const { pass, fail, registry } = docs.example;
    const checked = (manifest: string): Promise<object> =>
      registry === undefined ? checkText(manifest, policy) : testText(manifest, policy, registry);
    expect(await checked(pass)).toMatchObject({ errors: [], findings: [] });
    expect(await checked(fail)).toMatchObject({
      errors: [],
      findings: [expect.objectContaining({ rule: name, action: 'deny', outcome: 'violation' })],
    });
  });

  test('speaks in whole sentences', () => {
    for (const text of [docs.why, docs.remedy]) expect(text).toMatch(/^[A-Z"].*[.]$/s);
  });
});

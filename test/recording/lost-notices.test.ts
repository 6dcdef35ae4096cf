/** Which CEL rules a server that records tells about. */
import { beforeAll, expect, test } from 'vitest';
import { createNotices } from '../../src/cli/serve/notices.ts';
import type { LoadedPolicies } from '../../src/files/policies.ts';
import { cel } from '../../src/policy/rules/cel.ts';
import { lostNotices } from '../../src/recording/lost-notices.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { policyOf } from '../policy/fixtures.ts';

beforeAll(() => cel.ready?.());

const policyWith = (expression: string): Policy =>
  policyOf(
    `{match: {}, rules: [{rule: image-digest}, ${JSON.stringify({ rule: 'cel', parameters: { expression } })}]}`,
  );

const cases: readonly (readonly [expression: string, paths: string | undefined])[] = [
  ["object.metadata.annotations['team'] == 'shop'", 'object.metadata.annotations.team'],
  ["object.metadata.annotations['example.com/a'] == 'b'", 'object.metadata.annotations["example.com/a"]'],
  ["object.metadata.annotations['tidewaiter.dev/original-images'] != ''", undefined],
  ['has(object.metadata.annotations)', 'object.metadata.annotations'],
  ["object.metadata.labels['team'] == 'shop'", undefined],
  ['oldObject.metadata.managedFields.size() > 1', 'oldObject.metadata.managedFields'],
  ['container.env[0].value != "a"', 'container.env[0].value'],
  ['container.env.all(e, e.name != "A")', undefined],
  ['object.spec.password != ""', 'object.spec.password'],
  ['object.spec.secretName != ""', undefined],
  ['object.spec.hostname != ""', 'object.spec.hostname'],
  ['image.tag != "latest"', undefined],
];

test.each(cases)('%s', (expression, paths) => {
  const message = `policy "test": rule cel reads ${paths}, which recordings do not contain; its results in a replay are unknown`;
  expect(lostNotices([policyWith(expression)], ['hostname']).map((notice) => notice.message)).toEqual(
    paths === undefined ? [] : [message],
  );
});

test('each rule of a plugin', () => {
  const policy = policyWith('image.tag != "latest"');
  const guard = { run: () => [] } as never;
  const bindings = policy.bindings.map((binding) =>
    binding.rule === 'image-digest' ? { ...binding, check: { ...binding.check, guard } } : binding,
  );
  expect(lostNotices([{ ...policy, bindings }], []).map(({ message }) => message)).toEqual([
    'policy "test": rule image-digest is from a plugin; where it reads values that recordings do not contain, its results in a replay are unknown',
  ]);
});

test.each([
  [undefined, 0],
  [{ redact: [] }, 1],
])('are logged once if reviews are recorded: %j', (recording, count) => {
  const logged: string[] = [];
  const notices = createNotices(
    { warn: (_fields: object, message: string) => logged.push(message) } as never,
    recording,
  );
  const policies: LoadedPolicies = {
    policies: [policyWith("object.metadata.annotations['team'] == 'shop'")],
    exceptions: [],
    notices: [],
    inputNotices: [],
    placed: (notice: object) => ({ ...notice, file: 'p.yaml', line: 1, column: 1 }),
  } as never;
  const credentials = { ofNodes: false, ofCluster: false, areGuarded: true };
  notices.log(policies, credentials);
  notices.log(policies, credentials);
  expect(logged).toHaveLength(count);
});

/** Whatever the layout of a manifest, `check --fix --write` changes the values with findings and no other byte, and does so once. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { policyOf, writeFixes } from '../../support/fix-command.ts';
import { inOwnFolders } from '../../support/own-folders.ts';
import { digestOf } from '../../support/pin-registry.ts';

inOwnFolders('fix-properties');

const RULES = [
  '{rule: image-digest}',
  '{rule: image-qualified}',
  '{rule: image-pull-policy, parameters: {when: all}}',
  '{rule: container-ports}',
];

const PINNED = `reg.io/b:1@${digestOf('reg.io/b:1')}`;
const IMAGES: Readonly<Record<string, string>> = {
  'nginx:1.27': `docker.io/library/nginx:1.27@${digestOf('docker.io/library/nginx:1.27')}`,
  'team/web:2': `docker.io/team/web:2@${digestOf('docker.io/team/web:2')}`,
  'reg.io/a:1': `reg.io/a:1@${digestOf('reg.io/a:1')}`,
  [PINNED]: PINNED,
};

interface Layout {
  readonly image: string;
  readonly quote: string;
  readonly comment: string;
  readonly policy: string | undefined;
  readonly protocol: string;
  /** The port is listed twice. */
  readonly repeats: boolean;
  readonly isFlow: boolean;
}

const layout: fc.Arbitrary<Layout> = fc.record({
  image: fc.constantFrom(...Object.keys(IMAGES)),
  quote: fc.constantFrom('', '"', "'"),
  comment: fc.constantFrom('', ' # image: "nginx:1.27", tcp', '   ', '  # é 🚢'),
  policy: fc.constantFrom(undefined, 'Never', 'IfNotPresent', 'Always'),
  protocol: fc.constantFrom('TCP', 'tcp', 'Udp'),
  repeats: fc.boolean(),
  isFlow: fc.boolean(),
});

/** The text of a container before or after the fixes. */
function containerText(one: Layout, index: number, isFixed: boolean): string {
  const { quote, comment, isFlow } = one;
  const image = `${quote}${isFixed ? IMAGES[one.image] : one.image}${quote}`;
  const protocol = isFixed ? one.protocol.toUpperCase() : one.protocol;
  const policy = isFixed ? 'Always' : one.policy;
  const count = one.repeats && !isFixed ? 2 : 1;
  if (isFlow) {
    const ports = Array.from({ length: count }, () => `{containerPort: ${8000 + index}, protocol: ${protocol}}`);
    const field = policy === undefined ? '' : `, imagePullPolicy: ${policy}`;
    return `    - {name: c${index}, image: ${image}${field}, ports: [${ports.join(', ')}]}${comment}\n`;
  }
  const port = `        - containerPort: ${8000 + index}\n          protocol: ${protocol}\n`;
  const field = policy === undefined ? '' : `      imagePullPolicy: ${policy}\n`;
  return `    - name: c${index}\n      image: ${image}${comment}\n${field}      ports:\n${port.repeat(count)}\n      # the end\n`;
}

interface FileLayout {
  readonly pods: readonly (readonly Layout[])[];
  readonly isCrlf: boolean;
  readonly mark: string;
}

function fileText({ pods, isCrlf, mark }: FileLayout, isFixed: boolean): string {
  const documents = pods.map((containers, index) => {
    const all = containers.map((one, at) => containerText(one, at, isFixed)).join('');
    return `apiVersion: v1\nkind: Pod\nmetadata: {name: p${index}}\nspec:\n  containers:\n${all}`;
  });
  const text = mark + documents.join('---\n# next\n');
  return isCrlf ? text.replaceAll('\n', '\r\n') : text;
}

test('fixes are exact, and a second run changes nothing', async () => {
  writeFileSync('policy.yaml', policyOf(...RULES));
  const containers = fc.array(layout, { minLength: 1, maxLength: 3 });
  const file = fc.record({
    pods: fc.array(containers, { minLength: 1, maxLength: 2 }),
    isCrlf: fc.boolean(),
    mark: fc.constantFrom('', '\uFEFF'),
  });
  await fc.assert(
    fc.asyncProperty(file, async (one) => {
      writeFileSync('a.yaml', fileText(one, false));
      const { report } = await writeFixes(['a.yaml']);
      expect(readFileSync('a.yaml', 'utf8')).toBe(fileText(one, true));
      expect(report.findings).toEqual([]);
      const again = await writeFixes(['a.yaml']);
      expect(again.note).toMatch(/^fixed 0 of 0 /);
      expect(readFileSync('a.yaml', 'utf8')).toBe(fileText(one, true));
    }),
    { numRuns: 20 },
  );
});

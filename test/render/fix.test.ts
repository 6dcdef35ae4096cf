/** `check --fix` with the real Helm and kubectl: what they render is not changed, and notices name the place or the command. */
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { helmMissing, pathOf } from '../chart/assets.ts';
import { policyOf, writeFixes } from '../support/fix-command.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { digestOf, runPin } from '../support/pin-registry.ts';
import { enterNewDirectory, plant } from '../support/planted.ts';
import { describeWith } from '../support/real-part.ts';

const PATH = process.env['PATH'];
let leave = (): void => {};
beforeEach(() => {
  leave = enterNewDirectory();
});
afterEach(() => {
  process.env['PATH'] = PATH;
  leave();
});

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n';
const POLICY = policyOf('{rule: image-qualified}', '{rule: image-digest}', '{rule: container-ports}');
const VALUES = 'image:\n  repository: nginx\n  tag: "1.27"\nside: redis:7\n';
const CHART = {
  'policy.yaml': POLICY,
  'c/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'c/values.yaml': VALUES,
  'c/templates/pod.yaml': `${HEAD}    - name: a
      image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
    - name: b
      image: {{ .Values.side }}
      ports: [{containerPort: 80, protocol: tcp}]
`,
};

interface Left {
  readonly notices: readonly string[];
  readonly rules: readonly string[];
}

async function left(paths: readonly string[], flags: Parameters<typeof writeFixes>[1]): Promise<Left> {
  const { report } = await writeFixes(paths, flags);
  const notices = report.notices.map(({ message }) => message).filter((one) => one.includes('not fixed'));
  return { notices, rules: report.findings.map(({ rule }) => rule).toSorted() };
}

describeWith(helmMissing, 'check --fix --helm', () => {
  test.each(['helm3', 'helm4'] as const)(
    'names the place, and the command for digests, which works: %s',
    async (program) => {
      plant(CHART);
      mkdirSync('bin');
      symlinkSync(pathOf(program), 'bin/helm');
      process.env['PATH'] = path.resolve('bin');
      expect((await left(['c'], { helm: true })).notices).toEqual([
        'image-digest is not fixed: Helm renders the object from these values; run tidewaiter pin c/values.yaml --helm-image /image',
        'image-digest is not fixed: Helm renders the object from these values; run tidewaiter pin c/values.yaml --helm-image /side',
        'image-qualified is not fixed: Helm renders the object; change c/values.yaml:3:8 by hand',
        'image-qualified is not fixed: Helm renders the object; change c/values.yaml:4:7 by hand',
        'c/templates/pod.yaml: container-ports is not fixed: Helm renders the object; change the templates or the values by hand',
      ]);
      expect(readFileSync('c/values.yaml', 'utf8')).toBe(VALUES);
      await runPin(['c/values.yaml'], { helmImage: ['/image', '/side'], write: true });
      expect(readFileSync('c/values.yaml', 'utf8')).toContain(digestOf('docker.io/library/nginx:1.27'));
      const after = await left(['c'], { helm: true });
      expect(after.rules.filter((rule) => rule === 'image-digest')).toEqual([]);
    },
  );
});

describeWith(kubectlMissing, 'check --fix --kustomize', () => {
  test('adds digests to the file that wrote the image, and names the place of other findings', async () => {
    const pod = `${HEAD}    - name: a\n      image: nginx:1.27\n`;
    plant({
      'policy.yaml': POLICY,
      'k/kustomization.yaml': 'resources: [pod.yaml]\nnamePrefix: x-\n',
      'k/pod.yaml': pod,
    });
    expect(await left(['k'], { kustomize: true })).toEqual({
      notices: ['image-qualified is not fixed: kustomize builds the object; change k/pod.yaml:7:14 by hand'],
      rules: ['image-qualified'],
    });
    expect(readFileSync('k/pod.yaml', 'utf8')).toBe(
      pod.replace('1.27', `1.27@${digestOf('docker.io/library/nginx:1.27')}`),
    );
  });
});

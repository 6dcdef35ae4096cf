/** A test suite for the generated policy: a Pod that it allows, and a Pod that it denies. */
import { type Tree, yamlDocuments } from '../../install/yaml.ts';
import type { FindingRow } from '../../report/rows.ts';
import type { NewFile } from '../new-files.ts';

export const FOLDER = 'policy-tests';

/** `findingsIn` evaluates a manifest by the generated policy. */
export async function suiteFiles(
  image: string,
  findingsIn: (manifest: string) => Promise<readonly FindingRow[]>,
): Promise<readonly NewFile[]> {
  const [pass, fail] = [passingPod(image), failingPod()];
  const cases = [
    { name: 'an image that is used today', file: 'pass.yaml', findings: await findingsIn(pass) },
    { name: 'an image from an unknown registry', file: 'fail.yaml', findings: await findingsIn(fail) },
  ];
  return [
    { path: `${FOLDER}/suite.yaml`, text: suiteText(cases) },
    { path: `${FOLDER}/pass.yaml`, text: pass },
    { path: `${FOLDER}/fail.yaml`, text: fail },
    { path: `${FOLDER}/.tidewaiterignore`, text: '# These Pods are only for tidewaiter test.\npass.yaml\nfail.yaml\n' },
  ];
}

/** A Pod like those in the manifests. */
function passingPod(image: string): string {
  return podText(image, [{ name: 'http', containerPort: 8080 }]);
}

/** A Pod with an image from a registry that cannot exist. */
function failingPod(): string {
  const ports = [8080, 8080].map((containerPort) => ({ containerPort }));
  return podText('registry.invalid/typo:latest', [...ports, { name: 'admin', containerPort: 8081, hostPort: 8081 }]);
}

function podText(image: string, ports: readonly Tree[]): string {
  const container = { name: 'web', image, imagePullPolicy: 'Always', ports };
  return yamlDocuments([
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [container] } },
  ]);
}

interface PodCase {
  readonly name: string;
  readonly file: string;
  readonly findings: readonly FindingRow[];
}

function suiteText(cases: readonly PodCase[]): string {
  return yamlDocuments([
    {
      apiVersion: 'tidewaiter.dev/v1alpha1',
      kind: 'ImagePolicyTest',
      metadata: { name: 'images' },
      spec: {
        policies: ['../policies'],
        cases: cases.map(({ name, file, findings }) => ({
          name,
          resources: [file],
          expect: findings.length === 0 ? 'pass' : findings.map(expectation),
        })),
      },
    },
  ]);
}

function expectation({ rule, container, action, outcome }: FindingRow): Tree {
  return { rule, action, outcome, ...(container === null ? {} : { container }) };
}

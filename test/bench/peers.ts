/** Other command-line tools on the same manifests, in turns: those on the PATH. They do different work, so no ratio is a goal. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mixedManifests, smallPods } from './manifests.ts';
import { median, type Outcome, spread } from './outcome.ts';
import { hasProgram } from './processes.ts';
import { ENV, fileIn, folderIn, MAIN } from './program.ts';

const ROUNDS = 3;
const LIMIT_MS = 600_000;
const SMALL_PODS = 1000;
const MIXED_DOCUMENTS = 8000;
const FILES = 10_000;
const FILES_PER_DIRECTORY = 100;

interface Peer {
  readonly name: string;
  /** Undefined if it cannot run here. */
  readonly argv: (input: string) => readonly string[] | undefined;
}

/** Each evaluates tags and digests of images with rules of its own language, or everything that it always checks. */
const PEERS: readonly Peer[] = [
  { name: 'kubeconform', argv: (input) => kubeconform(input) },
  { name: 'kubeconform -n 1', argv: (input) => kubeconform(input, '-n', '1') },
  { name: 'kube-score', argv: (input) => ['kube-score', 'score', '-o', 'ci', ...filesIn(input)] },
  { name: 'conftest', argv: (input) => ['conftest', 'test', '-p', fileIn('rego'), input] },
  { name: 'gator', argv: (input) => ['gator', 'test', '-f', fileIn('gator'), '-f', input] },
  {
    name: 'checkov',
    argv: (input) => ['checkov', ...CHECKOV, input.endsWith('.yaml') ? '-f' : '-d', input],
  },
  { name: 'trivy', argv: (input) => ['trivy', 'config', '-q', '--skip-check-update', '--skip-version-check', input] },
];

const CHECKOV = '--framework kubernetes --quiet --compact --skip-download -c CKV_K8S_14,CKV_K8S_43'.split(' ');

/** `KUBECONFORM_SCHEMAS`: a directory with files such as `deployment-apps-v1.json`, because its default is a URL. */
function kubeconform(input: string, ...flags: readonly string[]): readonly string[] | undefined {
  const schemas = process.env.KUBECONFORM_SCHEMAS;
  if (schemas === undefined || schemas === '') return undefined;
  const location = path.join(schemas, '{{ .ResourceKind }}{{ .KindSuffix }}.json');
  return ['kubeconform', ...flags, '-schema-location', location, '-ignore-missing-schemas', input];
}

export function measurePeers(): readonly Outcome[] {
  writeRules();
  const inputs = { '1,000 Pods': pods(), '8,000 documents': mixed(), '10,000 files': manyFiles() };
  return Object.entries(inputs).flatMap(([what, input]) => besidePeers(what, input));
}

function besidePeers(what: string, input: string): readonly Outcome[] {
  const own = { name: 'tidewaiter', argv: [process.execPath, MAIN, 'check', input] };
  const others = PEERS.flatMap(({ name, argv: of }) => {
    const argv = of(input);
    return argv !== undefined && hasProgram(argv[0] ?? '') ? [{ name, argv }] : [];
  });
  const runs = [own, ...others].map((one) => ({ ...one, usages: [] as Usage[] }));
  for (let round = 0; round < ROUNDS; round += 1) for (const { argv, usages } of runs) usages.push(usageOf(argv));
  const reference = median(runs[0]?.usages.map(({ cpu }) => cpu) ?? []);
  return runs.map(({ name, usages }) => {
    const cpu = usages.map((one) => one.cpu);
    const wall = median(usages.map((one) => one.wall));
    const mib = median(usages.map((one) => one.mib));
    const detail = `CPU ${spread(cpu)} ms; wall ${wall.toFixed(2)} s; ${mib.toFixed(0)} MiB; exit ${usages[0]?.exit}`;
    const value = median(cpu) / reference;
    return { measure: `${what}: CPU time of ${name}`, value, unit: 'x', goal: undefined, detail };
  });
}

interface Usage {
  /** User and system time in milliseconds. */
  readonly cpu: number;
  /** Seconds. */
  readonly wall: number;
  readonly mib: number;
  readonly exit: number;
}

/** GNU time counts the processes that a program starts, too. */
function usageOf(argv: readonly string[]): Usage {
  const file = fileIn('usage');
  const { error } = spawnSync('/usr/bin/time', ['-q', '-o', file, '-f', '%U %S %e %M %x', ...argv], {
    env: ENV,
    cwd: folderIn('empty'),
    stdio: 'ignore',
    timeout: LIMIT_MS,
  });
  if (error !== undefined) throw new Error(`${argv[0]}: ${error.message} (the peers need GNU time)`);
  const [user = Number.NaN, system = Number.NaN, wall = Number.NaN, kib = Number.NaN, exit = Number.NaN] = readFileSync(
    file,
    'utf8',
  )
    .split(' ')
    .map(Number);
  return { cpu: (user + system) * 1000, wall, mib: kib / 1024, exit };
}

function pods(): string {
  const file = fileIn('peers-pods.yaml');
  writeFileSync(file, smallPods(SMALL_PODS).text);
  return file;
}

function mixed(): string {
  const file = fileIn('peers-mixed.yaml');
  writeFileSync(file, mixedManifests(MIXED_DOCUMENTS));
  return file;
}

function manyFiles(): string {
  const documents = smallPods(FILES).text.split('---\n').slice(1);
  for (const [n, text] of documents.entries()) writeFileSync(pathOfFile(n), text);
  return fileIn('peers-files');
}

function pathOfFile(n: number): string {
  const directory = path.join(folderIn('peers-files'), String(Math.floor(n / FILES_PER_DIRECTORY)));
  mkdirSync(directory, { recursive: true });
  return path.join(directory, `pod-${n}.yaml`);
}

/** kube-score takes files only. */
function filesIn(input: string): readonly string[] {
  return input.endsWith('.yaml') ? [input] : Array.from({ length: FILES }, (_, n) => pathOfFile(n));
}

function writeRules(): void {
  writeFileSync(path.join(folderIn('rego'), 'tags.rego'), CONFTEST);
  writeFileSync(path.join(folderIn('gator'), 'tags.yaml'), GATOR);
}

/** The containers of the kinds in the inputs. */
const LISTS = ['spec', 'spec.template.spec', 'spec.jobTemplate.spec.template.spec'];

const CONFTEST = `package main

${LISTS.map((list) => `containers contains c if { some c in input.${list}.containers }\n`).join('')}
tagged(image) if { contains(image, "@") }
tagged(image) if { parts := split(image, "/"); contains(parts[count(parts) - 1], ":"); not endswith(image, ":latest") }

deny contains msg if { some c in containers; not tagged(c.image); msg := sprintf("%q has no tag", [c.image]) }
warn contains msg if { some c in containers; not contains(c.image, "@"); msg := sprintf("%q has no digest", [c.image]) }
`;

const GATOR = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: imagetag}
spec:
  crd: {spec: {names: {kind: ImageTag}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package imagetag
${LISTS.map((list) => `        containers[c] { c := input.review.object.${list}.containers[_] }\n`).join('')}
        tagged(image) { contains(image, "@") }
        tagged(image) { parts := split(image, "/"); contains(parts[count(parts) - 1], ":"); not endswith(image, ":latest") }
        violation[{"msg": msg}] { c := containers[_]; not tagged(c.image); msg := sprintf("%q has no tag", [c.image]) }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: ImageTag
metadata: {name: imagetag}
spec: {match: {kinds: [{apiGroups: ["*"], kinds: ["*"]}]}}
`;

/**
 * node test/bench/yaml.ts [documents]: parseDocuments against js-yaml's own loadAll on the same text in the same run, with
 * the positions of three values a document. Prints medians of interleaved rounds, and what the process needs in memory.
 */
import { loadAll } from 'js-yaml';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';

const DOCUMENTS = Number(process.argv[2] ?? 7_900);
const ROUNDS = 7;
const MIB = 1024 * 1024;

function podText(index: number): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: web-${index}
  namespace: shop
  labels:
    app.kubernetes.io/name: web
    app.kubernetes.io/part-of: "shop"
spec:
  serviceAccountName: web
  imagePullSecrets:
    - name: regcred
  containers:
    - name: web
      image: registry.example.com/shop/web:${index % 50}
      args: ["--port", "8080", '--name=web']
      ports: [{ containerPort: 8080, protocol: TCP }]
      resources:
        limits: { cpu: 500m, memory: 256Mi }
    - name: proxy
      image: docker.io/envoyproxy/envoy:v1.31
      env:
        - { name: LEVEL, value: "info" }
        - { name: PORT, value: "9901" }
`;
}

const text = Array.from({ length: DOCUMENTS }, (_, index) => podText(index)).join('---\n');

function timeMs(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[values.length >> 1] ?? Number.NaN;
}

const POINTERS = ['/spec/containers/0/image', '/spec/containers/1/image', '/spec/containers/1/imagePullPolicy'];

function askForPositions(documents: ReturnType<typeof parseDocuments>): number {
  let sum = 0;
  for (const document of documents)
    if (document.ok) for (const pointer of POINTERS) sum += document.positionOf(pointer).line;
  return sum;
}

const rssMib = (): number => process.memoryUsage().rss / MIB;
const before = rssMib();
const cold = timeMs(() => askForPositions(parseDocuments(text)));
const after = rssMib();

const theirs: number[] = [];
const ours: number[] = [];
const positions: number[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  theirs.push(timeMs(() => loadAll(text)));
  let documents: ReturnType<typeof parseDocuments> = [];
  ours.push(timeMs(() => (documents = parseDocuments(text))));
  positions.push(timeMs(() => askForPositions(documents)));
}

const lines = [
  `${DOCUMENTS} documents, ${(text.length / MIB).toFixed(2)} MiB`,
  `first run, cold, with positions   ${cold.toFixed(0)} ms, RSS ${before.toFixed(0)} -> ${after.toFixed(0)} MiB`,
  `js-yaml loadAll, warm             ${median(theirs).toFixed(0)} ms`,
  `parseDocuments, warm               ${median(ours).toFixed(0)} ms, ${(median(ours) / median(theirs)).toFixed(2)} x (target: at most 1.3)`,
  `${POINTERS.length * DOCUMENTS} positions${' '.repeat(18)}${median(positions).toFixed(0)} ms`,
];
process.stdout.write(`${lines.join('\n')}\n`);

/** Measure 6: reviews per second of /mutate with digests that are known, beside the floor that has them in a map. */
import { writeFileSync } from 'node:fs';
import { CLIENT } from './load.ts';
import { atLeast, atMost, median, type Outcome } from './outcome.ts';
import { type Answering, fileIn, folderIn, listening, post, startFloor, startGate } from './program.ts';
import { type CountingRegistry, startRegistry } from './registry.ts';
import { reviewBodies } from './reviews.ts';
import { oneRound, type Round, type ServeOptions, WARM_SECONDS } from './serve.ts';

const PIN = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: pin}
spec: {pin: {}}
`;

const PATH = '/mutate';

export async function measureMutate(options: ServeOptions): Promise<readonly Outcome[]> {
  options.note(`mutate: ${CLIENT}`);
  const registry = await startRegistry();
  const certsDir = folderIn('certs');
  const server = await startGate(certsDir, { config: configFor(registry) });
  try {
    await listening(server);
    const floor = await startFloor(certsDir);
    try {
      await listening(floor);
      return await measured({ gate: server, floor, registry }, options);
    } finally {
      await floor.stop();
    }
  } finally {
    await server.stop();
    await registry.stop();
  }
}

function configFor({ host }: CountingRegistry): string {
  const policy = fileIn('pin.yaml');
  writeFileSync(policy, PIN);
  const file = fileIn('mutate.yaml');
  const registries = [{ host, insecure: true, allowPrivate: true }];
  writeFileSync(file, JSON.stringify({ policies: [policy], registries }));
  return file;
}

interface Servers {
  readonly gate: Answering;
  readonly floor: Answering;
  readonly registry: CountingRegistry;
}

async function measured(servers: Servers, { seconds, rounds, note }: ServeOptions): Promise<readonly Outcome[]> {
  const { gate, floor, registry } = servers;
  const text = bodyOf(registry);
  const bodyFile = fileIn('review-mutate.json');
  writeFileSync(bodyFile, text);
  for (const server of [gate, floor]) await expectPatched(server, text);
  const cold = registry.requests.length;
  for (const server of [floor, gate]) await oneRound(server, { bodyFile, path: PATH }, WARM_SECONDS);
  const done: { readonly floor: Round; readonly gate: Round }[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const load = { bodyFile, path: PATH };
    const both = { floor: await oneRound(floor, load, seconds), gate: await oneRound(gate, load, seconds) };
    done.push(both);
    note(`mutate: round ${round} of ${rounds}: ${(both.gate.rps / both.floor.rps).toFixed(2)} x the floor`);
  }
  const ratios = done.map((both) => both.gate.rps / both.floor.rps);
  const cpu = median(done.map((both) => both.floor.cpuUsPerRequest / both.gate.cpuUsPerRequest));
  return [
    {
      measure: 'mutate: 10 KB, three tags whose digests are known, requests per second against the floor',
      value: median(ratios),
      unit: 'x',
      goal: atLeast(0.8),
      detail: `rounds ${ratios.map((one) => one.toFixed(2)).join(' ')}; by CPU time ${cpu.toFixed(2)} x`,
    },
    {
      measure: 'mutate: requests to the registry for the first review, of three images',
      value: cold,
      unit: '',
      goal: atMost(3),
      detail: registry.requests.slice(0, cold).join(', '),
    },
    {
      measure: 'mutate: requests to the registry during the load',
      value: registry.requests.length - cold,
      unit: '',
      // A tag is asked for again when its time to live is over.
      goal: atMost(3 * Math.ceil(((WARM_SECONDS + rounds * seconds) * 2) / TAG_SECONDS)),
      detail: `a tag is known for ${TAG_SECONDS} s`,
    },
  ];
}

/** The default time to live of a tag. */
const TAG_SECONDS = 60;

/** The review with tags, with all images in the registry. */
function bodyOf({ host }: CountingRegistry): string {
  const body = reviewBodies().find(({ name }) => name === '10 KB, tags');
  if (body === undefined) throw new Error('there is no review with tags');
  return body.text.replaceAll(/"image":"[^/"]+\//g, `"image":"${host}/`);
}

async function expectPatched(server: Answering, text: string): Promise<void> {
  const { response } = JSON.parse(await post(server.port, text, PATH));
  const patch = JSON.parse(Buffer.from(response?.patch ?? '', 'base64').toString('utf8') || '[]');
  const values = patch.map(({ value }: { value?: string }) => value);
  const pinned = values.filter((value: string) => /@sha256:[0-9a-f]{64}$/.test(value));
  if (pinned.length !== 3) throw new Error(`three images should have been pinned: ${JSON.stringify(response)}`);
}

/** The steps of a pull: each credential with its response, and the mirrors that failed. */
import { expect, test } from 'vitest';
import { RegistryError, type RegistryClient, type Target } from '../../src/registry/client.ts';
import { createImageTracer } from '../../src/lookup/image-tracer.ts';
import type { PullTrace } from '../../src/lookup/trace.ts';
import { CACHE, DIGEST, INDEX, imageLookupOf } from './fake-client.ts';

const failure = (cause: 'notFound' | 'unauthenticated' | 'unreachable', message: string) => ({
  cause,
  message,
  remedy: undefined,
});

/** Only `ci` can pull, and the mirror of `mirrored.io` is unavailable. */
const client: RegistryClient = {
  manifest: async ({ reference, credential, mirrorFailed }: Target) => {
    if (reference.domain === 'mirrored.io') mirrorFailed?.('mirror.io', failure('unreachable', 'mirror.io is away'));
    if (reference.tag === 'none') throw new RegistryError(failure('notFound', 'reg.io has no such tag'));
    const user = credential?.secret.kind === 'basic' ? credential.secret.username : undefined;
    if (user !== 'ci') throw new RegistryError(failure('unauthenticated', `reg.io does not know ${user ?? 'nobody'}`));
    return { digest: DIGEST, mediaType: INDEX, mirror: undefined };
  },
  details: async () => ({ digest: DIGEST, mediaType: INDEX, platforms: [], createdMs: undefined, sizeBytes: 7 }),
};
const tracer = createImageTracer({ client, node: undefined, settings: CACHE, now: () => 0 });
const trace = (image: string, logins: readonly string[] = []): Promise<PullTrace> =>
  tracer.trace(imageLookupOf(image, logins), new AbortController().signal);
const stepsOf = ({ attempts }: PullTrace): readonly string[] =>
  attempts.map(({ credential, mirror, answer }) => {
    const text = answer.state === 'yes' ? answer.value.digest : `${answer.state}: ${answer.failure.message}`;
    return `${mirror ?? '-'} | ${credential.replace(/^.*\(user (.*)\)$/, '$1')} | ${text}`;
  });

test('a wrong credential is followed by the next one, and the trace has the details of the image', async () => {
  const found = await trace('reg.io/web:1', ['eve:x@reg.io', 'ci:y@reg.io']);
  expect(stepsOf(found)).toEqual(['- | eve | unknown: reg.io does not know eve', `- | ci | ${DIGEST}`]);
  expect(found.image).toMatchObject({ state: 'yes', value: { digest: DIGEST } });
  expect(found.details).toMatchObject({ state: 'yes', value: { sizeBytes: 7 } });
});

test('an unavailable mirror comes before the registry that responds', async () => {
  expect(stepsOf(await trace('mirrored.io/web:1', ['ci:y@mirrored.io']))).toEqual([
    'mirror.io | ci | unknown: mirror.io is away',
    `- | ci | ${DIGEST}`,
  ]);
});

test('an image that does not exist has no details', async () => {
  const lost = await trace('reg.io/web:none', ['ci:y@reg.io']);
  expect(stepsOf(lost)).toEqual(['- | ci | no: reg.io has no such tag']);
  expect([lost.image.state, lost.details]).toEqual(['no', undefined]);
});

test('a trace uses no cache of earlier traces', async () => {
  const [first, second] = [await trace('reg.io/web:1'), await trace('reg.io/web:1')];
  expect(stepsOf(second)).toEqual(stepsOf(first));
  expect(stepsOf(first)).toEqual(['- | anonymous | unknown: reg.io does not know nobody']);
});

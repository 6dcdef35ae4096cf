/** The way of a pull, told step by step: each credential with each answer, and the mirrors that could not help. */
import { expect, test } from 'vitest';
import { RegistryError, type RegistryClient, type Target } from '../../src/registry/client.ts';
import { createImageTracer } from '../../src/lookup/image-tracer.ts';
import type { PullTrace } from '../../src/lookup/trace.ts';
import { CACHE, DIGEST, INDEX, questionOf } from './fake-client.ts';

const failure = (cause: 'notFound' | 'unauthenticated' | 'unreachable', message: string) => ({
  cause,
  message,
  remedy: undefined,
});

/** Only `ci` is let in, and the mirror of `mirrored.io` is away. */
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
  tracer.trace(questionOf(image, logins), new AbortController().signal);
const told = ({ attempts }: PullTrace): readonly string[] =>
  attempts.map(({ credential, mirror, answer }) => {
    const said = answer.state === 'yes' ? answer.value.digest : `${answer.state}: ${answer.failure.message}`;
    return `${mirror ?? '-'} | ${credential.replace(/^.*\(user (.*)\)$/, '$1')} | ${said}`;
  });

test('a wrong credential is followed by the next one, and what was found is described', async () => {
  const found = await trace('reg.io/web:1', ['eve:x@reg.io', 'ci:y@reg.io']);
  expect(told(found)).toEqual(['- | eve | unknown: reg.io does not know eve', `- | ci | ${DIGEST}`]);
  expect(found.image).toMatchObject({ state: 'yes', value: { digest: DIGEST } });
  expect(found.details).toMatchObject({ state: 'yes', value: { sizeBytes: 7 } });
});

test('a mirror that is away comes before the registry that answers', async () => {
  expect(told(await trace('mirrored.io/web:1', ['ci:y@mirrored.io']))).toEqual([
    'mirror.io | ci | unknown: mirror.io is away',
    `- | ci | ${DIGEST}`,
  ]);
});

test('what is not there has no description', async () => {
  const lost = await trace('reg.io/web:none', ['ci:y@reg.io']);
  expect(told(lost)).toEqual(['- | ci | no: reg.io has no such tag']);
  expect([lost.image.state, lost.details]).toEqual(['no', undefined]);
});

test('nothing is remembered from one time to the next', async () => {
  const [first, second] = [await trace('reg.io/web:1'), await trace('reg.io/web:1')];
  expect(told(second)).toEqual(told(first));
  expect(told(first)).toEqual(['- | anonymous | unknown: reg.io does not know nobody']);
});

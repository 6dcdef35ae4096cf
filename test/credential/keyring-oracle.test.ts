// Our keyring against the kubelet's own, on thousands of made secrets. FC_SEED repeats a run, FC_RUNS lengthens it.
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf } from '../../src/go/bytes.ts';
import { compileFilepathGlob } from '../../src/go/filepath-glob.ts';
import { type Candidate, type Keyring, keyringOf } from '../../src/credential/keyring.ts';
import { pullSecret } from '../../src/credential/pull-secret.ts';
import { type ImageReference, parseReference, repositoryOf } from '../../src/image/reference.ts';
import {
  type FoundCredential,
  keyringMissing,
  type KeyringProgram,
  type SecretQuestion,
  startKeyring,
} from '../oracle/keyring/oracle.ts';
import { describeWith } from '../support/real-part.ts';
import { glob, image, secrets } from './generated-secrets.ts';

const seed = process.env['FC_SEED'];
const settings = {
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  numRuns: Number(process.env['FC_RUNS'] ?? 6000),
};

function ours(pullSecrets: readonly SecretQuestion[]): Keyring {
  return keyringOf(
    pullSecrets.map(({ name, type, data }) =>
      pullSecret({
        name,
        type,
        data: new Map(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64')])),
      }),
    ),
  );
}

/** Keys of one secret that mean the same place have no order in the kubelet: it walks over a Go map. */
function sortedWhereGoHasNoOrder(
  found: readonly FoundCredential[],
  candidates: readonly Candidate[],
): readonly FoundCredential[] {
  const sorted: FoundCredential[] = [];
  for (let from = 0; from < candidates.length;) {
    const first = candidates[from];
    let to = from;
    while (candidates[to]?.registry === first?.registry && candidates[to]?.secret === first?.secret) to += 1;
    const text = (one: FoundCredential): string => JSON.stringify(one);
    sorted.push(...found.slice(from, to).toSorted((one, other) => (text(one) < text(other) ? -1 : 1)));
    from = to;
  }
  return sorted;
}

function referenceTo(text: string): readonly ImageReference[] {
  const parsed = parseReference(text);
  return parsed.ok ? [parsed.reference] : [];
}

const tally = { failed: 0, found: 0, nothing: 0 };

describeWith(keyringMissing, "keyringOf and the kubelet's keyring agree", () => {
  let kubelet: KeyringProgram;

  beforeAll(async () => {
    kubelet = await startKeyring();
  }, 300_000);

  afterAll(() => kubelet.close());

  async function compare(pullSecrets: readonly SecretQuestion[], images: readonly string[]): Promise<void> {
    const references = images.flatMap(referenceTo);
    const [answer] = await kubelet.ask([{ secrets: pullSecrets, images: references.map(repositoryOf) }]);
    const keyring = ours(pullSecrets);
    expect(keyring.ok).toBe(answer?.error === null);
    if (!keyring.ok) {
      tally.failed += 1;
      return;
    }
    for (const [index, reference] of references.entries()) {
      const candidates = keyring.candidatesFor(reference);
      const found = candidates.map(({ secret, username, password }) => ({ secret, username, password: password() }));
      expect(sortedWhereGoHasNoOrder(found, candidates)).toEqual(
        sortedWhereGoHasNoOrder(answer?.found[index] ?? [], candidates),
      );
      expect(found.length).toBe(answer?.found[index]?.length);
      tally[found.length > 0 ? 'found' : 'nothing'] += 1;
    }
  }

  test('on generated Secrets and images', { timeout: 1_800_000 }, async () => {
    await fc.assert(fc.asyncProperty(secrets, fc.array(image, { minLength: 1, maxLength: 4 }), compare), settings);
    // The made secrets must reach all three ends.
    for (const count of Object.values(tally)) expect(count).toBeGreaterThan(settings.numRuns / 10);
  });

  test('on the labels of hosts', { timeout: 600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(glob, { minLength: 20, maxLength: 20 }), async (globs) => {
        const [answer] = await kubelet.ask([{ globs }]);
        expect(globs.map(([pattern, name]) => compileFilepathGlob(bytesOf(pattern))(name))).toEqual(answer?.matches);
      }),
      { ...settings, numRuns: Math.ceil(settings.numRuns / 5) },
    );
  });
});

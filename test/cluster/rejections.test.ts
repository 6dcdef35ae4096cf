// Without any webhook, the API server rejects what our rules deny as invalid, and accepts what they allow.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { pod } from './objects.ts';

const RULES = path.resolve(import.meta.dirname, '../fixtures/rules');
const PODS = '/api/v1/namespaces/default/pods';

vi.setConfig({ testTimeout: 30_000, hookTimeout: 120_000 }); // an API server on a busy machine takes its time

interface Spec {
  readonly ephemeralContainers?: readonly object[];
}

/** The pod spec of a Pod, or of a template. */
function specIn(file: string): Spec {
  const [document] = parseDocuments(readFileSync(file, 'utf8'));
  if (document?.ok !== true) throw new Error(`${file} does not parse`);
  const { spec } = document.value as { spec: Spec & { template?: { spec: Spec } } };
  return spec.template?.spec ?? spec;
}

const files = (folder: string): readonly string[] =>
  readdirSync(path.join(RULES, folder)).map((name) => `${folder}/${name}`);

/** Rules that check more than the API server, reduced to what it checks as well. */
const REJECTED = [
  ...files('container-lifecycle/fail'),
  ...files('container-name/fail'),
  ...['name-of-none', 'name-twice', 'number-out-of-range', 'protocol', 'no-number'].map(
    (name) => `container-ports/fail/${name}.yaml`,
  ),
  ...['not-a-quantity', 'negative', 'request-above-limit'].map((name) => `container-resources/fail/${name}.yaml`),
  ...['nothing-to-ask', 'two-questions-in-a-job'].map((name) => `container-probes/fail/${name}.yaml`),
];
const ACCEPTED = ['container-lifecycle', 'container-name', 'container-ports', 'container-probes', 'container-resources']
  .flatMap((rule) => files(`${rule}/pass`))
  // Taken by the API server, and no sense to a node.
  .concat(['half-a-byte', 'zero-limit'].map((name) => `container-resources/fail/${name}.yaml`));

describeWith(assetsMissing, 'the API server itself', () => {
  let plane: ControlPlane;
  beforeAll(async () => {
    plane = await startControlPlane();
  });
  afterAll(() => plane.stop());

  /** Ephemeral containers come later, through their subresource. */
  async function statusOf(file: string): Promise<number> {
    const { ephemeralContainers = [], ...spec } = specIn(path.join(RULES, file));
    const name = file.replaceAll(/[^a-z0-9]+/g, '-');
    if (ephemeralContainers.length === 0)
      return (await plane.request('POST', `${PODS}?dryRun=All`, pod(name, spec))).status;
    const created = await plane.request('POST', PODS, pod(name, spec));
    if (created.status !== 201) throw new Error(`${file}: ${JSON.stringify(created.body)}`);
    const patch = { spec: { ephemeralContainers } };
    return (await plane.request('PATCH', `${PODS}/${name}/ephemeralcontainers?dryRun=All`, patch)).status;
  }

  describe('rejects', () => {
    test.each(REJECTED)('%s', async (file) => {
      expect([400, 422]).toContain(await statusOf(file));
    });
  });

  describe('accepts', () => {
    test.each(ACCEPTED)('%s', async (file) => {
      expect([200, 201]).toContain(await statusOf(file));
    });
  });
});

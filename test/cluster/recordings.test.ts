import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { namespace, scenes } from './scenes.ts';

const folder = join(import.meta.dirname, '..', 'recordings');
const recorded = readdirSync(folder).filter((file) => file.endsWith('.json'));
const shots = scenes.flatMap((scene) => scene.shots);

describe('the recordings', () => {
  test('are the ones that the scenes make: after a change there, run node test/cluster/record.ts', () => {
    expect(recorded.toSorted()).toEqual(shots.map(({ name }) => `${name}.json`).toSorted());
  });

  test.each(shots)('$name is a review of "$of"', ({ name, of, to }) => {
    const review = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8'));
    const [operation, resource] = of.split(' ');
    expect(review).toMatchObject({
      apiVersion: to === 'validate-v1beta1' ? 'admission.k8s.io/v1beta1' : 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      request: { uid: expect.stringMatching(/^[0-9a-f-]{36}$/), operation: operation?.toUpperCase(), namespace },
    });
    const { resource: reviewed, subResource } = review.request;
    expect([reviewed.resource, subResource].filter(Boolean).join('/')).toBe(resource);
  });

  test.each(recorded)('%s holds no token, key or certificate', (file) => {
    expect(readFileSync(join(folder, file), 'utf8')).not.toMatch(/eyJ|-----BEGIN|LS0tLS1/);
  });
});

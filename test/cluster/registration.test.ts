import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { describeWith } from '../support/real-part.ts';
import { kubectlMissing } from './assets.ts';
import { byUrl, committedConfigurations, configurationsIn, manifests } from './registration.ts';

test('manifests/webhooks has one configuration of each kind', () => {
  const found = committedConfigurations().map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  expect(found).toEqual(['MutatingWebhookConfiguration tidewaiter', 'ValidatingWebhookConfiguration tidewaiter']);
});

describeWith(kubectlMissing, 'manifests/overlays/local', () => {
  test('registers by URL what the tests with an API server register', () => {
    const yaml = execFileSync('kubectl', ['kustomize', join(manifests, 'overlays', 'local')], { encoding: 'utf8' });
    const local = { url: 'https://127.0.0.1:8443', caBundle: 'CA_BUNDLE' };
    const expected = committedConfigurations().map((configuration) => byUrl(configuration, local).webhooks);
    expect(configurationsIn(yaml).map(({ webhooks }) => webhooks)).toEqual(expected);
  });
});

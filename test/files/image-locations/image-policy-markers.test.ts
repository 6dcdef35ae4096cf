/** Markers of Flux's image automation are comments behind the value, and stay where they are. */
import { expect, test } from 'vitest';
import { findImages } from '../../../src/files/image-locations/find.ts';
import { applyEdits, editOf } from '../../../src/pinning/image-location.ts';
import { kindTable } from '../../../src/pod/kinds.ts';

const SHA = `sha256:${'b'.repeat(64)}`;

function pinned(file: string, text: string): string {
  const { locations } = findImages(file, text, { kinds: kindTable(), helmImages: ['/image'] });
  return applyEdits(
    text,
    locations.flatMap(({ target }) => (target.ok ? [editOf(target, SHA)] : [])),
  );
}

const MARKER = '# {"$imagepolicy": "flux-system:web"}';
const TAG = '# {"$imagepolicy": "flux-system:web:tag"}';

test.each([
  [
    'a manifest',
    'pod.yaml',
    `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: web\n      image: ghcr.io/acme/web:1.2 ${MARKER}\n`,
    `apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: web\n      image: ghcr.io/acme/web:1.2@${SHA} ${MARKER}\n`,
  ],
  [
    'Helm values',
    'values.yaml',
    `image:\n  repository: ghcr.io/acme/web\n  tag: "1.2" ${TAG}\n`,
    `image:\n  repository: ghcr.io/acme/web\n  tag: "1.2@${SHA}" ${TAG}\n`,
  ],
  [
    'a Compose file',
    'compose.yaml',
    `services:\n  web:\n    image: ghcr.io/acme/web:1.2   ${MARKER}\n`,
    `services:\n  web:\n    image: ghcr.io/acme/web:1.2@${SHA}   ${MARKER}\n`,
  ],
])('in %s', (_name, file, before, after) => {
  expect(pinned(file, before)).toBe(after);
});

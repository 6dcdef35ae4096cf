/** Measure 7: `pin` of many files with few distinct images: each image is asked for once. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { atMost, type Outcome } from './outcome.ts';
import { output } from './processes.ts';
import { command, fileIn, folderIn } from './program.ts';
import { startRegistry } from './registry.ts';

const FILES = 1000;
const IMAGES = 50;
const LIMIT_MS = 120_000;

export async function measurePin(): Promise<readonly Outcome[]> {
  const registry = await startRegistry();
  try {
    const folder = manifests(registry.host);
    const config = fileIn('pin-config.yaml');
    writeFileSync(
      config,
      JSON.stringify({ registries: [{ host: registry.host, insecure: true, allowPrivate: true }] }),
    );
    const { argv, env } = command(['pin', '--config', config, '--write', folder]);
    const begin = performance.now();
    await output([process.execPath, ...argv], env, LIMIT_MS);
    const ms = performance.now() - begin;
    const pinned = readFileSync(path.join(folder, '0.yaml'), 'utf8');
    if (!pinned.includes('@sha256:')) throw new Error(`nothing was pinned: ${pinned}`);
    const manifestsAsked = registry.requests.filter((line) => line.includes('/manifests/')).length;
    return [
      {
        measure: `pin --write: ${FILES} files with ${IMAGES} distinct images, questions about manifests`,
        value: manifestsAsked,
        unit: '',
        goal: atMost(IMAGES),
        detail: `${registry.requests.length} requests in all`,
      },
      {
        measure: `pin --write: ${FILES} files with ${IMAGES} distinct images`,
        value: ms,
        unit: 'ms',
        goal: undefined,
        detail: 'for information; a registry on loopback that answers at once',
      },
    ];
  } finally {
    await registry.stop();
  }
}

function manifests(host: string): string {
  const folder = folderIn('pin');
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index < FILES; index += 1) {
    const image = `${host}/team/app-${index % IMAGES}:1.0`;
    const pod = `# kept\napiVersion: v1\nkind: Pod\nmetadata: {name: web-${index}}\nspec:\n  containers:\n    - name: web\n      image: ${image}  # kept\n`;
    writeFileSync(path.join(folder, `${index}.yaml`), pod);
  }
  return folder;
}

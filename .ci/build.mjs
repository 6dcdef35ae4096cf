// Builds dist/: one bundle per command, loaded on demand, with no dependencies at run time. THIRD-PARTY.txt names what is in it.
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
// Built beside and moved, so that a running test never meets half of it.
const OUT = `dist.${process.pid}`;

const { metafile } = await build({
  entryPoints: ['src/main.ts'],
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.12',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  // CommonJS packages inside an ES module still call require for Node's own modules.
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module'; const require = __createRequire(import.meta.url);",
  },
});
chmodSync(`${OUT}/main.js`, 0o755);
writeFileSync(`${OUT}/THIRD-PARTY.txt`, notices(packagesIn(Object.keys(metafile.inputs))));
rmSync('dist', { recursive: true, force: true });
renameSync(OUT, 'dist');

function packagesIn(inputs) {
  const folders = inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []);
  return [...new Set(folders)].sort();
}

function notices(folders) {
  return folders
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
      const file = ['LICENSE', 'LICENSE.md', 'license', 'LICENCE', 'License', 'LICENSE.txt', 'license.md'].find(
        (candidate) => existsSync(path.join(folder, candidate)),
      );
      const text = file === undefined ? `License: ${license}` : readFileSync(path.join(folder, file), 'utf8').trim();
      return `${name} ${version}\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

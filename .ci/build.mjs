// Builds dist/: one bundle per command, loaded on demand, with no dependencies at run time, and the page of the HTML report.
// THIRD-PARTY.txt lists the contained packages. Plugins import index.js and types/; index.js is an entry of the same build, so plugins share the engine's modules.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { reportPage } from './report-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
// Built in another directory and then moved, so that a running test never sees an incomplete build.
const OUT = `dist.${process.pid}`;

const { metafile } = await build({
  entryPoints: {
    main: 'src/main.ts',
    index: 'src/index.ts',
    // A thread is a file.
    'recording-worker': 'src/server/recording/worker.ts',
    'replay-worker': 'src/cli/replay/worker.ts',
  },
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.19',
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
  plugins: [builtinsByRequire()],
  // CommonJS packages inside an ES module still call require for modules of Node.js. An old Node.js has no getBuiltinModule, but
  // it only has to report that it is too old.
  banner: {
    js: "const require = process.getBuiltinModule?.('node:module')?.createRequire(import.meta.url);",
  },
});
chmodSync(`${OUT}/main.js`, 0o755);
const { page, modules } = await reportPage();
writeFileSync(`${OUT}/report.html`, page);
const bundled = [...Object.keys(metafile.inputs), ...modules.map((file) => path.relative(root, file))];
writeFileSync(`${OUT}/THIRD-PARTY.txt`, notices(packagesIn(bundled)));
emitTypes();
rmSync('dist', { recursive: true, force: true });
renameSync(OUT, 'dist');

/**
 * An `import` of one of Node's own modules reads all of its exports, lazy ones too: node:process builds its list of flags, node:util
 * loads a diff. `require` does not, and that is a third of the time of --help. Done where the imports are simple: in our own files
 * and in commander, whose node:child_process is for subcommands that are programs of their own, and we have none.
 */
function builtinsByRequire() {
  return {
    name: 'builtins-by-require',
    setup({ onLoad }) {
      onLoad({ filter: /(\/src\/.*\.ts|\/node_modules\/commander\/lib\/.*\.js)$/ }, ({ path: file }) => ({
        contents: readFileSync(file, 'utf8').replace(
          /^import (?!type )([^;]*?) from '(node:[^']+)';$/gm,
          (_statement, clause, name) => requireOf(clause, isUnused(file, name) ? undefined : name),
        ),
        loader: file.endsWith('.ts') ? 'ts' : 'js',
      }));
    },
  };
}

function isUnused(file, name) {
  return file.includes('/node_modules/commander/') && name === 'node:child_process';
}

function requireOf(clause, name) {
  const [, whole, members = ''] = /^(\w+)?(?:, )?(?:\{([^}]*)\})?$/s.exec(clause);
  const values = members
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '' && !member.startsWith('type '));
  const source = name === undefined ? 'undefined' : `require('${name}')`;
  return [
    ...(whole === undefined ? [] : [`const ${whole} = ${source};`]),
    ...(values.length === 0 ? [] : [`const { ${values.join(', ').replaceAll(' as ', ': ')} } = ${source};`]),
  ].join(' ');
}

/** Writes the types that index.ts reaches. They contain no Node.js types; the sources need the type of TextDecoder. */
function emitTypes() {
  const project = `${OUT}/tsconfig.json`;
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rewriteRelativeImportExtensions: true,
    types: ['node'],
    rootDir: '../src',
    outDir: 'types',
  };
  writeFileSync(
    project,
    JSON.stringify({ extends: '../tsconfig.json', compilerOptions, include: [], files: ['../src/index.ts'] }),
  );
  execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], { stdio: 'inherit' });
  rmSync(project);
}

function packagesIn(inputs) {
  const folders = inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? []);
  return [...new Set(folders)].sort((left, right) => left.localeCompare(right));
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

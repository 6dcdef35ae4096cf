// The script "prepare" of package.json: builds dist/. For a global installation from Git, npm runs it without devDependencies,
// because the inner npm installs globally, too (`npm install -g git+…`, which is also how pre-commit installs hooks). They are then
// installed here, without their scripts.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
if (!existsSync('node_modules/esbuild')) installDevDependencies();
await import('./build.mjs');

function installDevDependencies() {
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('dist/ cannot be built without devDependencies; run npm ci');
  const options = [
    '--global=false',
    '--include=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ];
  execFileSync(process.execPath, [npm, 'ci', ...options], { stdio: 'inherit' });
}

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { addressOf, type Flags, loadConfig } from '../src/config.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const full = path.join(folder, 'tidewaiter.yaml');
  writeFileSync(full, text);
  return full;
}

async function settings(
  flags: Flags,
  env: NodeJS.ProcessEnv,
): Promise<Readonly<Record<string, readonly [unknown, string]>>> {
  const loaded = await loadConfig(flags, env);
  return Object.fromEntries(loaded.settings.map(({ key, value, from }) => [key, [value, from] as const]));
}

describe('the configuration', () => {
  test('is defaults, then the file, then variables, then flags, and says which', async () => {
    const config = file('listen: 127.0.0.1:1\noperationsPort: 2\npolicies: [p, /q]\nlogLevel: warn\n');
    const env = { TIDEWAITER_OPERATIONS_PORT: '3', TIDEWAITER_LOG_LEVEL: 'error' };
    expect(await settings({ config, operationsPort: '4' }, env)).toMatchObject({
      certsDir: ['certs', 'default'],
      listen: ['127.0.0.1:1', `${config}:1`],
      policies: [[path.join(folder, 'p'), '/q'], `${config}:3`],
      logLevel: ['error', 'TIDEWAITER_LOG_LEVEL'],
      operationsPort: [4, '--operations-port'],
    });
  });

  test('takes plugins from the file, relative to it, from a variable and from flags', async () => {
    const config = file('plugins: [rules.ts, /more.mjs]\npluginTimeoutMs: 250\n');
    expect(await settings({ config }, {})).toMatchObject({
      plugins: [[path.join(folder, 'rules.ts'), '/more.mjs'], `${config}:1`],
      pluginTimeoutMs: [250, `${config}:2`],
    });
    const env = { TIDEWAITER_PLUGINS: 'a.ts:b.ts', TIDEWAITER_PLUGIN_TIMEOUT_MS: '20' };
    expect(await settings({ config }, env)).toMatchObject({
      plugins: [['a.ts', 'b.ts'], 'TIDEWAITER_PLUGINS'],
      pluginTimeoutMs: [20, 'TIDEWAITER_PLUGIN_TIMEOUT_MS'],
    });
    expect(await settings({ config, plugin: ['c.ts'] }, env)).toMatchObject({ plugins: [['c.ts'], '--plugin'] });
  });

  test('takes the kinds of users', async () => {
    const config = file('kinds:\n  - {group: example.com, kind: Widget, images: [/spec/image]}\n');
    const { config: loaded } = await loadConfig({ config }, {});
    expect(loaded.kinds.find('example.com', 'Widget')?.images).toEqual([['spec', 'image']]);
  });

  test.each([
    ['listn: x\n', /tidewaiter\.yaml:1:1: unknown key "listn"; did you mean "listen"\?/],
    ['operationsPort: "x"\n', /tidewaiter\.yaml:1:17: expected a whole number, found a string/],
    [
      'kinds:\n  - {group: a, kind: B, images: [spec.image]}\n',
      /tidewaiter\.yaml:2:\d+: "spec\.image" is not accepted: a JSON pointer that begins with "\/"/,
    ],
    ['cert: a.pem\n', /tidewaiter\.yaml:1: "cert" and "key" go together, "key" is missing/],
    ['listen: [\n', /tidewaiter\.yaml:\d+:\d+: /],
    [
      'listen: localhost\n',
      /tidewaiter\.yaml:1: expected HOST:PORT, for example 127\.0\.0\.1:8443 or \[::1\]:8443, found "localhost"/,
    ],
    ['pluginTimeoutMs: 0\n', /tidewaiter\.yaml:1: expected milliseconds from 1 to 10000, found "0"/],
    ['plugins: rules.ts\n', /tidewaiter\.yaml:1:10: expected a list, found a string/],
    ['a: 1\n---\nb: 2\n', /expected one document, found 2/],
    ['- a\n', /tidewaiter\.yaml:1:1: expected an object, found a list/],
  ])('refuses %j with its place', async (text, message) => {
    await expect(loadConfig({ config: file(text) }, {})).rejects.toThrow(message);
  });

  test.each([
    [{ TIDEWAITER_LISTN: ':1' }, /unknown variable TIDEWAITER_LISTN; did you mean "TIDEWAITER_LISTEN"\?/],
    [
      { TIDEWAITER_OPERATIONS_PORT: '70000' },
      /TIDEWAITER_OPERATIONS_PORT: expected a port from 0 to 65535, found "70000"/,
    ],
    [{ TIDEWAITER_LOG_LEVEL: 'loud' }, /TIDEWAITER_LOG_LEVEL: expected debug, info, warn, error, silent, found "loud"/],
    [
      { TIDEWAITER_PLUGIN_TIMEOUT_MS: '1s' },
      /TIDEWAITER_PLUGIN_TIMEOUT_MS: expected milliseconds from 1 to 10000, found "1s"/,
    ],
    [{ TIDEWAITER_CONFIG: '/nowhere.yaml' }, /cannot read the configuration file "\/nowhere\.yaml"/],
  ])('refuses %j', async (env, message) => {
    await expect(loadConfig({}, env)).rejects.toThrow(message);
  });

  test('is not confused by the variables that Kubernetes sets for a Service named tidewaiter', async () => {
    const env = {
      TIDEWAITER_SERVICE_HOST: '10.0.0.1',
      TIDEWAITER_SERVICE_PORT_HTTPS: '443',
      TIDEWAITER_PORT: 'tcp://10.0.0.1:443',
      TIDEWAITER_PORT_443_TCP_ADDR: '10.0.0.1',
    };
    expect(await settings({}, env)).toMatchObject({ listen: ['127.0.0.1:8443', 'default'] });
  });

  test.each([
    ['127.0.0.1:8443', { host: '127.0.0.1', port: 8443 }],
    ['[::1]:1', { host: '::1', port: 1 }],
    [':8443', { host: '::', port: 8443 }],
    ['gate.example.com:0', { host: 'gate.example.com', port: 0 }],
  ])('reads the address %s', (text, address) => {
    expect(addressOf(text, '--listen')).toEqual(address);
  });
});

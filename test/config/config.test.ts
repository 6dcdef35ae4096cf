import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { configText } from '../../src/cli/serve/config-text.ts';
import { addressOf, type Flags, loadConfig } from '../../src/config/config.ts';
import { createAuthority } from '../cluster/certificates.ts';

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

  test('knows which setting contains a path', async () => {
    const text = `policies: [p]
plugins: [rules.ts]
registryCache: {shared: {url: redis://cache, keyFile: /key}}
nodeCredentials: {providers: {config: /providers.yaml, binDir: /bin}}
`;
    const config = file(text);
    const { config: loaded } = await loadConfig({ config, plugin: ['a.ts'] }, { TIDEWAITER_CERTS_DIR: '/certs' });
    const paths = [path.join(folder, 'p'), 'a.ts', '/key', '/providers.yaml', '/certs', 'rules.ts', 'certs'];
    expect(paths.map(loaded.originOf)).toEqual([
      ` (set by policies in ${config}:1)`,
      ' (set by --plugin)',
      ` (set by registryCache.shared.keyFile in ${config}:3)`,
      ` (set by nodeCredentials.providers.config in ${config}:4)`,
      ' (set by TIDEWAITER_CERTS_DIR)',
      '',
      '',
    ]);
  });

  test('takes client certificates and an address of operations, from the file, variables and flags', async () => {
    const config = file('clientCa: ca.crt\nclientNames: [kube-apiserver]\noperationsListen: 127.0.0.1:9000\n');
    const { config: loaded } = await loadConfig({ config }, {});
    expect(loaded.clients).toEqual({ ca: path.join(folder, 'ca.crt'), names: ['kube-apiserver'] });
    expect(loaded.operations).toEqual({ host: '127.0.0.1', port: 9000 });
    const env = {
      TIDEWAITER_CLIENT_CA: '/ca',
      TIDEWAITER_CLIENT_NAMES: 'system:a,b',
      TIDEWAITER_OPERATIONS_LISTEN: ':1',
    };
    expect(await settings({ config }, env)).toMatchObject({
      clientCa: ['/ca', 'TIDEWAITER_CLIENT_CA'],
      clientNames: [['system:a', 'b'], 'TIDEWAITER_CLIENT_NAMES'],
      operationsListen: [':1', 'TIDEWAITER_OPERATIONS_LISTEN'],
    });
    const flags = { clientCa: '/x', clientName: ['c'], operationsListen: '[::1]:2' };
    expect(await settings({ config, ...flags }, env)).toMatchObject({
      clientCa: ['/x', '--client-ca'],
      clientNames: [['c'], '--client-name'],
      operationsListen: ['[::1]:2', '--operations-listen'],
    });
  });

  test.each([
    [
      'clientCa: ca.crt\n',
      /tidewaiter\.yaml:1: a client CA requires the names of client certificates; for example, add clientNames: \[kube-apiserver\]/,
    ],
    [
      'clientNames: [a]\n',
      /tidewaiter\.yaml:1: client names require the CA that signs the client certificates; also set "clientCa"/,
    ],
    ['clientCa: ca.crt\nclientNames: []\n', /a client CA requires the names of client certificates/],
    ['clientCa: ""\n', /tidewaiter\.yaml:1:11: /],
    ['clientNames: [1]\nclientCa: a\n', /tidewaiter\.yaml:1:15: clientNames\/0: expected a string, found a number/],
    ['operationsListen: "8080"\n', /tidewaiter\.yaml:1: operationsListen: expected HOST:PORT/],
    [
      'operationsListen: :1\noperationsPort: 2\n',
      /tidewaiter\.yaml:1: "operationsListen" and "operationsPort" \(.*tidewaiter\.yaml:2\) are both set; remove one/,
    ],
  ])('refuses %j', async (text, message) => {
    await expect(loadConfig({ config: file(text) }, {})).rejects.toThrow(message);
  });

  test('takes the kinds of users', async () => {
    const config = file('kinds:\n  - {group: example.com, kind: Widget, images: [/spec/image]}\n');
    const { config: loaded } = await loadConfig({ config }, {});
    expect(loaded.kinds.find('example.com', 'Widget')?.images).toEqual([['spec', 'image']]);
  });

  test('takes registries, with the files that they name, and shows no password of a proxy', async () => {
    const authority = await createAuthority();
    const client = await authority.clientCertificate('ci', 'team');
    writeFileSync(path.join(folder, 'ca.crt'), authority.cert);
    writeFileSync(path.join(folder, 'client.crt'), client.cert);
    writeFileSync(path.join(folder, 'client.key'), client.key);
    const config = file(
      [
        'registryAccess: listed',
        'registries:',
        '- host: registry.example.com:5000',
        '  allowPrivate: true',
        '  ca: ca.crt',
        '  clientCert: client.crt',
        `  clientKey: ${path.join(folder, 'client.key')}`,
        '  proxy: http://user:canary@proxy.example.com:3128',
        '  mirrors: [{location: mirror.example.com/hub}, {location: "[::1]:5000", forwardCredentials: true}]',
        '- {host: "*.lab.example.com", insecure: true, concurrency: 2, proxy: none}',
        '',
      ].join('\n'),
    );
    const loaded = await loadConfig({ config }, { HTTPS_PROXY: 'http://proxy.example.com', OTHER: 'x' });
    expect(loaded.config.registries).toEqual({
      access: 'listed',
      registries: [
        {
          host: 'registry.example.com:5000',
          insecure: false,
          allowPrivate: true,
          ca: authority.cert,
          clientCert: client.cert,
          clientKey: client.key,
          mirrors: [
            { location: 'mirror.example.com/hub', forwardCredentials: false },
            { location: '[::1]:5000', forwardCredentials: true },
          ],
          proxy: 'http://user:canary@proxy.example.com:3128',
          concurrency: 8,
        },
        {
          host: '*.lab.example.com',
          insecure: true,
          allowPrivate: false,
          ca: undefined,
          clientCert: undefined,
          clientKey: undefined,
          mirrors: [],
          proxy: 'none',
          concurrency: 2,
        },
      ],
    });
    expect(loaded.config.env['HTTPS_PROXY']).toBe('http://proxy.example.com');
    const printed = configText(loaded.settings);
    expect(printed).toContain(`"ca":"${path.join(folder, 'ca.crt')}"`);
    expect(printed).toContain('http://user:***@proxy.example.com:3128');
    expect(printed).not.toMatch(/canary|BEGIN/);
    expect(printed).toMatch(/^registryAccess: "listed" +# .*tidewaiter\.yaml:1$/m);
  });

  test('asks any registry, and none in a special way, when nothing is said', async () => {
    expect((await loadConfig({}, {})).config.registries).toEqual({ registries: [], access: 'any' });
  });

  test('says all that is wrong at once', async () => {
    const config = file(
      [
        'listen: localhost',
        'operationsPort: many',
        'pluginTimeoutMs: 0',
        'cert: a.pem',
        'kinds: [{group: apps/v1, kind: B}]',
        'extra: 1',
        'nodeCredentials: {timeout: 2m}',
        'registries: [{host: a..test}, {host: b.test, ca: none.crt}, {host: B.test}]',
        '',
      ].join('\n'),
    );
    const message = await loadConfig({ config }, {}).then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(message.replaceAll(config, 'c').replaceAll(`${folder}/`, '').split('\n')).toEqual([
      'c:1: listen: expected HOST:PORT, for example 127.0.0.1:8443 or [::1]:8443, found "localhost"',
      'c:2:17: operationsPort: expected a port from 0 to 65535, found a string',
      'c:3:18: pluginTimeoutMs: invalid value 0: expected milliseconds from 1 to 10000',
      'c:4: a certificate requires its private key; also set "key"',
      'c:5:9: kinds/0: set at least one of podSpecs or images, for example podSpecs: [/spec/template/spec]',
      'c:5:17: kinds/0/group: invalid value "apps/v1": expected a DNS name in lowercase without a version, for example batch.example.com',
      'c:6:1: extra: unknown key "extra" (expected listen, operationsPort, operationsListen, policies, plugins, ignore, helm, pluginTimeoutMs, and 27 more)',
      'c:7: nodeCredentials/timeout: expected a duration from 1ms to 1m, found "2m"',
      'c:8: registries: "a..test": no host can match; labels must not be empty, or begin or end with a hyphen',
      'c:8: registries: "b.test": cannot read ca "none.crt": no such file or directory; expected a PEM file',
      'c:8: registries: duplicate entry for "B.test"; only the first would apply',
    ]);
  });

  test.each<
    readonly [what: string, flags: Flags, env: NodeJS.ProcessEnv, text: string | undefined, faults: readonly string[]]
  >([
    [
      'variables',
      {},
      { TIDEWAITER_OPERATIONS_PORT: 'x', TIDEWAITER_PLUGIN_TIMEOUT_MS: '-4', TIDEWAITER_LOG_LEVEL: 'loud' },
      undefined,
      [
        'TIDEWAITER_OPERATIONS_PORT: expected a port from 0 to 65535, found "x"',
        'TIDEWAITER_PLUGIN_TIMEOUT_MS: expected milliseconds from 1 to 10000, found "-4"',
        'TIDEWAITER_LOG_LEVEL: expected "debug", "info", "warn", "error", or "silent", found "loud"',
      ],
    ],
    [
      'two unknown variables, and one that is known',
      {},
      { TIDEWAITER_POLICIE: 'a', TIDEWAITER_LISTEN: 'x', TIDEWAITER_CERT_DIR: 'b' },
      undefined,
      [
        expect.stringMatching(/^unknown environment variable TIDEWAITER_POLICIE; did you mean "TIDEWAITER_POLICIES"\?/),
        expect.stringMatching(
          /^unknown environment variable TIDEWAITER_CERT_DIR; did you mean "TIDEWAITER_CERTS_DIR"\?/,
        ),
        'TIDEWAITER_LISTEN: expected HOST:PORT, for example 127.0.0.1:8443 or [::1]:8443, found "x"',
      ],
    ],
    [
      'names without a suggestion, with one list of names each',
      {},
      { TIDEWAITER_QQ: 'a', TIDEWAITER_ZZ: 'b' },
      'qqqq: 1\npolicys: 2\nzzzz: 3\n',
      [
        expect.stringMatching(
          /^unknown environment variable TIDEWAITER_QQ \(expected TIDEWAITER_LISTEN, .*, and \d+ more\)$/,
        ),
        'unknown environment variable TIDEWAITER_ZZ',
        expect.stringMatching(/^c:1:1: qqqq: unknown key "qqqq" \(expected listen, .*, and \d+ more\)$/),
        'c:2:1: policys: unknown key "policys"; did you mean "policies"?',
        'c:3:1: zzzz: unknown key "zzzz"',
      ],
    ],
    [
      'flags',
      { listen: 'x', operationsPort: 'y', cert: 'a.pem' },
      {},
      undefined,
      [
        '--operations-port: expected a port from 0 to 65535, found "y"',
        '--listen: expected HOST:PORT, for example 127.0.0.1:8443 or [::1]:8443, found "x"',
        '--cert: a certificate requires its private key; also set --key',
      ],
    ],
    [
      'the file, variables and flags',
      { operationsPort: 'y' },
      { TIDEWAITER_PLUGIN_TIMEOUT_MS: '0' },
      'extra: 1\nlogLevel: loud\n',
      [
        'TIDEWAITER_PLUGIN_TIMEOUT_MS: expected milliseconds from 1 to 10000, found "0"',
        '--operations-port: expected a port from 0 to 65535, found "y"',
        expect.stringMatching(/^c:1:1: extra: unknown key "extra"/),
        expect.stringMatching(/^c:2:11: logLevel: invalid value "loud"/),
      ],
    ],
    [
      'a file that cannot be read, and nothing that follows from it',
      { cert: 'a.pem', operationsPort: 'y' },
      { TIDEWAITER_PLUGIN_TIMEOUT_MS: '0' },
      'key: [\n',
      [
        'c:1:6: unclosed "["',
        'TIDEWAITER_PLUGIN_TIMEOUT_MS: expected milliseconds from 1 to 10000, found "0"',
        '--operations-port: expected a port from 0 to 65535, found "y"',
      ],
    ],
  ])('says all that is wrong with %s', async (_what, flags, env, text, faults) => {
    const config = text === undefined ? undefined : file(text);
    const message = await loadConfig({ ...flags, config }, env).then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(message.replaceAll(config ?? 'none', 'c').split('\n')).toEqual(faults);
  });

  test.each([
    [
      'listen: :1\nlogLevel: warn\nlisten: :2\n',
      ['3:1: key "listen" is repeated: line 1 and line 3; only the value at line 3 is used'],
    ],
    [
      'registries:\n- {host: a.test, insecure: true, insecure: false}\n',
      ['2:34: key "insecure" is repeated in line 2; only the last value is used'],
    ],
    [
      'policies: [a]\npolicies: [b]\npolicies: []\n',
      ['3:1: key "policies" is repeated: lines 1, 2 and line 3; only the value at line 3 is used'],
    ],
    [
      '{"logLevel": "warn", "logLevel": "info"}',
      ['1:22: key "logLevel" is repeated in line 1; only the last value is used'],
    ],
    ['registries: [{host: a.test}, {host: b.test}]\n', []],
  ])('names keys that stand twice: %j', async (text, notices) => {
    const loaded = await loadConfig({ config: file(text) }, {});
    expect(loaded.notices.map(({ line, column, message }) => `${line}:${column}: ${message}`)).toEqual(notices);
  });

  test('takes two ports of a host for two registries, also where one of them is that of plain HTTP', async () => {
    const config = file('registries: [{host: a.test, insecure: true}, {host: "a.test:443"}, {host: "a.test:5000"}]\n');
    const { registries } = (await loadConfig({ config }, {})).config;
    expect(registries.registries.map(({ host }) => host)).toEqual(['a.test', 'a.test:443', 'a.test:5000']);
  });

  test('says nothing that follows from a fault', async () => {
    const config = file('cert: [a]\nkey: b.pem\nregistries: [{host: a.test, clientCert: c.crt, clientKey: 7}]\n');
    const message = await loadConfig({ config }, {}).then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(message.replaceAll(config, 'c').split('\n')).toEqual([
      'c:1:7: cert: expected a string, found a list',
      'c:3:59: registries/0/clientKey: expected a string, found a number',
    ]);
  });

  test.each([
    ['[{}]', /tidewaiter\.yaml:1:\d+: registries\/0: "host" is required/],
    [
      '[{host: "https://a.test"}]',
      /invalid value "https:\/\/a\.test": expected a host as in image references.*without "https:\/\/"/,
    ],
    ['[{host: a.test/path}]', /invalid value "a\.test\/path": expected a host as in image references/],
    ['[{host: a..test}]', /"a\.\.test": no host can match; labels must not be empty, or begin or end with a hyphen/],
    ['[{host: "*.-a.test"}]', /"\*\.-a\.test": no host can match/],
    ['[{host: "a-.test:5000"}]', /"a-\.test:5000": no host can match/],
    ['[{host: a.test, insecur: true}]', /unknown key "insecur"; did you mean "insecure"\?/],
    ['[{host: a.test, concurrency: 0}]', /a number from 1 to 100/],
    ['[{host: a.test, mirrors: [{location: "https://m"}]}]', /invalid value .*: expected a host with an optional path/],
    ['[{host: a.test, mirrors: [{location: "*.m"}]}]', /invalid value .*: expected a host with an optional path/],
    ['[{host: a.test}, {host: A.test:443}]', /tidewaiter\.yaml:1: registries: duplicate entry for "A\.test:443"/],
    ['[{host: a.test:80}, {host: A.test, insecure: true}]', /registries: duplicate entry for "A\.test"/],
    ['[{host: "a.test:05000"}, {host: "a.test:5000"}]', /registries: duplicate entry for "a\.test:5000"/],
    ['[{host: docker.io}, {host: "Docker.io:0443"}]', /registries: duplicate entry for "Docker\.io:0443"/],
    ['[{host: "[::1]:5000"}, {host: "[0:0:0:0:0:0:0:1]:5000"}]', /duplicate entry for "\[0:0:0:0:0:0:0:1\]:5000"/],
    ['[{host: "registry-1.docker.io:443"}]', /use "docker\.io" for Docker Hub/],
    ['[{host: index.docker.io}]', /"index\.docker\.io": use "docker\.io" for Docker Hub/],
    [
      '[{host: a.test, ca: none.crt}]',
      /"a\.test": cannot read ca ".*none\.crt": no such file or directory; expected a PEM file/,
    ],
    ['[{host: a.test, ca: tidewaiter.yaml}]', /".*tidewaiter\.yaml": it contains no certificate; expected PEM/],
    ['[{host: a.test, ca: damaged.crt}]', /".*damaged\.crt": certificate 1 is damaged; use complete PEM certificates/],
    [
      '[{host: a.test, clientCert: a.crt}]',
      /"clientCert" and "clientKey" must be set together; "clientKey" is missing/,
    ],
    ['[{host: a.test, clientCert: tidewaiter.yaml, clientKey: tidewaiter.yaml}]', /are not a valid pair/],
    ['[{host: a.test, insecure: true, ca: a.crt}]', /"insecure: true" selects plain HTTP, which uses no certificates/],
    ['[{host: a.test, proxy: "socks5://user:canary@p"}]', /^((?!canary).)*"proxy" must be "none", an http:\/\/ URL/],
  ])('refuses registries: %s', async (text, message) => {
    writeFileSync(path.join(folder, 'damaged.crt'), '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n');
    await expect(loadConfig({ config: file(`registries: ${text}\n`) }, {})).rejects.toThrow(message);
  });

  test.each([
    ['policy: [x]\n', /tidewaiter\.yaml:1:1: policy: unknown key "policy"; did you mean "policies"\?$/],
    ['listn: x\n', /tidewaiter\.yaml:1:1: listn: unknown key "listn"; did you mean "listen"\?/],
    ['logging: x\n', /tidewaiter\.yaml:1:1: logging: unknown key "logging"; did you mean "logLevel"\?$/],
    ['operationsPort: "x"\n', /tidewaiter\.yaml:1:17: operationsPort: expected a port from 0 to 65535, found a string/],
    [
      'kinds:\n  - {group: a, kind: B}\n',
      /tidewaiter\.yaml:2:5: kinds\/0: set at least one of podSpecs or images, for example podSpecs: \[\/spec\/template\/spec\]$/,
    ],
    [
      'kinds:\n  - {group: a, kind: B, podSpecs: []}\n',
      /tidewaiter\.yaml:2:\d+: kinds\/0\/podSpecs: must not be empty$/,
    ],
    [
      'kinds:\n  - {group: a, kind: B, images: [spec.image]}\n',
      /tidewaiter\.yaml:2:\d+: kinds\/0\/images\/0: invalid value "spec\.image": expected a JSON pointer that begins with "\/"/,
    ],
    [
      'kinds:\n  - {group: apps/v1, kind: B, images: [/spec]}\n',
      /tidewaiter\.yaml:2:\d+: kinds\/0\/group: invalid value "apps\/v1": expected a DNS name in lowercase without a version/,
    ],
    [
      'kinds:\n  - {group: A.io, kind: B, images: [/spec]}\n',
      /invalid value "A\.io": expected a DNS name in lowercase/,
    ],
    [
      'kinds:\n  - {group: a.io, kind: "B*", images: [/spec]}\n',
      /invalid value "B\*": expected the name of one kind without/,
    ],
    [
      'kinds:\n  - {group: a.io, kind: B.a.io, images: [/spec]}\n',
      /invalid value "B\.a\.io": expected the name of one kind/,
    ],
    ['kinds:\n  - {group: a.io, kind: "B ", images: [/spec]}\n', /invalid value "B ": expected the name of one kind/],
    ['key: a.pem\n', /tidewaiter\.yaml:1: a private key requires its certificate; also set "cert"/],
    ['cert: a.pem\n', /tidewaiter\.yaml:1: a certificate requires its private key; also set "key"/],
    [
      'tlsMode: files\n',
      /tidewaiter\.yaml:1: tlsMode files requires a certificate and its private key; also set "cert" and "key"/,
    ],
    [
      'tlsMode: self\ncert: a.pem\nkey: b.pem\n',
      /tidewaiter\.yaml:1: tlsMode self generates the certificate, but a certificate is set \(.*tidewaiter\.yaml:2\); remove one of them/,
    ],
    [
      'registration: self\ncert: a.pem\nkey: b.pem\n',
      /tidewaiter\.yaml:1: registration self requires tlsMode self, but a certificate is set/,
    ],
    ['tlsMode: mine\n', /invalid value "mine".*expected "self", "files", or "cert-manager"/],
    ['listen: [\n', /tidewaiter\.yaml:\d+:\d+: /],
    [
      'listen: localhost\n',
      /tidewaiter\.yaml:1: listen: expected HOST:PORT, for example 127\.0\.0\.1:8443 or \[::1\]:8443, found "localhost"/,
    ],
    [
      'pluginTimeoutMs: 0\n',
      /tidewaiter\.yaml:1:18: pluginTimeoutMs: invalid value 0: expected milliseconds from 1 to 10000/,
    ],
    [
      'operationsPort: 65536\n',
      /tidewaiter\.yaml:1:17: operationsPort: invalid value 65536: expected a port from 0 to 65535/,
    ],
    ['plugins: rules.ts\n', /tidewaiter\.yaml:1:10: plugins: expected a list, found a string/],
    ['a: 1\n---\nb: 2\n', /expected one document, found 2/],
    ['- a\n', /tidewaiter\.yaml:1:1: expected an object, found a list/],
  ])('refuses %j with its place', async (text, message) => {
    await expect(loadConfig({ config: file(text) }, {})).rejects.toThrow(message);
  });

  test.each([
    [{ TIDEWAITER_LISTN: ':1' }, /unknown environment variable TIDEWAITER_LISTN; did you mean "TIDEWAITER_LISTEN"\?/],
    [
      { TIDEWAITER_OPERATIONS_PORT: '70000' },
      /TIDEWAITER_OPERATIONS_PORT: expected a port from 0 to 65535, found "70000"/,
    ],
    [
      { TIDEWAITER_LOG_LEVEL: 'loud' },
      /TIDEWAITER_LOG_LEVEL: expected "debug", "info", "warn", "error", or "silent", found "loud"/,
    ],
    [
      { TIDEWAITER_PLUGIN_TIMEOUT_MS: '1s' },
      /TIDEWAITER_PLUGIN_TIMEOUT_MS: expected milliseconds from 1 to 10000, found "1s"/,
    ],
    [{ TIDEWAITER_CONFIG: '/nowhere.yaml' }, /cannot read configuration file "\/nowhere\.yaml"/],
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
    expect(addressOf({ value: text, from: '--listen' }, 'listen')).toEqual(address);
  });
});

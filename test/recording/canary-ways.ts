/**
 * Ways to write a secret into a review. docs/recordings.md tells users which values are removed; each of these must be one of them.
 * A way ends with what writes the secret; `Form` says which characters the secret can have there.
 */
import type { JsonObject } from '../../src/pod/pointer.ts';

/** `text`: the value ends where the field ends. `line`: at a blank. `word`: at a sign of a shell or a URL as well. */
export type Form = 'text' | 'line' | 'word';

export type Way = readonly [name: string, form: Form, make: (secret: string) => JsonObject];

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Arguments, also used as commands, in hooks, and in probes. */
const ARGUMENTS: readonly (readonly [string, Form, (secret: string) => readonly string[]])[] = [
  ['--password=', 'text', (secret) => [`--password=${secret}`]],
  ['--password VALUE', 'text', (secret) => ['--password', secret.replace(/^-*/, 'x')]],
  ['--password VALUE that begins with a hyphen', 'text', (secret) => ['--api-token', `-1${secret}`]],
  ['-Dproperty=', 'text', (secret) => [`-Dspring.datasource.password=${secret}`]],
  ['--set a.password=', 'line', (secret) => ['--set', `auth.password=${secret}`]],
  ['NAME=', 'text', (secret) => [`DB_PASSWORD=${secret}`]],
  ['--from-literal=', 'line', (secret) => [`--from-literal=token=${secret}`]],
  ['a header', 'line', (secret) => ['-H', `Authorization: Basic ${secret}`]],
  ['a key in a header', 'line', (secret) => ['--header', `X-Api-Key: ${secret}`]],
  ['JSON', 'text', (secret) => [`--config=${JSON.stringify({ a: 1, password: secret, b: 2 })}`]],
  ['JSON in JSON', 'text', (secret) => [JSON.stringify({ config: JSON.stringify({ password: secret, b: [2] }) })]],
  [
    'JSON in JSON in JSON',
    'text',
    (secret) => [JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ clientSecret: secret }) }) })],
  ],
  ['a URL', 'word', (secret) => [`postgres://app:${secret}@db.example.com/app`]],
  ['a URL without a user', 'word', (secret) => [`redis://:${secret}@cache:6379`]],
  ['a token in a URL', 'word', (secret) => [`https://${secret}@example.com/repo.git`]],
  ['a query', 'word', (secret) => [`https://example.com/?a=1&token=${secret}&b=2`]],
  ['a signed query', 'word', (secret) => [`https://example.com/?sv=1&sig=${secret}&b=2`]],
  ['a data source name', 'word', (secret) => [`app:${secret}@tcp(db:3306)/app`]],
  ['a connection string', 'word', (secret) => [`--db=Server=a;Password=${secret};Database=x`]],
  ['a list of pairs', 'word', (secret) => [`cache:6379,password=${secret},ssl=True`]],
  ['a private key', 'text', (secret) => [`-----BEGIN RSA PRIVATE KEY-----\n${secret}\n-----END RSA PRIVATE KEY-----`]],
  ['a private key in base64', 'text', (secret) => [base64(`-----BEGIN EC PRIVATE KEY-----\n${secret}\n`)]],
  ['export in a script', 'word', (secret) => ['sh', '-c', `export DB_PASSWORD=${secret}; exec app`]],
  ['a quoted value in a script', 'line', (secret) => ['sh', '-c', `X_TOKEN="a ${secret} b" exec app`]],
  ['an option in a script', 'word', (secret) => ['sh', '-c', `app --password ${secret} && true`]],
  ['a quoted option in a script', 'line', (secret) => ['sh', '-c', `app --password 'a ${secret} b' && true`]],
  ['a here-document', 'line', (secret) => ['sh', '-c', `cat > f <<E\nuser: a\npassword: ${secret}\nE`]],
  ['curl -u', 'line', (secret) => ['curl', '-u', `admin:${secret}`, 'https://example.com']],
  ['curl -u in a script', 'word', (secret) => ['sh', '-c', `curl -fsS -u admin:${secret} https://example.com`]],
  ['wget --header', 'word', (secret) => ['sh', '-c', `wget --header "Authorization: Bearer ${secret}"`]],
  ['mysql -p', 'line', (secret) => ['mysqladmin', 'ping', '-uroot', `-p${secret}`]],
  ['mysql -p in a script', 'word', (secret) => ['bash', '-ec', `mysql -h a -uroot -p${secret} -e "select 1"`]],
  ['redis-cli -a', 'text', (secret) => ['redis-cli', '-a', `x${secret}`, 'ping']],
  ['redis-cli -a in a script', 'word', (secret) => ['sh', '-c', `redis-cli -h a -a ${secret} ping | grep PONG`]],
  ['sshpass -p', 'word', (secret) => ['sh', '-c', `sshpass -p ${secret} ssh a@b`]],
  ['docker login -p', 'word', (secret) => ['sh', '-c', `docker login -u a -p ${secret} registry.example.com`]],
  ['a known token', 'word', (secret) => [`ghp_${secret.replace(/\W/g, '')}AAAAAAAAAAAA`]],
  ['a webhook URL', 'word', (secret) => [`https://hooks.slack.com/services/T000/B000/${secret.replace(/\W/g, '')}`]],
];

const argumentWays: readonly Way[] = ARGUMENTS.flatMap(([name, form, make]): Way[] => [
  [`args: ${name}`, form, (secret) => ({ args: [...make(secret), 'last'] })],
  [`command: ${name}`, form, (secret) => ({ command: make(secret) })],
  [`hook: ${name}`, form, (secret) => ({ lifecycle: { preStop: { exec: { command: make(secret) } } } })],
  [`probe: ${name}`, form, (secret) => ({ startupProbe: { exec: { command: make(secret) } } })],
]);

const HTTP = (secret: string): JsonObject => ({
  httpGet: { port: 80, httpHeaders: [{ name: 'X-Key', value: secret }] },
});

export const CONTAINER_WAYS: readonly Way[] = [
  ...argumentWays,
  ['a password in the image', 'word', (secret) => ({ image: `user:${secret}@registry.example.com/shop/web:1` })],
  [
    'env',
    'text',
    (secret) => ({
      env: [
        { name: 'A', value: secret },
        { name: 'B', valueFrom: {} },
      ],
    }),
  ],
  ['env, a map', 'text', (secret) => ({ env: { A: secret } })],
  ['a list of envVars', 'text', (secret) => ({ envVars: [{ name: 'A', value: secret }] })],
  ['extraEnv', 'text', (secret) => ({ extraEnv: { A: secret } })],
  ['environment', 'text', (secret) => ({ environment: [`A=${secret}`] })],
  ['postStart httpHeaders', 'text', (secret) => ({ lifecycle: { postStart: HTTP(secret) } })],
  ['livenessProbe httpHeaders', 'text', (secret) => ({ livenessProbe: HTTP(secret) })],
  [
    'the path of a probe',
    'word',
    (secret) => ({ readinessProbe: { httpGet: { path: `/?token=${secret}`, port: 1 } } }),
  ],
];

export const POD_WAYS: readonly Way[] = [
  [
    'csi volumeAttributes',
    'text',
    (secret) => volume({ csi: { driver: 'a', volumeAttributes: { password: secret } } }),
  ],
  ['flexVolume options', 'text', (secret) => volume({ flexVolume: { driver: 'a', options: { secret } } })],
  [
    'ephemeral container',
    'text',
    (secret) => ({ ephemeralContainers: [{ name: 'debug', image: 'a:1', env: [{ name: 'A', value: secret }] }] }),
  ],
  [
    'init container',
    'text',
    (secret) => ({ initContainers: [{ name: 'extra', image: 'a:1', args: [`--token=${secret}`] }] }),
  ],
  ['unknown fields', 'text', (secret) => ({ futureField: { authToken: secret } })],
];

function volume(source: JsonObject): JsonObject {
  return { volumes: [{ name: 'extra', ...source }] };
}

const POD_WITH = (secret: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { annotations: { a: secret } },
  spec: { containers: [{ name: 'a', env: [{ name: 'A', value: secret }] }], password: secret },
});
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export const METADATA_WAYS: readonly Way[] = [
  ['annotation', 'text', (secret) => ({ annotations: { 'example.com/a': secret } })],
  ['annotation of a similar domain', 'text', (secret) => ({ annotations: { 'x.tidewaiter.dev/a': secret } })],
  ['JSON in an annotation', 'text', (secret) => ({ annotations: { a: JSON.stringify({ token: secret }) } })],
  [LAST_APPLIED, 'text', (secret) => ({ annotations: { [LAST_APPLIED]: JSON.stringify(POD_WITH(secret)) } })],
  [
    `${LAST_APPLIED} of a Secret`,
    'text',
    (secret) => ({
      annotations: { [LAST_APPLIED]: JSON.stringify({ kind: 'Secret', metadata: {}, data: { a: base64(secret) } }) },
    }),
  ],
  [`${LAST_APPLIED}, cut`, 'text', (secret) => ({ annotations: { [LAST_APPLIED]: `{"a":"${secret}` } })],
  [
    'hookSidecars',
    'text',
    (secret) => ({ annotations: { 'hooks.kubevirt.io/hookSidecars': JSON.stringify([{ args: [secret] }]) } }),
  ],
  ['managedFields', 'text', (secret) => ({ managedFields: [{ manager: secret, fieldsV1: { [secret]: {} } }] })],
];

const secretObject = (secret: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'a', labels: { a: secret }, annotations: { a: secret } },
  data: { a: base64(secret) },
  stringData: { a: secret },
});
const configMap = (secret: string): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a' },
  data: { a: secret },
  binaryData: { b: base64(secret) },
});

/** In an object of a custom kind. */
const field = (value: unknown): JsonObject => ({ config: value });

export const OBJECT_WAYS: readonly Way[] = [
  ['fields', 'text', (secret) => field({ adminPassword: secret, clientSecret: secret, 'api-key': secret })],
  ['a list of passwords', 'text', (secret) => field({ passwords: [secret], apiTokens: [secret] })],
  ['a field with a value', 'text', (secret) => field({ password: { value: secret } })],
  ['a pair', 'text', (secret) => field([{ name: 'SMTP_PASSWORD', value: secret }])],
  ['a pair with a key', 'text', (secret) => field([{ key: 'smtp.password', value: secret }])],
  ['a URL in a field', 'word', (secret) => field({ url: `redis://:${secret}@cache:6379` })],
  ['pairs in a text', 'word', (secret) => field({ options: `user=a password=${secret}` })],
  ['YAML in a text', 'line', (secret) => field({ values: `auth:\n  password: ${secret}\n  b: c\n` })],
  ['quoted YAML in a text', 'line', (secret) => field({ values: `auth:\n  password: 'a ${secret}'\n` })],
  [
    'a block in YAML in a text',
    'line',
    (secret) => field({ values: `auth:\n  password: |-\n    a\n    ${secret}\n\n    c\n  b: c\n` }),
  ],
  ['properties in a text', 'line', (secret) => field({ file: `a=b\nspring.datasource.password=${secret}\n` })],
  ['TOML in a text', 'line', (secret) => field({ file: `[db]\npassword = "a ${secret}"\n` })],
  ['an .env file in a text', 'line', (secret) => field({ file: `A=b\nexport API_KEY='a ${secret}'\n` })],
  ['XML in a text', 'line', (secret) => field({ file: `<server><password>a ${secret}</password></server>` })],
  ['an attribute in a text', 'line', (secret) => field({ file: `<add key="Password" value="a ${secret}"/>` })],
  ['JSON in a text', 'text', (secret) => field({ json: JSON.stringify({ db: { password: secret } }, null, 2) })],
  [
    'a manifest in a text',
    'line',
    (secret) => field({ manifest: `apiVersion: v1\nkind: Secret\nstringData:\n  a: ${secret}` }),
  ],
  ['a JSON manifest in a text', 'text', (secret) => field({ manifest: JSON.stringify(secretObject(secret)) })],
  ['docker config in base64', 'text', (secret) => field({ config: base64(`{"auths":{"a":{"auth":"${secret}"}}}`) })],
  ['user data', 'text', (secret) => field({ userData: `#cloud-config\n${secret}`, userDataBase64: base64(secret) })],
  ['a private key in base64', 'text', (secret) => field({ cert: base64(`-----BEGIN PRIVATE KEY-----\n${secret}`) })],
  ['a Secret', 'text', (secret) => field(secretObject(secret))],
  ['a list with a Secret', 'text', (secret) => field({ items: [secretObject(secret)] })],
  ['a SecretList', 'text', (secret) => field({ kind: 'SecretList', items: [{ data: { a: secret } }, secret] })],
  ['a value of a Secret', 'text', (secret) => field({ kind: 'Secret', value: secret, binaryData: { a: secret } })],
  ['a ConfigMap', 'text', (secret) => field(configMap(secret))],
  ['a message', 'line', (secret) => ({ status: { message: `cannot log in with password=${secret}` } })],
];

export const REQUEST_WAYS: readonly Way[] = [
  [
    'extra of the user',
    'text',
    (secret) => ({ userInfo: { username: 'jane', groups: [], extra: { 'example.com/session': [secret] } } }),
  ],
  ['options', 'text', (secret) => ({ options: { kind: 'CreateOptions', token: secret } })],
];
